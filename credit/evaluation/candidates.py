"""The candidates that are evaluated: those that params.yaml lists. What others left is removed."""

from collections.abc import Sequence
from pathlib import Path

from credit.common.candidate_names import CandidateNames
from credit.common.params import Params, read_params


class ListedCandidates(Params, extra="ignore"):
    """The list of the block `train`, of which the rest is read where it is used."""

    candidates: CandidateNames


def read_candidate_names(path: Path = Path("params.yaml")) -> tuple[str, ...]:
    """Read which candidates run. Raises CreditError when the list is missing, lacks the heuristic or has one twice."""
    return read_params(ListedCandidates, "train", path).candidates


def remove_retired_files(names: Sequence[str], *folders: Path) -> None:
    """Remove the files of candidates that do not run any more from folders with a file for each.

    DVC compares a folder as a whole: a file too many would make it another one than that of a fresh clone.
    """
    for folder in folders:
        for file in folder.glob("[!.]*.*"):
            if file.stem not in names:
                file.unlink()

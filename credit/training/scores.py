"""Scores of a whole table, a partition at a time."""

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from credit.contract import Contract
from credit.data.table_parts import TablePart, list_parts, read_part
from credit.data.tables import is_favourable, make_frame
from credit.engine.mapping import map_partitions
from credit.training.candidates import Candidate


def score_table(
    candidate: Candidate, contract: Contract, table: Path, stage: str
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Score a table: whether each row's label is favourable, and its score; shape (n,) each. `stage` names the bar."""
    work = partial(_score_part, candidate, contract)
    labels, scores = zip(*map_partitions(work, list_parts(table), f"{stage} {candidate.name}"), strict=True)
    return np.concatenate(labels), np.concatenate(scores)


def _score_part(
    candidate: Candidate, contract: Contract, part: TablePart
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    frame = make_frame(read_part(part, [*candidate.features, contract.label]))
    return is_favourable(contract, frame), candidate.score_frame(contract, frame)

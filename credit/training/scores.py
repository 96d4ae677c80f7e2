"""Scores of a whole table, a partition at a time."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from credit.contract import Contract
from credit.data.tables import count_partitions, is_favourable, iterate_partitions, make_frame, open_table
from credit.training.candidates import Candidate


def score_table(
    candidate: Candidate, contract: Contract, table: Path, stage: str
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Score a table: whether each row's label is favourable, and its score; shape (n,) each. `stage` names the bar."""
    opened = open_table(table)
    labels, scores = [], []
    wanted = [*candidate.features, contract.label]
    bar = f"{stage} {candidate.name}"
    for partition in tqdm(
        iterate_partitions(opened, wanted), bar, count_partitions(opened), unit="partition", disable=None
    ):
        frame = make_frame(partition)
        labels.append(is_favourable(contract, frame))
        scores.append(candidate.score_frame(contract, frame))
    return np.concatenate(labels), np.concatenate(scores)

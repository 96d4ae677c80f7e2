"""Scores of a whole table, a partition at a time."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from credit.contract import Contract
from credit.data.tables import favourable, frame_of, open_table, partition_count, partitions
from credit.training.candidates import Candidate


def score_rows(
    candidate: Candidate, contract: Contract, table: Path, stage: str
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Whether each row's label is favourable, and its score; shape (n,) each. `stage` names the progress bar."""
    opened = open_table(table)
    labels, scores = [], []
    wanted = [*candidate.features, contract.label]
    bar = f"{stage} {candidate.name}"
    for partition in tqdm(partitions(opened, wanted), bar, partition_count(opened), unit="partition", disable=None):
        frame = frame_of(partition)
        labels.append(favourable(contract, frame))
        scores.append(candidate.scores(contract, frame))
    return np.concatenate(labels), np.concatenate(scores)

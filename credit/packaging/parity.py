"""Parity: proof, on the test rows, that the bundle decides as the evaluated candidate does."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from credit.data.tables import PARTITION_ROWS, iterate_partitions, make_frame, open_table
from credit.scoring.design_matrix import build_design_matrix
from credit.scoring.model import Model
from credit.training.agreement import check_agreement
from credit.training.candidates import Candidate

_REASON_BATCH_ROWS = 1000  # of which reasons are looked for: in memory, times features, times columns


class ParityResult(NamedTuple):
    """ONNX's scores of the test rows, shape (n,); `other_decisions`: rows decided differently by scikit-learn."""

    scores: NDArray[np.float64]
    largest_difference: float
    other_decisions: int
    denied_without_reason: int


def check_parity(model: Model, candidate: Candidate, test: Path, max_other_decisions: int) -> ParityResult:
    """Score every test row with ONNX, by `model`, and with scikit-learn, a partition at a time: both must agree.

    Raises CreditError as `credit.training.agreement.check_agreement`.
    """
    table = open_table(test)
    ours, theirs = [np.empty(0)], [np.empty(0)]
    unexplained = 0
    total = -(-table.metadata.num_rows // PARTITION_ROWS)
    parts = iterate_partitions(table, candidate.features)
    for part in tqdm(parts, "package", total, unit="partition", disable=None):
        matrix = build_design_matrix(model.contract, candidate.features, make_frame(part)).to_numpy()
        ours.append(model.score(matrix))
        theirs.append(candidate.score(matrix))
        denied = matrix[candidate.policy.decide(ours[-1]) == "deny"]
        unexplained += _count_without_reason(model, denied)
    onnx, sklearn = np.concatenate(ours), np.concatenate(theirs)
    agreement = check_agreement(str(test), onnx, sklearn, candidate.policy, max_other_decisions)
    return ParityResult(onnx, *agreement, unexplained)


def _count_without_reason(model: Model, denied: NDArray[np.float32]) -> int:
    """Count the rows that no single feature explains; the bundle refers such people instead of denying them."""
    starts = range(0, len(denied), _REASON_BATCH_ROWS)
    return sum(
        not ranked for start in starts for ranked in model.rank_features(denied[start : start + _REASON_BATCH_ROWS])
    )

"""Parity: proof, on the test rows, that the bundle decides as the evaluated candidate does."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from credit.contract import Contract
from credit.data.tables import PARTITION_ROWS, iterate_partitions, make_frame, open_table
from credit.scoring.design_matrix import build_design_matrix
from credit.scoring.onnx import ScoreFunction
from credit.scoring.reasons import FeatureReason, encode_baseline, measure_rises
from credit.training.agreement import check_agreement
from credit.training.candidates import Candidate

_REASON_BATCH_ROWS = 1000  # of which reasons are looked for: in memory, times features, times columns


class ParityResult(NamedTuple):
    """ONNX's scores of the test rows, shape (n,); `other_decisions`: rows decided differently by scikit-learn."""

    scores: NDArray[np.float64]
    largest_difference: float
    other_decisions: int
    denied_without_reason: int


def check_parity(
    score: ScoreFunction,
    candidate: Candidate,
    contract: Contract,
    test: Path,
    reasons: Mapping[str, FeatureReason],
    max_other_decisions: int,
) -> ParityResult:
    """Score every test row with ONNX and with scikit-learn, a partition at a time: both must agree.

    Raises CreditError as `credit.training.agreement.check_agreement`.
    """
    table = open_table(test)
    ours, theirs = [np.empty(0)], [np.empty(0)]
    unexplained = 0
    total = -(-table.metadata.num_rows // PARTITION_ROWS)
    parts = iterate_partitions(table, candidate.features)
    for part in tqdm(parts, "package", total, unit="partition", disable=None):
        matrix = build_design_matrix(contract, candidate.features, make_frame(part)).to_numpy()
        ours.append(score(matrix))
        theirs.append(candidate.score(matrix))
        denied = matrix[candidate.policy.decide(ours[-1]) == "deny"]
        unexplained += _count_without_reason(score, contract, reasons, denied)
    onnx, sklearn = np.concatenate(ours), np.concatenate(theirs)
    agreement = check_agreement(str(test), onnx, sklearn, candidate.policy, max_other_decisions)
    return ParityResult(onnx, *agreement, unexplained)


def _count_without_reason(
    score: ScoreFunction, contract: Contract, reasons: Mapping[str, FeatureReason], denied: NDArray[np.float32]
) -> int:
    """Count the rows that no single feature explains; the bundle refers such people instead of denying them."""
    count, bar = 0, encode_baseline(contract, reasons)
    for start in range(0, len(denied), _REASON_BATCH_ROWS):
        risen = measure_rises(score, denied[start : start + _REASON_BATCH_ROWS], bar)
        count += int((risen <= 0).all(axis=1).sum())
    return count

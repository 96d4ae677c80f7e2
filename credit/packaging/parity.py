"""Parity: proof, on the test rows, that the bundle decides as the evaluated candidate does."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from credit.common.errors import Problem, raise_if_any
from credit.data.tables import PARTITION_ROWS, iterate_partitions, make_frame, open_table
from credit.scoring.design_matrix import build_design_matrix
from credit.scoring.model import Model
from credit.scoring.policy import Policy
from credit.training.candidates import Candidate

PARITY_TOLERANCE = 1e-5
"""The largest difference between the scores of ONNX, in float32, and of scikit-learn, in float64."""

_REASON_BATCH_ROWS = 1000  # of which reasons are looked for: in memory, times features, times columns


class ParityResult(NamedTuple):
    """ONNX's scores of the test rows, shape (n,); `other_decisions`: rows decided differently by scikit-learn."""

    scores: NDArray[np.float64]
    largest_difference: float
    other_decisions: int
    denied_without_reason: int


def check_parity(model: Model, candidate: Candidate, test: Path, max_other_decisions: int) -> ParityResult:
    """Score every test row with ONNX, by `model`, and with scikit-learn, a partition at a time: both must agree.

    Raises CreditError when a score differs by more than TOLERANCE, or only one of the two is a number, naming the
    worst row; and when more than `max_other_decisions` rows are decided differently, which can happen to a score that
    lies on a threshold. Rows are counted from 0.
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
    difference = _measure_difference(onnx, sklearn)
    others = np.flatnonzero(candidate.policy.decide(onnx) != candidate.policy.decide(sklearn))
    raise_if_any(_find_score_problems(test, onnx, sklearn, difference))
    if len(others) > max_other_decisions:
        raise_if_any([_describe_decision_problem(test, onnx, sklearn, others, candidate.policy, max_other_decisions)])
    return ParityResult(onnx, float(difference.max(initial=0)), len(others), unexplained)


def _measure_difference(left: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Measure how far two scores are apart: 0 if neither is a number, infinitely if only one is."""
    apart = np.abs(left - right)
    return np.where(np.isnan(apart), np.where(np.isnan(left) & np.isnan(right), 0, np.inf), apart)


def _find_score_problems(
    test: Path, onnx: NDArray[np.float64], sklearn: NDArray[np.float64], difference: NDArray[np.float64]
) -> list[Problem]:
    wrong = int((difference > PARITY_TOLERANCE).sum())
    if not wrong:
        return []
    row = int(difference.argmax())
    found = f"ONNX {onnx[row]:.9g}, scikit-learn {sklearn[row]:.9g}, the worst of {wrong} rows that differ"
    return [
        Problem(
            f"{test}: row {row}", found, f"scores that agree to {PARITY_TOLERANCE:g}", "this model cannot be shipped"
        )
    ]


def _describe_decision_problem(
    test: Path,
    onnx: NDArray[np.float64],
    sklearn: NDArray[np.float64],
    others: NDArray[np.intp],
    policy: Policy,
    most: int,
) -> Problem:
    row = int(others[0])
    ours, theirs = policy.decide(onnx[row : row + 1])[0], policy.decide(sklearn[row : row + 1])[0]
    found = (
        f"{ours} by ONNX ({onnx[row]:.9g}), {theirs} by scikit-learn ({sklearn[row]:.9g}), "
        f"{len(others)} such rows, with thresholds {policy.approve_from} and {policy.refer_from}"
    )
    fix = "change train.policy a little, so that no score lies on a threshold, or raise package.max_other_decisions"
    return Problem(f"{test}: row {row}", found, f"at most {most} rows decided differently", fix)


def _count_without_reason(model: Model, denied: NDArray[np.float32]) -> int:
    """Count the rows that no single feature explains; the bundle refers such people instead of denying them."""
    starts = range(0, len(denied), _REASON_BATCH_ROWS)
    return sum(
        not ranked for start in starts for ranked in model.rank_features(denied[start : start + _REASON_BATCH_ROWS])
    )

"""Agreement of ONNX with scikit-learn: scores to a tolerance, decisions but for those on a threshold."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from credit.common.candidate_definition import name_definition_file
from credit.common.errors import CreditError, Problem, raise_if_any
from credit.common.params import Params
from credit.scoring.onnx import load_onnx
from credit.scoring.policy import Policy
from credit.training.skops_files import parse_estimator


class PackageParams(Params):
    """The block `package`."""

    max_other_decisions: int = Field(ge=0)


SCORE_TOLERANCE = 1e-5
"""The largest difference between the scores of ONNX, in float32, and of scikit-learn, in float64."""


class Agreement(NamedTuple):
    """How far scores are apart at most, and how many rows are decided differently."""

    largest_difference: float
    other_decisions: int


def check_agreement(
    where: str, onnx: NDArray[np.float64], sklearn: NDArray[np.float64], policy: Policy, max_other_decisions: int
) -> Agreement:
    """Compare the scores of ONNX and of scikit-learn, shape (n,) each, and the decisions that follow.

    Raises CreditError when a score differs by more than SCORE_TOLERANCE, or only one of the two is a number, naming
    the worst row; and when more than `max_other_decisions` rows are decided differently, which can happen to a score
    that lies on a threshold. Rows are counted from 0.
    """
    difference = _measure_difference(onnx, sklearn)
    others = np.flatnonzero(policy.decide(onnx) != policy.decide(sklearn))
    raise_if_any(_find_score_problems(where, onnx, sklearn, difference))
    if len(others) > max_other_decisions:
        raise CreditError(_describe_decision_problem(where, onnx, sklearn, others, policy, max_other_decisions))
    return Agreement(float(difference.max(initial=0)), len(others))


def _measure_difference(left: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Measure how far two scores are apart: 0 if neither is a number, infinitely if only one is."""
    apart = np.abs(left - right)
    return np.where(np.isnan(apart), np.where(np.isnan(left) & np.isnan(right), 0, np.inf), apart)


def _find_score_problems(
    where: str, onnx: NDArray[np.float64], sklearn: NDArray[np.float64], difference: NDArray[np.float64]
) -> list[Problem]:
    wrong = int((difference > SCORE_TOLERANCE).sum())
    if not wrong:
        return []
    row = int(difference.argmax())
    found = f"ONNX {onnx[row]:.9g}, scikit-learn {sklearn[row]:.9g}, the worst of {wrong} rows that differ"
    return [
        Problem(
            f"{where}: row {row}", found, f"scores that agree to {SCORE_TOLERANCE:g}", "this model cannot be shipped"
        )
    ]


def _describe_decision_problem(
    where: str,
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
    return Problem(f"{where}: row {row}", found, f"at most {most} rows decided differently", fix)


def prove_shippable(
    candidate: str,
    estimator: Any,
    archive: bytes,
    policy: Policy,
    matrix: NDArray[np.float32],
    max_other_decisions: int,
) -> Agreement:
    """Prove before anything is written that a candidate could go forward: it is stored, converted, and decides alike.

    archive: the estimator by `dump_estimator`. `matrix`: rows of its design matrix, shape (n, columns). Raises
    CreditError, one line, when skops would not load it, ONNX has no such model, or the two disagree on one of the rows.
    """
    from credit.training.onnx_export import export_onnx  # loads onnx, which is not needed before

    file = name_definition_file(candidate)
    sklearn: NDArray[np.float64] = estimator.predict_proba(matrix)[:, 1]
    again = parse_estimator(archive, candidate, file).predict_proba(matrix)[:, 1]
    if not np.array_equal(again, sklearn, equal_nan=True):
        fix = "keep what is fitted in attributes that skops stores"
        raise CreditError(Problem(file, "other scores after saving and loading", "the same", fix))
    onnx = load_onnx(export_onnx(candidate, estimator, matrix.shape[1])).score(matrix)
    return check_agreement(f"{file}: training rows", onnx, sklearn, policy, max_other_decisions)

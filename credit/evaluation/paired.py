"""Compare the quality of two candidates on the same people.

Their figures move together, so the difference is known better than two intervals side by side tell.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from credit.evaluation.intervals import Array, compute_normal_quantile, compute_placements
from credit.evaluation.metrics import UnitValues, compute_ks
from credit.evaluation.ranking import compute_average_precision
from credit.reports.metrics import RankingMetric

JACKKNIFE_GROUPS = 50


class Judged(NamedTuple):
    """A candidate's scores and decisions about n people; shape (n,) each."""

    scores: NDArray[np.float64]
    decisions: NDArray[np.str_]


class QualityChange(NamedTuple):
    """A figure of the second candidate less that of the first, and its interval; above 0 the second is better."""

    value: float
    low: float
    high: float


def estimate_quality_change(
    metric: RankingMetric, y: NDArray[np.bool_], first: Judged, second: Judged, values: UnitValues, level: float
) -> QualityChange:
    """Estimate the change of a figure from the first candidate to the second, with a normal interval at `level`.

    `roc_auc` by DeLong et al. (1988, Biometrics 44, 837-845); accuracy and expected value as means of differences;
    average precision and KS by the jackknife over 50 groups of rows (Wolter 2007, Introduction to Variance
    Estimation, ch. 4). y: shape (n,), True where the label is favourable. NaN with fewer than two rows of a class.
    """
    if min(y.sum(), (~y).sum()) < 2:
        return QualityChange(math.nan, math.nan, math.nan)
    if metric == "roc_auc":
        change, variance = _compare_placements(y, first.scores, second.scores)
    elif metric in ("average_precision", "ks"):
        change, variance = _jackknife(metric, y, first.scores, second.scores)
    else:
        worth = [_compute_worth(metric, y, one.decisions, values) for one in (first, second)]
        difference = worth[1] - worth[0]
        change, variance = float(difference.mean()), float(difference.var(ddof=1)) / len(y)
    half = compute_normal_quantile(level) * float(np.sqrt(variance))
    return QualityChange(change, change - half, change + half)


def _compute_worth(metric: str, y: NDArray[np.bool_], decisions: NDArray[np.str_], values: UnitValues) -> Array:
    if metric == "expected_value":
        return values.compute_decision_values(y, decisions)
    right: NDArray[np.bool_] = (decisions == "approve") == y
    return right.astype(np.float64)


def _compare_placements(y: NDArray[np.bool_], first: Array, second: Array) -> tuple[float, float]:
    of_positives, of_negatives = (
        after - before
        for before, after in zip(compute_placements(y, first), compute_placements(y, second), strict=True)
    )
    variances = (of.var(ddof=1) / len(of) for of in (of_positives, of_negatives))
    return float(of_positives.mean()), float(sum(variances))


def _jackknife(metric: str, y: NDArray[np.bool_], first: Array, second: Array) -> tuple[float, float]:
    """Leave out one group of rows after the other; each class is spread evenly over the groups."""
    groups = min(JACKKNIFE_GROUPS, int(y.sum()), int((~y).sum()))
    group = np.empty(len(y), np.int64)
    rng = np.random.default_rng(0)
    for of in (y, ~y):
        group[of] = rng.permutation(int(of.sum())) % groups
    without = np.array(
        [_compute_gain(metric, y[group != one], first[group != one], second[group != one]) for one in range(groups)]
    )
    return _compute_gain(metric, y, first, second), float((groups - 1) * without.var())


def _compute_gain(metric: str, y: NDArray[np.bool_], first: Array, second: Array) -> float:
    before, after = (
        compute_ks(y, scores).value if metric == "ks" else compute_average_precision(y, scores)
        for scores in (first, second)
    )
    return after - before

"""Compute fairness metrics of every cell at once, each with an interval, from the count tables alone.

Names are fairlearn's. A comparison is always with the reference cell, the first, never with the best group. Every
metric here has a closed-form interval, so nothing is resampled and the same counts give the same bytes. Where
fairlearn answers 0 or 1 for 0/0, the answer here is that there is none. Metrics of the scores leave out people without
a score; the tables say how many there are.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from credit.evaluation.intervals import (
    Array,
    Bounds,
    compute_normal_quantile,
    compute_rate,
    mover_r_interval,
    newcombe_interval,
    wilson_interval,
)
from credit.reports.figures import ADVERSE_IMPACT_RATIO

PeopleTable = NDArray[np.int64]
Mask = NDArray[np.int64]

_EVERYBODY = np.ones((2, 3), dtype=np.int64)
_FAVOURABLE = np.array([[0, 0, 0], [1, 1, 1]])
_APPROVED = np.array([[1, 0, 0], [1, 0, 0]])
_REFERRED = np.array([[0, 1, 0], [0, 1, 0]])


class Cases(NamedTuple):
    """`events` among `n` people of each cell; shape (cells, ...) each."""

    events: PeopleTable
    n: PeopleTable


class Rate(NamedTuple):
    """The share of the people in `among` who are in `event`, both masks of label by decision. 0 nobody, 1 all."""

    event: Mask
    among: Mask

    def count_cases(self, people: PeopleTable) -> Cases:
        """Count numerators and denominators; people: shape (cells, ..., 2, 3)."""
        among = people * self.among
        return Cases((among * self.event).sum((-1, -2)), among.sum((-1, -2)))


RATES = {
    "base_rate": Rate(_FAVOURABLE, _EVERYBODY),
    "selection_rate": Rate(_APPROVED, _EVERYBODY),
    "referral_rate": Rate(_REFERRED, _EVERYBODY),
    "true_positive_rate": Rate(_APPROVED, _FAVOURABLE),
    "false_positive_rate": Rate(_APPROVED, 1 - _FAVOURABLE),
    "precision": Rate(_FAVOURABLE, _APPROVED),
    "bad_rate": Rate(1 - _FAVOURABLE, _APPROVED),
}
"""Of one group. A referred person is not approved. `bad_rate`: among the approved, 1 less precision."""


class Estimates(NamedTuple):
    """One metric of every cell: value and interval, NaN where there is none; `n`: how many people it is about.

    Shape (cells, ...) each.
    """

    value: Array
    low: Array
    high: Array
    n: PeopleTable


def estimate_rate(name: str, people: PeopleTable, scores: Array, level: float) -> Estimates:
    """Estimate one of RATES, from 0 nobody to 1 all, with Wilson's interval."""
    count, n = RATES[name].count_cases(people)
    return Estimates(compute_rate(count, n), *wilson_interval(count, n, level), n)


def adverse_impact_ratio(people: PeopleTable, scores: Array, level: float) -> Estimates:
    """Estimate the selection rate over the reference's: 1 parity, 0 nobody of the group is approved; no upper bound.

    MOVER-R on Wilson limits. Undefined where nobody of the reference is approved. The four-fifths screen of
    29 CFR 1607.4(D) compares selection rates in this way.
    """
    count, n = RATES["selection_rate"].count_cases(people)
    share = compute_rate(count, n)
    value = np.divide(share, share[0], out=np.full(share.shape, np.nan), where=share[0] > 0)
    return estimate_against_reference(value, mover_r_interval(count, n, count[0], n[0], level), n)


def rate_difference(name: str, people: PeopleTable, scores: Array, level: float) -> Estimates:
    """Estimate a rate less the reference's, from -1 to 1: 0 parity, negative where the group's is lower.

    Newcombe's interval. Of the true positive rate this is equal opportunity; of it and the false positive rate,
    equalized odds (Hardt, Price and Srebro 2016); of the selection rate, demographic parity.
    """
    count, n = RATES[name].count_cases(people)
    share = compute_rate(count, n)
    return estimate_against_reference(share - share[0], newcombe_interval(count, n, count[0], n[0], level), n)


def equalized_odds_difference(people: PeopleTable, scores: Array, level: float) -> Estimates:
    """Estimate the larger distance from the reference in true and in false positive rate: 0 parity, 1 the worst.

    The interval joins Newcombe's intervals of both at Bonferroni's level, so it covers at least as often as it says;
    a bootstrap of a maximum would not, it sits above 0 at perfect parity.
    """
    both = [
        rate_difference(name, people, scores, (1 + level) / 2) for name in ("true_positive_rate", "false_positive_rate")
    ]
    lows = [np.where((f.low <= 0) & (f.high >= 0), 0.0, np.minimum(abs(f.low), abs(f.high))) for f in both]
    highs = [np.maximum(abs(f.low), abs(f.high)) for f in both]
    value = np.maximum(abs(both[0].value), abs(both[1].value))
    return estimate_against_reference(value, (np.maximum(*lows), np.maximum(*highs)), np.minimum(both[0].n, both[1].n))


def estimate_against_reference(value: Array, bounds: Bounds, n: PeopleTable) -> Estimates:
    """Leave out the first cell, which is not compared with itself, and the interval where there is no value."""
    none = np.isnan(value)
    none[0] = True
    value, low, high = (np.where(none, np.nan, given) for given in (value, *bounds))
    return Estimates(value, low, high, n)


def mean_score(people: PeopleTable, scores: Array, level: float) -> Estimates:
    """Estimate the mean score of the people with a score, on the scale of the scores, with Student's interval."""
    return _estimate_mean(scores.sum(-2), level)


def calibration(people: PeopleTable, scores: Array, level: float) -> Estimates:
    """Estimate mean score less favourable rate: 0 calibrated, above 0 the score flatters the group.

    Of the people with a score. Interval of the mean of score - outcome, by Student's t.
    """
    n, total, squares = np.moveaxis(scores.sum(-2), -1, 0)
    favourable, their_scores = scores[..., 1, 0], scores[..., 1, 1]
    return _estimate_mean(np.stack([n, total - favourable, squares - 2 * their_scores + favourable], axis=-1), level)


def standardized_mean_difference(people: PeopleTable, scores: Array, level: float) -> Estimates:
    """Estimate mean score less the reference's, in pooled standard deviations (Cohen's d): 0 parity, no bound.

    Normal interval by the delta method: (s1^2 / n1 + s2^2 / n2) / s^2 for the means, with each group's own variance,
    and d^2 (v1 s1^4 + v2 s2^4) / 2 (v s^2)^2 for the pooled one, v the degrees of freedom. With equal variances this is
    Hedges and Olkin's (1985) (n + m) / nm + d^2 / 2(n + m); theirs covers too little where the rare group's is larger.
    """
    n, total, squares = np.moveaxis(scores.sum(-2), -1, 0)
    mean = compute_rate(total, n)
    within = np.maximum(squares - n * np.where(n > 0, mean, 0) ** 2, 0)
    within = np.where(within <= 1e-12 * squares, 0, within)  # the same score for all, up to rounding
    pooled = np.sqrt(compute_rate(within + within[0], n + n[0] - 2))
    value = np.divide(mean - mean[0], pooled, out=np.full(n.shape, np.nan), where=pooled > 0)
    variance, freedom = compute_rate(within, n - 1), np.maximum(n - 1, 0)
    of_means = compute_rate(variance, n) + compute_rate(variance, n)[0]
    of_pooled = freedom * variance**2 + freedom[0] * variance[0] ** 2
    squared = pooled**2
    part = np.divide(of_means, squared, out=np.full(n.shape, np.nan), where=squared > 0)
    rest = value**2 * compute_rate(of_pooled, 2 * ((freedom + freedom[0]) * squared) ** 2)
    half = compute_normal_quantile(level) * np.sqrt(part + rest)
    return estimate_against_reference(value, (value - half, value + half), n.astype(np.int64))


def _estimate_mean(sums: Array, level: float) -> Estimates:
    """Estimate a mean with Student's interval; sums: n, sum and sum of squares, shape (cells, ..., 3)."""
    from scipy.special import stdtrit

    n, total, squares = np.moveaxis(sums, -1, 0)
    mean = compute_rate(total, n)
    variance = np.maximum(compute_rate(squares - n * np.where(n > 0, mean, 0) ** 2, n - 1), 0)
    half = stdtrit(np.maximum(n - 1, 1), 0.5 + level / 2) * np.sqrt(compute_rate(variance, n))
    return Estimates(mean, mean - half, mean + half, n.astype(np.int64))


Metric = Callable[[PeopleTable, Array, float], Estimates]
"""From people and scores, shape (cells, ..., 2, 3) each, the reference first (`PeopleCounts.flatten_cells`), and a
level. Many tables at once, in axes after that of the cells, take hardly longer than one of them."""

GROUP_METRICS: dict[str, Metric] = {
    **{name: partial(estimate_rate, name) for name in RATES},
    "mean_score": mean_score,
    "calibration": calibration,
}
"""Metrics of a group by itself."""
REFERENCE_METRICS: dict[str, Metric] = {
    "adverse_impact_ratio": adverse_impact_ratio,
    **{f"{name}_difference": partial(rate_difference, name) for name in RATES},
    "equalized_odds_difference": equalized_odds_difference,
    "standardized_mean_difference": standardized_mean_difference,
}
"""Metrics of a group against the reference."""
METRICS = GROUP_METRICS | REFERENCE_METRICS


def find_compared_rate(measure: str) -> Rate | None:
    """Find the rate of the group that a metric compares with the reference's; None for one that does no such thing."""
    if measure == ADVERSE_IMPACT_RATIO:
        return RATES["selection_rate"]
    return RATES.get(measure.removesuffix("_difference")) if measure in REFERENCE_METRICS else None

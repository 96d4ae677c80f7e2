"""Estimate how a rate, and a ratio of rates, changes between two versions that decide about the same people.

Their figures move together; intervals that ignore it would be far too wide. They are MOVER's for the difference of two
correlated figures (Zou 2007, Toward using confidence intervals to compare correlations), from the interval of each and
their correlation. Measured against the multinomial bootstrap of the same table at 90%: with 30 people in the group the
bootstrap covered the change of a ratio in 77 to 90% of 1,000 samples, this in 88 to 98%; from 500 people on both are at
88% or more.
"""

from typing import NamedTuple

import numpy as np

from credit.evaluation.intervals import Array, Bounds, compute_rate, mover_r_interval, wilson_interval
from credit.fairness.metrics import PeopleTable


class ChangeEstimate(NamedTuple):
    """The change of a metric in each cell with its interval, and the metric after it; NaN where there is none.

    Shape (cells,) each.
    """

    value: Array
    low: Array
    high: Array
    after: Array


class Approvals(NamedTuple):
    """How many people of each cell both versions approve, the first, the second, and all; shape (cells,) each."""

    both: PeopleTable
    first: PeopleTable
    second: PeopleTable
    n: PeopleTable


def estimate_rate_change(people: PeopleTable, level: float) -> ChangeEstimate:
    """Estimate the change of each cell's approval rate, second version less first: from -1 to 1, 0 no change.

    people: by the decisions of both versions, shape (cells, 3, 3). On Wilson limits this is Newcombe's interval for
    paired rates (1998, Statistics in Medicine 17, 2635-2650), with phi as it is.
    """
    both, first, second, n = _count_approvals(people)
    old, new = compute_rate(first, n), compute_rate(second, n)
    covariance = compute_rate(both, n) - old * new
    correlation = _divide(covariance, np.sqrt(old * (1 - old) * new * (1 - new)))
    return _apply_mover(new, wilson_interval(second, n, level), old, wilson_interval(first, n, level), correlation)


def estimate_ratio_change(people: PeopleTable, level: float) -> ChangeEstimate:
    """Estimate the change of each cell's ratio of approval rates to the first cell, as `estimate_rate_change`.

    0 no change, below 0 worse for the group. MOVER-R for each ratio; correlation by the delta method on logarithms,
    half a person in the place of nobody. NaN for the first cell, and where a version approves nobody of it.
    """
    both, first, second, n = _count_approvals(people)
    old, new = compute_rate(np.maximum(first, 0.5), n), compute_rate(np.maximum(second, 0.5), n)
    shared = compute_rate(compute_rate(both, n) / (old * new) - 1, n)
    of_old, of_new = compute_rate(1 / old - 1, n), compute_rate(1 / new - 1, n)
    spread = np.sqrt(np.maximum(of_old + of_old[0], 0) * np.maximum(of_new + of_new[0], 0))
    before = _divide(compute_rate(first, n), compute_rate(first, n)[0], np.nan)
    after = _divide(compute_rate(second, n), compute_rate(second, n)[0], np.nan)
    before[0] = np.nan
    bounds = (mover_r_interval(count, n, count[0], n[0], level) for count in (second, first))
    return _apply_mover(after, next(bounds), before, next(bounds), _divide(shared + shared[0], spread))


def _count_approvals(people: PeopleTable) -> Approvals:
    return Approvals(people[:, 0, 0], people[:, 0].sum(-1), people[:, :, 0].sum(-1), people.sum((-2, -1)))


def _apply_mover(new: Array, of_new: Bounds, old: Array, of_old: Bounds, correlation: Array) -> ChangeEstimate:
    change = new - old
    correlation = np.clip(correlation, -1, 1)
    below = _combine_distances(new - of_new[0], of_old[1] - old, correlation)
    above = _combine_distances(of_new[1] - new, old - of_old[0], correlation)
    return ChangeEstimate(change, change - below, change + above, new)


def _combine_distances(one: Array, other: Array, correlation: Array) -> Array:
    """Combine the distances of two correlated values from their limits to that of their difference."""
    out: Array = np.sqrt(np.maximum(one**2 + other**2 - 2 * correlation * one * other, 0))
    return out


def _divide(one: Array, other: Array, default: float = 0.0) -> Array:
    """Divide; `default` where `other` is 0 or below."""
    one, other = np.broadcast_arrays(one, other)
    out: Array = np.divide(one, other, out=np.full(one.shape, default), where=other > 0)
    return out

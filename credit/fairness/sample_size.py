"""Find how many people a group needs before a verdict can be expected. Exact binomials, no simulation."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from credit.evaluation.intervals import Bounds, mover_r_interval, newcombe_interval
from credit.fairness.group_comparison import Comparison
from credit.fairness.metrics import GROUP_METRICS
from credit.fairness.policies import Limit

MAX_PEOPLE = 10_000_000
"""No answer beyond: no lender will wait for so many people."""
EXACT_SIZES = 2000
"""Sizes that are all tried; further ones are tried in steps of about a percent."""

PersonCounts = NDArray[np.int64]


@dataclass(frozen=True)
class ReferenceTest:
    """The limit on a group's rate against the reference's, which stays as it was counted: `count` of `n`.

    `ratio`: of the two rates (MOVER-R), else their difference (Newcombe). `level`: of the interval, two-sided.
    """

    ratio: bool
    count: int
    n: int
    limit: Limit
    level: float

    def compute_bounds(self, count: PersonCounts, sizes: PersonCounts) -> Bounds:
        """Compute the interval for a group with `count` of `sizes`; shape (sizes,) each."""
        interval = mover_r_interval if self.ratio else newcombe_interval
        return interval(count, sizes, self.count, self.n, self.level)


class AdditionalPeople(NamedTuple):
    """The further people of the group that make a pass 80% likely. 0: there are enough; None: no number would do."""

    at_observed_rates: int | None
    at_equal_rates: int | None


def estimate_additional_people(item: Comparison) -> AdditionalPeople | None:
    """Estimate how many more people it takes: at the observed rates, and if the group's rate were its reference's.

    None for metrics that do not compare two rates, and where the people who do not disclose are the obstacle: no number
    of others helps.
    """
    rate = item.rate
    if rate is None or item.measure in GROUP_METRICS or not item.n or not item.reference_n:
        return None
    if item.limit.is_kept_by(item.low, item.high):
        return None
    cases = rate.count_cases(item.people)
    (reference_count, count), (reference_n, n) = cases.events.tolist(), cases.n.tolist()
    ratio = item.measure == "adverse_impact_ratio"
    test = ReferenceTest(ratio, reference_count, reference_n, item.limit, item.level)
    return AdditionalPeople(
        at_observed_rates=_scale_to_people(item, find_sample_size(test, count / n, above=item.n)),
        at_equal_rates=_scale_to_people(item, find_sample_size(test, reference_count / reference_n)),
    )


def _scale_to_people(item: Comparison, size: int | None) -> int | None:
    """Scale a size of the rate's denominator to people of the group, less those that there are."""
    return None if size is None else max(0, math.ceil((size - item.n) * item.total / item.n))


def find_sample_size(test: ReferenceTest, rate: float, above: int = 0, chance: float = 0.8) -> int | None:
    """Find the smallest group, of more than `above` people, that passes with at least this chance; None: no such size.

    rate: the group's true one. Exact binomials make the chance a saw: a slightly larger group can have a little less
    of it.
    """
    if test.ratio and not test.count:
        return None
    sizes = np.unique(
        np.concatenate(
            [
                np.arange(above + 1, above + 1 + EXACT_SIZES),
                np.geomspace(above + 1 + EXACT_SIZES, max(MAX_PEOPLE, above + 2 + EXACT_SIZES), 1000).round(),
            ]
        ).astype(np.int64)
    )
    enough = compute_pass_probability(test, rate, sizes) >= chance
    return int(sizes[enough.argmax()]) if enough.any() else None


def compute_pass_probability(test: ReferenceTest, rate: float, sizes: PersonCounts) -> NDArray[np.float64]:
    """Compute the probability of a `pass` at each size of a group whose true rate is `rate`; shape (sizes,)."""
    fewest, most = np.zeros_like(sizes), sizes
    if (lowest := test.limit.at_least) is not None:
        fewest = _find_smallest_count(lambda count: test.compute_bounds(count, sizes)[0] >= lowest, sizes)
    if (highest := test.limit.at_most) is not None:
        most = _find_smallest_count(lambda count: test.compute_bounds(count, sizes)[1] > highest, sizes) - 1
    return np.maximum(_compute_cdf(most, sizes, rate) - _compute_cdf(fewest - 1, sizes, rate), 0.0)


def _compute_cdf(count: PersonCounts, sizes: PersonCounts, rate: float) -> NDArray[np.float64]:
    """Compute the binomial probability of at most `count` of `sizes`; 0 below 0."""
    from scipy.special import bdtr

    inside = bdtr(np.clip(count, 0, sizes).astype(np.float64), sizes, rate)
    return np.where(count < 0, 0.0, inside)


def _find_smallest_count(is_true: Callable[[PersonCounts], NDArray[np.bool_]], sizes: PersonCounts) -> PersonCounts:
    """Find the smallest count from 0 to n for which `is_true`, and stays true above; n + 1 if none. By bisection."""
    low, high = np.full_like(sizes, -1), sizes + 1
    while (high - low > 1).any():
        middle = (low + high) // 2
        true = (middle >= 0) & is_true(np.maximum(middle, 0))
        low, high = np.where(true, low, middle), np.where(true, middle, high)
    return high

"""Find how many people a group needs before a verdict can be expected: a pass, or unequal treatment that is found.

Exact binomials, no simulation; the reference stays as it was counted.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from credit.evaluation.exact_tests import Tail, compute_parity_p_value
from credit.evaluation.intervals import Bounds, mover_r_interval, newcombe_interval
from credit.fairness.group_comparison import Comparison
from credit.fairness.policies import Limit, VerdictRules
from credit.reports.figures import ADVERSE_IMPACT_RATIO

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

    @property
    def rate(self) -> float:
        """The reference's rate."""
        return self.count / self.n

    def is_unequal(self, count: PersonCounts, sizes: PersonCounts, tail: Tail, error: float) -> NDArray[np.bool_]:
        """Tell whether a group with `count` of `sizes` is beyond the limit, and equal rates are rejected."""
        share = count / sizes
        value = share / self.rate if self.ratio else share - self.rate
        return self.limit.is_broken_by(value, value) & (
            compute_parity_p_value(count, sizes, self.count, self.n, tail) <= error
        )

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
    test = make_reference_test(item)
    if test is None or item.limit.is_kept_by(item.low, item.high):
        return None
    own_rate = test.rate * item.value if test.ratio else test.rate + item.value
    return AdditionalPeople(
        at_observed_rates=_scale_to_people(item, find_sample_size(test, own_rate, above=item.n)),
        at_equal_rates=_scale_to_people(item, find_sample_size(test, test.rate)),
    )


def make_reference_test(item: Comparison) -> ReferenceTest | None:
    """Make the test of a comparison of two rates; None for other metrics, and where either side has nobody."""
    if item.compared_rate is None or not item.n or not item.reference_n:
        return None
    cases = item.compared_rate.count_cases(item.people)
    ratio = item.measure == ADVERSE_IMPACT_RATIO
    return ReferenceTest(ratio, int(cases.events[0]), int(cases.n[0]), item.limit, item.level)


class Power(NamedTuple):
    """The chance that the planned unequal treatment would be found, and the further people that it takes.

    `more_people`: of the group, until the chance is the planned one; 0: there are enough; None: no number would do.
    """

    chance: float
    more_people: int | None


def estimate_power(item: Comparison, rules: VerdictRules, family_size: int) -> Power | None:
    """Estimate the power to find a group whose rate is the planned ratio times its reference's; over it for `at_most`.

    At the level of Holm's first step among `family_size` comparisons, which is the least that is certain. None for
    metrics that do not compare two rates.
    """
    test = make_reference_test(item)
    if test is None or not test.count:
        return None
    rate = test.rate * rules.planned_ratio if item.limit.tail != "upper" else min(1.0, test.rate / rules.planned_ratio)
    error = rules.error / family_size
    chance = float(compute_power(test, rate, np.array([item.n]), error)[0])
    if chance >= rules.planned_power:
        return Power(chance, 0)
    return Power(chance, _scale_to_people(item, find_deciding_size(test, rate, item.n, error, rules.planned_power)))


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


def find_deciding_size(test: ReferenceTest, rate: float, above: int, error: float, chance: float) -> int | None:
    """Find a group size above `above` at which unequal treatment is found with this chance, to a few percent."""
    sizes = np.unique(np.geomspace(above + 1, max(MAX_PEOPLE, 2 * above), 80).astype(np.int64))
    enough = compute_power(test, rate, sizes, error) >= chance
    if not enough.any():
        return None
    first = int(enough.argmax())
    between = np.unique(np.linspace(sizes[max(first - 1, 0)], sizes[first], 30).astype(np.int64))
    enough = compute_power(test, rate, between, error) >= chance
    return int(between[enough.argmax()])


def compute_power(test: ReferenceTest, rate: float, sizes: PersonCounts, error: float) -> NDArray[np.float64]:
    """Compute the probability of `unequal` at each size of a group whose true rate is `rate`; shape (sizes,).

    error: of the test of equal rates, after any correction.
    """
    chance = np.zeros(len(sizes))
    if test.limit.at_least is not None:
        most = _find_smallest_count(lambda count: ~test.is_unequal(count, sizes, "lower", error), sizes) - 1
        chance = chance + _compute_cdf(most, sizes, rate)
    if test.limit.at_most is not None:
        fewest = _find_smallest_count(lambda count: test.is_unequal(count, sizes, "upper", error), sizes)
        chance = chance + 1 - _compute_cdf(fewest - 1, sizes, rate)
    return np.clip(chance, 0.0, 1.0)


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

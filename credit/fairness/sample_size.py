"""How many people a group needs before a verdict can be expected. Exact binomial probabilities, no simulation."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from credit.evaluation.intervals import Bounds, mover_r_interval, newcombe_interval
from credit.fairness.policies import Limit

MAX_PEOPLE = 10_000_000
"""No answer beyond: nobody will wait for so many people."""
EXACT_SIZES = 2000
"""Sizes that are all tried; further ones are tried in steps of about a percent."""

PersonCounts = NDArray[np.int64]


def find_sample_size(
    ratio: bool,
    rate: float,
    reference_count: float,
    reference_n: float,
    limit: Limit,
    level: float,
    above: int = 0,
    chance: float = 0.8,
) -> int | None:
    """The smallest group, of more than `above` people, that passes with at least this chance; None: no such size.

    ratio: of rates (MOVER-R), else their difference (Newcombe); rate: the group's true one; the reference stays as it
    was counted. Exact binomials make the chance a saw: a slightly larger group can have a little less of it.
    """
    if ratio and not reference_count:
        return None
    sizes = np.unique(
        np.concatenate(
            [
                np.arange(above + 1, above + 1 + EXACT_SIZES),
                np.geomspace(above + 1 + EXACT_SIZES, max(MAX_PEOPLE, above + 2 + EXACT_SIZES), 1000).round(),
            ]
        ).astype(np.int64)
    )
    enough = compute_pass_probability(ratio, rate, reference_count, reference_n, limit, level, sizes) >= chance
    return int(sizes[enough.argmax()]) if enough.any() else None


def compute_pass_probability(
    ratio: bool,
    rate: float,
    reference_count: float,
    reference_n: float,
    limit: Limit,
    level: float,
    sizes: PersonCounts,
) -> NDArray[np.float64]:
    """The probability of a `pass` at each size of the group; shape (sizes,)."""
    from scipy.special import bdtr

    interval = mover_r_interval if ratio else newcombe_interval

    def bounds(count: PersonCounts) -> Bounds:
        return interval(count, sizes, reference_count, reference_n, level)

    fewest, most = np.zeros_like(sizes), sizes
    if limit.at_least is not None:
        lowest = limit.at_least
        fewest = _find_smallest_count(lambda count: bounds(count)[0] >= lowest, sizes)
    if limit.at_most is not None:
        highest = limit.at_most
        most = _find_smallest_count(lambda count: bounds(count)[1] > highest, sizes) - 1

    def at_most(count: PersonCounts) -> NDArray[np.float64]:
        inside = bdtr(np.clip(count, 0, sizes).astype(np.float64), sizes, rate)
        return np.where(count < 0, 0.0, inside)

    return np.maximum(at_most(most) - at_most(fewest - 1), 0.0)


def _find_smallest_count(holds: Callable[[PersonCounts], NDArray[np.bool_]], sizes: PersonCounts) -> PersonCounts:
    """The smallest count from 0 to n for which `holds`, which once true stays true; n + 1 if none. By bisection."""
    low, high = np.full_like(sizes, -1), sizes + 1
    while (high - low > 1).any():
        middle = (low + high) // 2
        true = (middle >= 0) & holds(np.maximum(middle, 0))
        low, high = np.where(true, low, middle), np.where(true, middle, high)
    return high

"""The interval of a group's ratio for pictures: valid at any time, from a few sums.

log(1 + x) >= x - x^2 for x >= -1/2, so exp(bet * sum(Z) - bet^2 * sum(Z^2)) is never more than the stake that bets
for real, and the sums of Z and of its square follow from sums that do not depend on the ratio in question.
"""

from typing import NamedTuple

import numpy as np

from watch.evidence import Floats, RatioSums

_BETS = np.array([0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5])
_RATIOS = np.linspace(0.0, 3.0, 1201)
"""Ratios that are tried; one above the last is told as an open end."""


class RatioInterval(NamedTuple):
    """The ratio of approvals that was seen, with its interval; None: nothing is known, or the end is open."""

    ratio: float | None
    low: float
    high: float | None


def compute_interval(sums: RatioSums, alpha: float) -> RatioInterval:
    """Compute the ratio of mean approvals over all comparisons, with the ratios that the evidence does not refute.

    The chance that the interval ever misses the truth is at most `alpha`, half of it on each side. Where the
    ratio changes over time, its average is covered.
    """
    if sums.number == 0:
        return RatioInterval(None, 0.0, None)
    limit = 2 / alpha
    total = _RATIOS * sums.reference - sums.member
    squared = _RATIOS**2 * sums.reference_squared - 2 * _RATIOS * sums.product + sums.member_squared
    largest = np.maximum(_RATIOS, 1.0)
    too_high = _measure(total, squared, np.ones_like(_RATIOS)) < limit  # Z is at least -1
    too_low = _measure(-total, squared, largest) < limit
    kept = np.flatnonzero(too_high & too_low)
    ratio = sums.member / sums.reference if sums.reference else None
    if not len(kept):
        return RatioInterval(ratio, 0.0, None)
    low, high = max(kept[0] - 1, 0), kept[-1] + 1  # the ends are between two ratios that are tried
    return RatioInterval(ratio, float(_RATIOS[low]), float(_RATIOS[high]) if high < len(_RATIOS) else None)


def _measure(total: Floats, squared: Floats, largest: Floats) -> Floats:
    """Measure the evidence against each ratio. `largest`: how far below 0 one observation may be."""
    bets = _BETS[:, None] / largest
    found: Floats = np.exp(np.clip(bets * total - bets**2 * squared, -700, 700)).mean(axis=0)
    return found

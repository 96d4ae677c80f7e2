"""Compute exact one-sided p-values for two rates, a group's and its reference's; arrays broadcast against each other.

Exact for any number of people, one included: nothing here is about a large sample.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from credit.evaluation.intervals import Array

Tail = Literal["lower", "upper", "both"]
"""The alternative: the group's rate is lower, or it is higher, or either."""

REFERENCE_ERROR = 1e-4
"""Probability that the reference's true rate is outside the interval that `compute_limit_p_value` searches."""


def compute_parity_p_value(count: ArrayLike, n: ArrayLike, of_count: ArrayLike, of_n: ArrayLike, tail: Tail) -> Array:
    """Compute the p-value of equal rates, `count` of `n` against `of_count` of `of_n` (Fisher's exact test, 1935).

    For both tails twice the smaller p-value. 1 where either side has nobody: nothing speaks against equal rates.
    """
    # what scipy.stats.hypergeom computes by, without the half second that the import of scipy.stats takes
    from scipy.special._ufuncs import _hypergeom_cdf, _hypergeom_sf

    count, n, of_count, of_n = np.broadcast_arrays(*(np.asarray(each) for each in (count, n, of_count, of_n)))
    people, events = n + of_n, count + of_count
    by_tail = []
    if tail != "upper":
        by_tail.append(_hypergeom_cdf(count, events, n, people))
    if tail != "lower":
        fewest = np.maximum(0, events - of_n)  # that the group can have; as many or more are certain
        by_tail.append(np.where(count > fewest, _hypergeom_sf(count - 1, events, n, people), 1.0))
    out: Array = len(by_tail) * np.minimum.reduce(by_tail)
    return np.where((n > 0) & (of_n > 0), np.minimum(out, 1.0), 1.0)


def compute_limit_p_value(count: int, n: int, of_count: int, of_n: int, limit: float, ratio: bool, tail: Tail) -> float:
    """Compute the p-value of a group's rate that is exactly at its limit: `limit` times the reference's rate, or plus.

    The reference's true rate is not known: the largest p-value over its exact 1 - REFERENCE_ERROR interval counts,
    plus that error (Berger and Boos 1994; the interval is Clopper and Pearson's, 1934). `ratio`: times, else plus.
    """
    from scipy.special import bdtr, bdtrc, betaincinv

    lower = tail == "lower"
    # The p-value is the largest at the end of the interval where the group's rate at the limit is nearest to its count.
    if lower:
        of_rate = float(betaincinv(of_count, of_n - of_count + 1, REFERENCE_ERROR)) if of_count else 0.0
    else:
        of_rate = float(betaincinv(of_count + 1, of_n - of_count, 1 - REFERENCE_ERROR)) if of_count < of_n else 1.0
    rate = min(max(of_rate * limit if ratio else of_rate + limit, 0.0), 1.0)
    tail_p = bdtr(count, n, rate) if lower else (bdtrc(count - 1, n, rate) if count else 1.0)
    return min(1.0, float(tail_p) + REFERENCE_ERROR)

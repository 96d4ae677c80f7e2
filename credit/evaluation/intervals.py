"""Compute closed-form intervals. Each returns (low, high); `level` is two-sided, 0.95 by default.

`wilson_interval`, `newcombe_interval` and `mover_r_interval` take numbers, or arrays that broadcast against each
other: one interval per cell.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import overload

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

Interval = tuple[float, float]
Array = NDArray[np.float64]
Bounds = tuple[Array, Array]


@lru_cache(maxsize=1024)
def compute_normal_quantile(level: float) -> float:
    """Compute the standard normal quantile of a two-sided interval: 1.96 for 0.95."""
    from scipy.special import ndtri

    return float(ndtri(0.5 + level / 2))


def invert_interval(is_beyond: Callable[[float], bool]) -> float:
    """Compute the one-sided p-value that an interval is: half of one less the highest level at which it is beyond.

    is_beyond: whether the whole interval at a two-sided level is on the wrong side. By bisection; the p-value is below
    (1 - level) / 2 exactly when the interval at `level` is beyond, and 1/2 when not even a point is.
    """
    from scipy.special import ndtr

    not_beyond, beyond = 8.0, 0.0  # standard normal quantiles
    for _ in range(30):
        z = (not_beyond + beyond) / 2
        if is_beyond(float(2 * ndtr(z) - 1)):
            beyond = z
        else:
            not_beyond = z
    return float(ndtr(-beyond))


def compute_rate(count: ArrayLike, n: ArrayLike) -> Array:
    """Divide `count` by `n`, NaN where n is 0: there is no rate of nobody."""
    count, n = _align(count, n)
    out: Array = np.divide(count, n, out=np.full(n.shape, np.nan), where=n > 0)
    return out


def _align(count: ArrayLike, n: ArrayLike) -> Bounds:
    """Give two arrays of the same shape; those that have it already are not broadcast, which takes the longest here."""
    one, other = np.asarray(count, dtype=np.float64), np.asarray(n, dtype=np.float64)
    if one.shape == other.shape:
        return one, other
    one, other = np.broadcast_arrays(one, other)
    return one, other


@overload
def wilson_interval(count: float, n: float, level: float = ...) -> Interval: ...
@overload
def wilson_interval(count: NDArray[np.number], n: NDArray[np.number], level: float = ...) -> Bounds: ...
def wilson_interval(count: ArrayLike, n: ArrayLike, level: float = 0.95) -> Interval | Bounds:
    """Compute the score interval of a rate, `count` of `n` (Wilson 1927). Within 0 and 1; NaN where n is 0."""
    z = compute_normal_quantile(level)
    count, n = _align(count, n)
    spread = z * np.sqrt(np.maximum(count * compute_rate(n - count, n), 0) + z**2 / 4)
    low = np.where(count == 0, 0.0, (count + z**2 / 2 - spread) / (n + z**2))  # exactly 0: rounding must not lift it
    high = np.where(count == n, 1.0, (count + z**2 / 2 + spread) / (n + z**2))
    return _match_inputs(np.where(n > 0, low, np.nan), np.where(n > 0, high, np.nan))


@overload
def newcombe_interval(count_1: float, n_1: float, count_2: float, n_2: float, level: float = ...) -> Interval: ...
@overload
def newcombe_interval(
    count_1: NDArray[np.number],
    n_1: NDArray[np.number],
    count_2: ArrayLike,
    n_2: ArrayLike,
    level: float = ...,
) -> Bounds: ...
def newcombe_interval(
    count_1: ArrayLike, n_1: ArrayLike, count_2: ArrayLike, n_2: ArrayLike, level: float = 0.95
) -> Interval | Bounds:
    """Compute the interval of the difference of two independent rates, first less second.

    Newcombe (1998), method 10, from Wilson intervals.
    """
    rate_1, rate_2 = compute_rate(count_1, n_1), compute_rate(count_2, n_2)
    low_1, high_1 = wilson_interval(np.asarray(count_1), np.asarray(n_1), level)
    low_2, high_2 = wilson_interval(np.asarray(count_2), np.asarray(n_2), level)
    gap = rate_1 - rate_2
    return _match_inputs(
        gap - np.hypot(rate_1 - low_1, high_2 - rate_2),
        gap + np.hypot(high_1 - rate_1, rate_2 - low_2),
    )


@overload
def mover_r_interval(count_1: float, n_1: float, count_2: float, n_2: float, level: float = ...) -> Interval: ...
@overload
def mover_r_interval(
    count_1: NDArray[np.number],
    n_1: NDArray[np.number],
    count_2: ArrayLike,
    n_2: ArrayLike,
    level: float = ...,
) -> Bounds: ...
def mover_r_interval(
    count_1: ArrayLike, n_1: ArrayLike, count_2: ArrayLike, n_2: ArrayLike, level: float = 0.95
) -> Interval | Bounds:
    """Compute the interval of the ratio of two independent rates, first over second.

    Donner and Zou (2012), MOVER-R, from Wilson intervals. With rates p, q and limits (l, u), (m, v):
    low = (pq - sqrt((pq)^2 - lv(2p - l)(2q - v))) / (v(2q - v)), high likewise from u and m. `low` is computed in its
    other form, b / (a + sqrt(a^2 - bc)), which has no pole at v = 2q. Where the second count is 0 there is no upper
    bound: infinity. Where either n is 0: NaN.
    """
    p, q = compute_rate(count_1, n_1), compute_rate(count_2, n_2)
    low_1, high_1 = wilson_interval(np.asarray(count_1), np.asarray(n_1), level)
    low_2, high_2 = wilson_interval(np.asarray(count_2), np.asarray(n_2), level)
    a = p * q
    b, c = low_1 * (2 * p - low_1), high_2 * (2 * q - high_2)
    under = a + np.sqrt(np.maximum(a**2 - b * c, 0))
    low = np.divide(b, under, out=np.zeros_like(a), where=under != 0)
    b, c = high_1 * (2 * p - high_1), low_2 * (2 * q - low_2)
    over = a + np.sqrt(np.maximum(a**2 - b * c, 0))
    high = np.divide(over, c, out=np.full_like(a, np.inf), where=c != 0)
    return _match_inputs(low, np.where(np.isnan(a), np.nan, high))


def _match_inputs(low: Array, high: Array) -> Interval | Bounds:
    """Give floats for numbers, arrays for arrays."""
    return (float(low), float(high)) if low.ndim == 0 else (low, high)


def mean_interval(values: ArrayLike, level: float = 0.95) -> Interval:
    """Compute the interval of the mean of independent values, shape (n,), by the central limit theorem."""
    values = np.asarray(values, dtype=np.float64)
    half = compute_normal_quantile(level) * float(values.std(ddof=1)) / np.sqrt(len(values))
    return float(values.mean() - half), float(values.mean() + half)


def average_precision_interval(value: float, positives: int, level: float = 0.95) -> Interval:
    """Compute the logit interval of average precision (Boyd, Eng and Page 2013). `positives`: number of such rows."""
    if not 0 < value < 1:
        return value, value
    centre = np.log(value / (1 - value))
    half = compute_normal_quantile(level) / np.sqrt(positives * value * (1 - value))
    low, high = 1 / (1 + np.exp(-(centre + np.array([-half, half]))))
    return float(low), float(high)


def compute_roc_auc(y: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    """Compute the area under the ROC curve, ties counting half (Mann and Whitney 1947): scikit-learn's `roc_auc_score`.

    y and scores: shape (n,), with rows of both classes.
    """
    above_negatives, _ = compute_placements(y, scores)
    return float(above_negatives.mean())


def roc_auc_interval(y: NDArray[np.bool_], scores: NDArray[np.float64], level: float = 0.95) -> Interval:
    """Compute the interval of the area under the ROC curve (DeLong 1988; by ranks, Sun and Xu 2014).

    y and scores: shape (n,), with rows of both classes.
    """
    above_negatives, below_positives = compute_placements(y, scores)
    m, n = len(above_negatives), len(below_positives)
    auc = float(above_negatives.mean())
    variance = above_negatives.var(ddof=1) / m + below_positives.var(ddof=1) / n if min(m, n) > 1 else np.nan
    half = compute_normal_quantile(level) * float(np.sqrt(variance))
    return max(0.0, auc - half), min(1.0, auc + half)


def roc_auc_change_interval(
    y: NDArray[np.bool_], old: NDArray[np.float64], new: NDArray[np.float64], level: float = 0.95
) -> Interval:
    """Compute the interval of the change of the area from old to new scores of the same people (DeLong 1988, paired).

    y, old and new: shape (n,), with rows of both classes.
    """
    before, after = compute_placements(y, old), compute_placements(y, new)
    positives, negatives = (late - early for early, late in zip(before, after, strict=True))
    m, n = len(positives), len(negatives)
    variance = positives.var(ddof=1) / m + negatives.var(ddof=1) / n if min(m, n) > 1 else np.nan
    half = compute_normal_quantile(level) * float(np.sqrt(variance))
    change = float(positives.mean())
    return max(-1.0, change - half), min(1.0, change + half)


def compute_placements(y: NDArray[np.bool_], scores: NDArray[np.float64]) -> tuple[Array, Array]:
    """Find the share of negatives below each positive score, and of positives above each negative; ties count half."""
    positive, negative = scores[y], scores[~y]
    m, n = len(positive), len(negative)
    ranks = _rank(np.concatenate([positive, negative]))
    return (ranks[:m] - _rank(positive)) / n, 1 - (ranks[m:] - _rank(negative)) / m


def _rank(values: Array) -> Array:
    """Rank from 1 on, ties by their mean: `scipy.stats.rankdata`, whose import takes half a second."""
    return np.asarray(pd.Series(values).rank(), dtype=np.float64)

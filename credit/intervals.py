"""Closed-form intervals. Each returns (low, high); `level` is two-sided, 0.95 by default."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Interval = tuple[float, float]


def z_of(level: float) -> float:
    """The standard normal quantile of a two-sided interval: 1.96 for 0.95."""
    from scipy.special import ndtri

    return float(ndtri(0.5 + level / 2))


def wilson(count: float, n: float, level: float = 0.95) -> Interval:
    """A rate's score interval (Wilson 1927): `count` of `n`, n > 0. Stays within 0 and 1 at any count."""
    z = z_of(level)
    rate = count / n
    middle = (rate + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(rate * (1 - rate) / n + z**2 / (4 * n**2))
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def newcombe(count_1: float, n_1: float, count_2: float, n_2: float, level: float = 0.95) -> Interval:
    """The difference of two independent rates, first less second (Newcombe 1998, method 10, from Wilson intervals)."""
    rate_1, rate_2 = count_1 / n_1, count_2 / n_2
    low_1, high_1 = wilson(count_1, n_1, level)
    low_2, high_2 = wilson(count_2, n_2, level)
    gap = rate_1 - rate_2
    below = np.hypot(rate_1 - low_1, high_2 - rate_2)
    above = np.hypot(high_1 - rate_1, rate_2 - low_2)
    return float(gap - below), float(gap + above)


def of_mean(values: ArrayLike, level: float = 0.95) -> Interval:
    """The mean of independent values, shape (n,), by the central limit theorem."""
    values = np.asarray(values, dtype=np.float64)
    half = z_of(level) * float(values.std(ddof=1)) / np.sqrt(len(values))
    return float(values.mean() - half), float(values.mean() + half)


def of_average_precision(value: float, positives: int, level: float = 0.95) -> Interval:
    """Average precision's logit interval (Boyd, Eng and Page 2013), from the number of positive rows."""
    if not 0 < value < 1:
        return value, value
    centre = np.log(value / (1 - value))
    half = z_of(level) / np.sqrt(positives * value * (1 - value))
    low, high = 1 / (1 + np.exp(-(centre + np.array([-half, half]))))
    return float(low), float(high)


def of_auc(y: NDArray[np.bool_], scores: NDArray[np.float64], level: float = 0.95) -> Interval:
    """The area under the ROC curve (DeLong 1988; by ranks, Sun and Xu 2014). y and scores: shape (n,), both classes."""
    from scipy.stats import rankdata

    positive, negative = scores[y], scores[~y]
    m, n = len(positive), len(negative)
    ranks = rankdata(np.concatenate([positive, negative]))
    above_negatives = (ranks[:m] - rankdata(positive)) / n
    below_positives = 1 - (ranks[m:] - rankdata(negative)) / m
    auc = float(above_negatives.mean())
    variance = above_negatives.var(ddof=1) / m + below_positives.var(ddof=1) / n if min(m, n) > 1 else np.nan
    half = z_of(level) * float(np.sqrt(variance))
    return max(0.0, auc - half), min(1.0, auc + half)

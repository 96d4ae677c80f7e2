"""Figures of the scores themselves, from their count, sum and sum of squares per label. People without a score are not
in them; the tables say how many there are.
"""

import numpy as np

from credit.fairness.rates import Figure, Table, compared
from credit.intervals import Array, rate, z_of


def mean_score(people: Table, scores: Array, level: float) -> Figure:
    """Mean score of the people with a score, on the scale of the scores, with Student's interval."""
    return _mean(scores.sum(-2), level)


def calibration(people: Table, scores: Array, level: float) -> Figure:
    """Mean score less favourable rate, of the people with a score: 0 calibrated, above 0 the score flatters the group.

    Interval of the mean of score - outcome, by Student's t.
    """
    n, total, squares = scores.sum(-2).T
    favourable, their_scores = scores[:, 1, 0], scores[:, 1, 1]
    return _mean(np.stack([n, total - favourable, squares - 2 * their_scores + favourable], axis=-1), level)


def standardized_mean_difference(people: Table, scores: Array, level: float) -> Figure:
    """Mean score less the reference's, in pooled standard deviations (Cohen's d): 0 parity, no bound.

    Normal interval with the large-sample variance (n + m) / nm + d^2 / 2(n + m) (Hedges and Olkin 1985).
    """
    n, total, squares = scores.sum(-2).T
    mean = rate(total, n)
    within = np.maximum(squares - n * np.where(n > 0, mean, 0) ** 2, 0)
    within = np.where(within <= 1e-12 * squares, 0, within)  # the same score for all, up to rounding
    pooled = np.sqrt(rate(within + within[0], n + n[0] - 2))
    value = np.divide(mean - mean[0], pooled, out=np.full(len(n), np.nan), where=pooled > 0)
    half = z_of(level) * np.sqrt(rate(n + n[0], n * n[0]) + value**2 / (2 * (n + n[0])))
    return compared(value, (value - half, value + half), n.astype(np.int64))


def _mean(sums: Array, level: float) -> Figure:
    """A mean with Student's interval; sums: n, sum and sum of squares, shape (cells, 3)."""
    from scipy.special import stdtrit

    n, total, squares = sums.T
    mean = rate(total, n)
    variance = np.maximum(rate(squares - n * np.where(n > 0, mean, 0) ** 2, n - 1), 0)
    half = stdtrit(np.maximum(n - 1, 1), 0.5 + level / 2) * np.sqrt(rate(variance, n))
    return Figure(mean, mean - half, mean + half, n.astype(np.int64))

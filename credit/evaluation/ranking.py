"""Rank people by score: counts at every threshold, and the figures that are made of them.

Those of scikit-learn, whose import takes a second of each stage that needs nothing else of it.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class ThresholdCounts(NamedTuple):
    """How many favourable and unfavourable rows score at least each distinct score, the highest first."""

    favourable: NDArray[np.int64]
    unfavourable: NDArray[np.int64]


def count_at_thresholds(y: NDArray[np.bool_], scores: NDArray[np.float64]) -> ThresholdCounts:
    """Count rows from the highest score down to each distinct one; y and scores: shape (n,)."""
    order = np.argsort(-scores, kind="stable")
    falling = scores[order]
    last = np.flatnonzero(np.append(falling[1:] != falling[:-1], True))  # of the rows with one score
    favourable = np.cumsum(y[order], dtype=np.int64)[last]
    return ThresholdCounts(favourable, last + 1 - favourable)


def compute_average_precision(y: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    """Compute the mean precision over the rows that are found, each at the threshold that finds it.

    The share of favourable rows: no better than chance; 1: perfect. Scikit-learn's `average_precision_score`, without
    interpolation. y and scores: shape (n,), with a favourable row.
    """
    found, wrong = count_at_thresholds(y, scores)
    return float((np.diff(found, prepend=0) * (found / (found + wrong))).sum() / found[-1])

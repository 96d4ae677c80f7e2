"""Reasons why an applicant was not approved: the scored values that count against them.

A feature is a reason when its value is not better than the one that is typical of approved people, and the score would
rise with that one, everything else as it is. Features that say the same change together, and the one of them that
carries most is named. At most four, the largest rise first, and only while they carry enough.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from credit.scoring.onnx import ScoreFunction
from credit.scoring.reason_baseline import ReasonBaseline

MAX_REASONS = 4
"""Reasons per person: more than four are not likely to be understood (Regulation B, comment 9(b)(2)-1)."""

DecidedBy = Literal["model", "rule"]

_RISE_DIGITS = 6  # of a rise: what is smaller is float32 rounding, and must neither be a reason nor break a tie


class Rises(NamedTuple):
    """How much scores would rise at typical values, by cluster, (rows, clusters), and by feature, (rows, features).

    0 where there was no change to score.
    """

    together: NDArray[np.float64]
    alone: NDArray[np.float64]


class RankedFeature(NamedTuple):
    """The number of a feature that is named, and the rise that it stands for: its cluster's."""

    feature: int
    rise: float


def measure_rises(
    score: ScoreFunction, matrix: NDArray[np.float32], bar: ReasonBaseline, chosen: NDArray[np.bool_]
) -> Rises:
    """Measure how much each row's score would rise with one cluster, or one feature, at its typical values.

    matrix: shape (rows, columns). A feature's columns change together. chosen: the features that are asked about, shape
    (rows, features); a cluster is changed as a whole when one of its features is chosen. A feature that is chosen alone
    of its cluster stands for the cluster and is not scored again. One call of `score`, with each row and its changes.
    """
    in_cluster = chosen @ bar.member.T
    beside = in_cluster[:, bar.cluster_of]  # how many features of the same cluster are chosen
    wanted = np.concatenate([in_cluster > 0, chosen & (beside > 1)], axis=1)
    rises = np.zeros(wanted.shape)
    rows, changes = np.nonzero(wanted)
    if rows.size:
        what_if = np.where(bar.changes[changes], bar.typical, matrix[rows])
        scores = score(np.concatenate([matrix, what_if]))
        rises[rows, changes] = np.round(scores[len(matrix) :] - scores[rows], _RISE_DIGITS)
    together, alone = rises[:, : len(bar.clusters)], rises[:, len(bar.clusters) :]
    return Rises(together, np.where(chosen & (beside == 1), together[:, bar.cluster_of], alone))


def rank_features(score: ScoreFunction, matrix: NDArray[np.float32], bar: ReasonBaseline) -> list[list[RankedFeature]]:
    """Rank the features that count against each row, the largest rise first; ties in the order of the features.

    Where no cluster as a whole counts against somebody, because its features weigh against each other, the strongest
    single feature is given: who is denied must be told a reason. Empty where there is not even that.
    """
    worse = bar.find_worse(matrix)
    rises = measure_rises(score, matrix, bar, worse)
    rows = zip(worse.tolist(), rises.together.tolist(), rises.alone.tolist(), strict=True)
    ranked = [_rank_row(bar.clusters, *row) for row in rows]  # lists: for one person they are faster than arrays
    without = [row for row, found in enumerate(ranked) if not found]
    if without and len(bar.clusters) < len(bar.first):
        for row, found in zip(without, rank_features(score, matrix[without], bar.separate()), strict=True):
            ranked[row] = found[:1]
    return ranked


def _rank_row(
    clusters: Sequence[Sequence[int]], worse: list[bool], together: list[float], alone: list[float]
) -> list[RankedFeature]:
    risen = [number for number, rise in enumerate(together) if rise > 0]
    ranked = []
    for number in sorted(risen, key=lambda number: -together[number]):
        members = [feature for feature in clusters[number] if worse[feature]]
        ranked.append(RankedFeature(max(members, key=lambda feature: alone[feature]), together[number]))
    return ranked

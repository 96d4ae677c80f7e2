"""The rules of reasons: which values are better than typical, and what says the same.

Better is what the contract says, where it says a direction; of other features it is measured on the training rows, as
what says the same is.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit.contract import Contract
from credit.contract.columns import Column
from credit.contract.levels import Scalar
from credit.data.tables import open_table, read_spaced_rows
from credit.scoring.design_matrix import MISSING_SUFFIX, build_design_matrix, list_design_columns, locate_features
from credit.scoring.onnx import ScoreFunction
from credit.scoring.reason_baseline import ReasonRules
from credit.scoring.row_encoder import encode_rows

SMALLEST_SHARE = 0.10
"""Of what all reasons of a person carry: what carries less is no principal reason (12 CFR 1002.9(b)(2)). A choice."""

SAME_CORRELATION = 0.8
"""From this mean correlation on, features say the same: two thirds of what they vary by is common. A choice; income and
the loan asked for correlate by .78 in the scenario, and are two reasons."""

SAMPLE_ROWS = 5000
"""Training rows, evenly spaced, on which correlations are measured and whose values are tried."""

_PEOPLE = 300  # of the sample, evenly spaced, to whom each value is given: its mean score is theirs
_COMMON_ROWS = 30  # with both values known: fewer correlate by chance
_CURVE_VALUES = 20  # of a number that has more of them: its quantiles


class ValueScores(NamedTuple):
    """A feature's values and what the model makes of them.

    values: shape (values, columns of the feature); rows: how often each is in the sample; gain: how much higher the
    mean score of the same people is with it than with the typical value. The latter two have shape (values,).
    """

    values: NDArray[np.float32]
    rows: NDArray[np.intp]
    gain: NDArray[np.float64]


def find_reason_rules(
    score: ScoreFunction, contract: Contract, typical: Mapping[str, Scalar | None], train: Path
) -> ReasonRules:
    """Find which values are better than the typical ones, and which features say the same.

    Columns that say that a value is missing are measured, as no contract says whether that is better.
    """
    features = list(typical)
    sample = _read_sample(contract, features, train)
    matrix, bar = sample.to_numpy(), encode_rows(contract, features, [typical])[0]
    columns = list_design_columns(contract, features)
    above, below = np.zeros(len(columns), np.bool_), np.zeros(len(columns), np.bool_)
    for name, group in locate_features(contract, features).items():
        column = contract.columns[name]
        levels = len(column.allowed or ()) if column.type == "category" else 0
        tried = _try_values(score, matrix, bar, group, levels)
        above[group], below[group] = find_better_sides(tried, bar[group], levels)
        own = slice(group.start, group.stop - (column.missing == "allowed"))
        if column.direction:
            above[own], below[own] = read_better_sides(column, bar[own])
    return ReasonRules(
        clusters=find_clusters(contract, features, sample),
        better_above=tuple(np.array(columns)[above].tolist()),
        better_below=tuple(np.array(columns)[below].tolist()),
        smallest_share=SMALLEST_SHARE,
    )


def _read_sample(contract: Contract, features: Sequence[str], train: Path) -> pd.DataFrame:
    """Read at most SAMPLE_ROWS evenly spaced rows as a design matrix."""
    return build_design_matrix(contract, features, read_spaced_rows(open_table(train), features, SAMPLE_ROWS))


def _try_values(
    score: ScoreFunction, matrix: NDArray[np.float32], bar: NDArray[np.float32], group: slice, levels: int
) -> ValueScores:
    """Give each value of a feature to the same people, everything else as it is, and take their mean score."""
    found = matrix[:, group] if levels else _thin_numbers(matrix[:, group])
    # NaN is unequal to itself; a feature that can be missing has a column that says so, and 0 stays apart from it
    _, where, rows = np.unique(np.nan_to_num(found), axis=0, return_index=True, return_counts=True)
    people, values = matrix[:: -(-len(matrix) // _PEOPLE)], np.concatenate([bar[None, group], found[where]])
    means: list[float] = []
    for start in range(0, len(values), _CURVE_VALUES):  # of a category with many levels only some at a time
        some = values[start : start + _CURVE_VALUES]
        tried = np.repeat(people[None], len(some), axis=0)
        tried[:, :, group] = some[:, None]
        means += score(tried.reshape(-1, matrix.shape[1])).reshape(len(some), -1).mean(axis=1).tolist()
    gain = np.round(np.array(means[1:], np.float64) - means[0], 6)  # the rounding of float32 is no gain
    return ValueScores(values[1:], rows, gain)


def _thin_numbers(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Replace numbers by the nearest quantile, the lowest and the highest among them, unless there are few."""
    thin, known = values.copy(), ~np.isnan(values[:, 0])
    numbers = values[known, 0]
    if len(np.unique(numbers)) > _CURVE_VALUES:
        quantiles = np.unique(np.quantile(numbers, np.linspace(0, 1, _CURVE_VALUES + 1), method="lower"))
        thin[known, 0] = quantiles[np.searchsorted((quantiles[1:] + quantiles[:-1]) / 2, numbers)]
    return thin


def read_better_sides(column: Column, bar: NDArray[np.float32]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Read from the contract in which of the feature's columns more, and in which less, than typical is better.

    Of a category in order the levels on the better side of the typical one are; a level is there or not.
    """
    if column.type == "category":
        place = np.arange(len(bar)) * column.direction
        return place > np.max(place, where=bar > 0, initial=-len(bar)), np.zeros(len(bar), np.bool_)
    return np.full(len(bar), column.direction > 0), np.full(len(bar), column.direction < 0)


def find_better_sides(
    tried: ValueScores, bar: NDArray[np.float32], levels: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Find the feature's columns in which more, and those in which less, than the typical value is better.

    A side is better when the mean score over its values, as often as they occur, is higher than with the typical one:
    of a model that rises with a feature the one above. The dents of a forest cancel out, and both sides can be worse,
    as for a size that is just right. One direction for the whole feature would hide the first reason of people on the
    other side: of three forests on the default data one gave Shapley's first reason to 74% instead of 87%.
    levels: of a category, whose columns come first and have no less; of a number or flag 0.
    """
    gained = tried.gain * tried.rows
    above = [gained[tried.values[:, column] > typical].sum() > 0 for column, typical in enumerate(bar)]
    below = [gained[tried.values[:, column] < typical].sum() > 0 for column, typical in enumerate(bar)]
    return np.array(above), np.array(below) & (np.arange(len(bar)) >= levels)


def find_clusters(contract: Contract, features: Sequence[str], sample: pd.DataFrame) -> tuple[tuple[str, ...], ...]:
    """Find the features that say the same, two or more in each cluster: joined while their mean correlation is high.

    Two features correlate as their closest columns do, by values (which a regression reads) or by ranks (which trees
    read), whichever is closer; whether a value is missing does not count.
    """
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    if len(features) < 2:
        return ()
    is_value = np.array([not column.endswith(MISSING_SUFFIX) for column in list_design_columns(contract, features)])
    known = sample.loc[:, is_value]
    close = np.fmax(*(np.abs(numbers.corr(min_periods=_COMMON_ROWS).to_numpy()) for numbers in (known, known.rank())))
    groups = locate_features(contract, features)
    owners = np.repeat(np.arange(len(features)), [group.stop - group.start for group in groups.values()])
    starts = np.flatnonzero(np.diff(owners[is_value], prepend=-1))
    closest = np.maximum.reduceat(np.maximum.reduceat(np.nan_to_num(close), starts, axis=0), starts, axis=1)
    distance = squareform(1 - closest, checks=False)
    numbers = fcluster(linkage(distance, "average"), 1 - SAME_CORRELATION, "distance")
    found = [tuple(np.array(features)[numbers == number].tolist()) for number in dict.fromkeys(numbers.tolist())]
    return tuple(cluster for cluster in found if len(cluster) > 1)

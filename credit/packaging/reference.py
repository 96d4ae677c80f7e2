"""Distributions to compare live applications with: counts, so that partitions and days can be added up.

`reference.json` has them as of the training of the model. With the same bins counted over live rows it
gives the population stability index: the sum over bins of (live share - share) * ln(live share / share).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from credit.contract import Contract
from credit.contract.columns import Column
from credit.contract.groups import assign_groups
from credit.contract.levels import Scalar
from credit.data.tables import iterate_partitions, make_frame, open_table
from credit.reports.reference import DecisionCounts, Distribution, ReferenceReport, ReferenceRows
from credit.scoring.policy import DECISION_KINDS

HISTOGRAM_BINS = 10
_SAMPLE_ROWS = 250_000  # values that the bins of a number are made from


class Histogram(Distribution):
    """A distribution whose bins can be counted again, over other values; `+` joins those of two partitions."""

    def count_values(self, values: ArrayLike | pd.Series) -> Self:
        """Count other values, shape (n,), in the same bins; None and NaN are missing."""
        series = pd.Series(values)
        known = series.dropna()
        if self.edges is not None:
            bins = np.searchsorted(self.edges, known.to_numpy(np.float64), side="right")
        else:
            bins = pd.Index(self.values or ()).get_indexer(pd.Index(known.astype(object)))
            bins = np.where(bins < 0, len(self.counts) - 1, bins)
        counts = np.bincount(bins, minlength=len(self.counts))
        return self._replace_counts(counts, len(series) - len(known))

    def __add__(self, other: Self) -> Self:
        return self._replace_counts(np.add(self.counts, other.counts), self.missing + other.missing)

    def _replace_counts(self, counts: NDArray[np.int64], missing: int) -> Self:
        return self.model_copy(update={"counts": tuple(counts.tolist()), "missing": missing})


def make_quantile_histogram(sample: ArrayLike) -> Histogram:
    """Make an empty histogram with about BINS bins of equally many values; a very frequent value has its own bin."""
    values = np.asarray(sample, np.float64)
    values = np.sort(values[np.isfinite(values)])
    inner = (
        np.unique(np.quantile(values, np.arange(1, HISTOGRAM_BINS) / HISTOGRAM_BINS, method="higher"))
        if values.size
        else values
    )
    if len(inner) < HISTOGRAM_BINS - 1:
        after = np.searchsorted(values, inner, side="right")
        inner = np.unique([*inner, *values[after[after < len(values)]]])
    inner = inner[inner > values[:1]]  # nothing lies below the lowest value
    return Histogram(edges=tuple(inner.tolist()), counts=(0,) * (len(inner) + 1), missing=0)


def make_value_histogram(values: Sequence[Scalar]) -> Histogram:
    """Make an empty histogram with a bin for each value and one for any other."""
    return Histogram(values=tuple(values), counts=(0,) * (len(values) + 1), missing=0)


def make_histogram(column: Column, sample: pd.Series) -> Histogram:
    """Make an empty histogram that suits a column: its own values where they are few, else bins made from a sample."""
    if column.type == "boolean":
        return make_value_histogram((False, True))
    if column.allowed is not None:
        return make_value_histogram(column.allowed)
    return make_quantile_histogram(sample.dropna().to_numpy(np.float64))


def build_reference(
    contract: Contract, features: Sequence[str], train: Path, scores: NDArray[np.float64], decisions: NDArray[np.str_]
) -> ReferenceReport:
    """Build reference.json: features and groups of the training rows, scores and decisions of the test rows.

    scores, decisions: shape (test rows,). Not of the training rows: on those a forest is far too sure, and every live
    score would look like a drift. Reads a partition of the table `train` at a time.
    """
    table = open_table(train)
    step = -(-table.metadata.num_rows // _SAMPLE_ROWS)
    columns = [*features, *contract.protected]
    sample = pd.concat(
        [make_frame(part).iloc[::step] for part in iterate_partitions(table, columns)] or [pd.DataFrame()]
    )
    histograms = {name: make_histogram(contract.columns[name], sample[name]) for name in features}
    groups: dict[str, pd.Series] = {}
    for frame in map(make_frame, iterate_partitions(table, columns)):
        for name in features:
            histograms[name] += histograms[name].count_values(frame[name])
        for name in contract.protected:
            counts = pd.Series(assign_groups(contract, name, frame[name])).value_counts(sort=False)
            groups[name] = counts + groups.get(name, 0)
    return ReferenceReport(
        rows=ReferenceRows(train=table.metadata.num_rows, test=len(scores)),
        score=make_quantile_histogram(scores.round(6)).count_values(scores),
        decisions=DecisionCounts(**{name: int((decisions == name).sum()) for name in DECISION_KINDS}),
        groups={name: _stringify_groups(counts.to_dict()) for name, counts in groups.items()},
        features=dict(histograms),
    )


def _stringify_groups(counts: Mapping[Any, Any]) -> dict[str, int]:
    return {str(group): int(count) for group, count in counts.items()}

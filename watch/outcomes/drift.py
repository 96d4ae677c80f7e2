"""Tell whether applicants, scores or decisions of a period differ from those that the version was made from.

A figure has bins, and counts of two samples. That both come from one distribution is tested by chi-square; the number
of wrong alarms is known, which that of the population stability index with its limits of 0.1 and 0.25 is not. With very
many people any difference is found, so that one is told from a share of people on who would have to be in another bin.
A period is judged once, when it is over. So are the requests of a day that were refused for a field.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from credit.reports.base import Scalar
from credit.reports.reference import Distribution

LEAST_PEOPLE = 100
"""People of a period, below which nothing is said."""

MOST_REFUSED_FIELDS = 202
"""Fields that a service counts by name, unknown ones and others among them: so many may be told of wrongly."""

_LEAST_EXPECTED = 5.0
"""People that are expected in a bin, as chi-square needs it; smaller bins are counted together."""


class BinCounts(NamedTuple):
    """The counts of the reference and of the period, shape (bins,) each."""

    reference: NDArray[np.float64]
    live: NDArray[np.float64]


class DriftFinding(NamedTuple):
    """A figure of a period. `moved`: the share of people who would have to be in another bin.

    `statistic` beyond `limit`: not the same distribution; `is_drift`: and enough people moved to matter.
    """

    figure: str
    people: int
    statistic: float
    limit: float
    moved: float
    is_drift: bool


class RefusedField(NamedTuple):
    """A field, and how many of so many requests were refused for it. `is_told`: more than the limit and chance."""

    field: str
    refused: int
    asked: int
    is_told: bool

    @property
    def share(self) -> float:
        """The share of requests that were refused for it."""
        return self.refused / self.asked if self.asked else 0.0


def judge_refusals(refused: Mapping[str, int], asked: int, limit: float, alpha: float) -> list[RefusedField]:
    """Judge the requests of a day by exact tests; `alpha`: the chance that any field is told at a share of `limit`."""
    from scipy.stats import binom

    fields = sorted(refused)
    chances = binom.sf(np.array([refused[field] for field in fields]) - 1, asked, limit)
    told = (chances <= alpha / MOST_REFUSED_FIELDS).tolist()
    return [RefusedField(field, refused[field], asked, one) for field, one in zip(fields, told, strict=True)]


def judge_drift(figures: Mapping[str, BinCounts], alpha: float, least_moved: float) -> list[DriftFinding]:
    """Judge the figures of a period; `alpha`: the chance of a wrong alarm about any of them."""
    return [_judge(name, counts, alpha / len(figures), least_moved) for name, counts in figures.items()]


def count_distribution(reference: Distribution, values: list[Scalar | None]) -> dict[str, BinCounts]:
    """Count values in the bins of a reference: those that are known, how many are missing, and how many are unknown.

    Unknown is a category that the version was not made from.
    """
    known = [value for value in values if value is not None]
    missing = len(values) - len(known)
    of_missing = BinCounts(
        np.array([reference.missing, sum(reference.counts)], float), np.array([missing, len(known)], float)
    )
    bins = len(reference.counts)
    if reference.edges is not None:
        places = np.searchsorted(np.array(reference.edges, float), np.array(known, float), side="right")
    else:
        index = {value: place for place, value in enumerate(reference.values or ())}
        places = np.array([index.get(value, bins - 1) for value in known], dtype=np.int64)
    live = np.bincount(places, minlength=bins).astype(float)
    before = np.array(reference.counts, float)
    found = {"": BinCounts(before, live), "missing": of_missing}
    if reference.edges is None:
        found["unknown"] = BinCounts(*(np.array([one[-1], one[:-1].sum()]) for one in (before, live)))
    return found


def _judge(name: str, counts: BinCounts, alpha: float, least_moved: float) -> DriftFinding:
    from scipy.stats import chi2

    people = int(counts.live.sum())
    table = _merge_small(np.vstack([counts.reference, counts.live]))
    if table.shape[1] < 2 or not table.sum(axis=1).all():
        return DriftFinding(name, people, 0.0, math.inf, 0.0, False)
    shares = table / table.sum(axis=1, keepdims=True)
    expected = _expect(table)
    statistic = float(((table - expected) ** 2 / expected).sum())
    limit, moved = float(chi2.isf(alpha, table.shape[1] - 1)), float(abs(shares[1] - shares[0]).sum() / 2)
    return DriftFinding(name, people, statistic, limit, moved, statistic > limit and moved >= least_moved)


def _merge_small(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Count the bins together in which too few people are expected, with the smallest of the others if need be."""
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2 or not table.sum(axis=1).all():
        return table
    table = table[:, np.argsort(table.sum(axis=0), kind="stable")]
    smallest = _expect(table).min(axis=0)
    number = int((smallest < _LEAST_EXPECTED).sum())
    while 0 < number < table.shape[1] and smallest[:number].sum() < _LEAST_EXPECTED:
        number += 1
    return np.hstack([table[:, :number].sum(axis=1, keepdims=True), table[:, number:]]) if number else table


def _expect(table: NDArray[np.float64]) -> NDArray[np.float64]:
    expected: NDArray[np.float64] = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    return expected

"""Compare who decided with who else might, on the same applicants: which one treats a group less unequally.

For each comparison, the gain is the shortfall Z of the one that decides less that of the other, scaled into [-1, 1].
Where the other is no better the gain is at most 0 on average given the past, so the evidence is valid at any time, that
of an alarm too. A stake starts each day, each hour, each minute and each second of the horizon, all of which
together are at most 1: so the evidence is valid whichever of these starts the applicants at hand begin with.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from watch.evidence import DecidedRows, Evidence, Floats, Pairing, RatioSums

_DAY = 86_400
_PERIODS = (_DAY, 3_600, 60, 1)
"""The lengths of periods, in seconds. Starts may be of any of them, so that each has its share of the stake."""

_LEAST_KEPT = 0.5
"""The share of the applicants, at least, that the first whole period must leave."""


class Starts(NamedTuple):
    """The period that each applicant belongs to, from the first whole one on, and the stake that starts with each."""

    periods: NDArray[np.int64]
    skipped: int
    stake: float


class PairedFinding(NamedTuple):
    """The evidence that another decides better about a group, and the ratio that it has on the same applicants.

    `breach`: the evidence that the other is below the limit itself. `people`: members of the group.
    """

    people: int
    live_ratio: float | None
    ratio: float | None
    better: float
    breach: float


def choose_starts(moments: Floats, is_whole: bool, horizon_days: int) -> Starts | None:
    """Choose the longest periods that leave most of the applicants; None where they are of a moment.

    `is_whole`: the first applicant is the first one of the entry. Else the period in which the choice of applicants
    begins is left out, because where it begins depends on when the alarm was.
    """
    for seconds in _PERIODS:
        periods = (moments // seconds).astype(np.int64)
        kept = periods >= periods[0] if is_whole else periods > periods[0]
        if kept.mean() >= _LEAST_KEPT:
            number = horizon_days * _DAY // seconds
            return Starts(periods[kept], int((~kept).sum()), 1 / (len(_PERIODS) * number))
    return None


def compare_paired(
    codes: NDArray[np.int64],
    group: int,
    live: NDArray[np.bool_],
    other: NDArray[np.bool_],
    starts: Starts,
    limit: float,
) -> PairedFinding:
    """Compare who was approved with who would be, for one group of an attribute, in the order of the log."""
    kept = slice(starts.skipped, None)
    sides = [DecidedRows(codes[kept], one[kept], starts.periods) for one in (live, other)]
    compared = [Pairing().pair(rows, group) for rows in sides]
    shortfalls = [limit * one.reference - one.member for one in compared]
    periods = starts.periods[compared[0].places]
    better = Evidence(limit, starts.stake)
    breach = Evidence(limit, 1 / len(np.unique(starts.periods)))  # it only objects: the starts at hand have all of it
    better.bet((shortfalls[0] - shortfalls[1]) / (1 + limit), periods)
    breach.bet(shortfalls[1], periods)
    sums = [RatioSums() for _ in compared]
    for one, comparisons in zip(sums, compared, strict=True):
        one.add(comparisons)
    ratios = [one.member / one.reference if one.reference else None for one in sums]
    return PairedFinding(int((codes[kept] == group).sum()), ratios[0], ratios[1], better.value, breach.value)

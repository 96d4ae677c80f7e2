"""Compare who decided with who else might, on the same applicants: which one treats a group less unequally.

For each comparison, the gain is the shortfall Z of the one that decides less that of the other, scaled into [-1, 1].
Where the other is no better the gain is at most 0 on average given the past, so the evidence is valid at any time, that
of an alarm too. A stake starts each day, each hour, each minute and each second of the horizon, all of which
together are at most 1: so the evidence is valid whichever of these starts the applicants at hand begin with.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from watch.evidence import DecidedRows, Evidence, Floats, Pairing, RatioSums

_DAY = 86_400
_PERIODS = (_DAY, 3_600, 60, 1)
"""The lengths of periods, in seconds. Starts may be of any of them, so that each has its share of the stake."""


class Starts(NamedTuple):
    """Periods of one length: those of applicants, from the first whole one on, and the stake that starts with each."""

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


def list_starts(moments: Floats, is_whole: bool, horizon_days: int) -> list[Starts]:
    """List the periods of each length that begin among applicants; none where they are of a moment.

    `is_whole`: the first applicant is the first one of the entry. Else the periods in which the choice of applicants
    begins are left out, because where it begins depends on when the alarm was.
    """
    listed = []
    for seconds in _PERIODS:
        periods = (moments // seconds).astype(np.int64)
        kept = periods >= periods[0] if is_whole else periods > periods[0]
        stake = seconds / (len(_PERIODS) * horizon_days * _DAY)
        listed += [Starts(periods[kept], int((~kept).sum()), stake)] if kept.any() else []
    return listed


def compare_paired(
    codes: NDArray[np.int64],
    group: int,
    live: NDArray[np.bool_],
    other: NDArray[np.bool_],
    starts: Sequence[Starts],
    limit: float,
) -> PairedFinding:
    """Compare who was approved with who would be, for one group of an attribute, in the order of the log.

    The evidence is the sum over the lengths of periods; the ratios are of all the applicants.
    """
    weighed = [_weigh(codes, group, (live, other), one, limit) for one in starts]
    days = np.zeros(len(codes), np.int64)
    sums = [RatioSums() for _ in range(2)]
    for one, approved in zip(sums, (live, other), strict=True):
        one.add(Pairing().pair(DecidedRows(codes, approved, days), group))
    ratios = [one.member / one.reference if one.reference else None for one in sums]
    better, breach = sum(one for one, _ in weighed), sum(one for _, one in weighed) / max(len(starts), 1)
    return PairedFinding(int((codes == group).sum()), ratios[0], ratios[1], better, breach)


def _weigh(
    codes: NDArray[np.int64], group: int, decided: Sequence[NDArray[np.bool_]], starts: Starts, limit: float
) -> tuple[float, float]:
    """Weigh that the second one who decides is better than the first one, and that it is below the limit itself."""
    kept = slice(starts.skipped, None)
    compared = [Pairing().pair(DecidedRows(codes[kept], one[kept], starts.periods), group) for one in decided]
    shortfalls = [limit * one.reference - one.member for one in compared]
    periods = starts.periods[compared[0].places]
    better = Evidence(limit, starts.stake)
    number = starts.periods[-1] - starts.periods[0] + 1
    breach = Evidence(limit, 1 / float(number))  # it only objects: the starts at hand have all of it
    better.bet((shortfalls[0] - shortfalls[1]) / (1 + limit), periods)
    breach.bet(shortfalls[1], periods)
    return better.value, breach.value

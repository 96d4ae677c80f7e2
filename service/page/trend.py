"""Draw the decisions of each hour of the last day as stacked bars."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from credit.decision_log.counting.summary import DecisionCounts

HOURS = 24
"""Full hours before the one that runs."""

_KINDS = ("approve", "refer", "deny")
_LABELLED = 6
"""Every so many hours the bar has its hour below."""


class Part(NamedTuple):
    """A part of a bar, in percent of the largest bar. `y`: of its upper edge."""

    kind: str
    y: float
    height: float


class Bar(NamedTuple):
    """The decisions of an hour. `label`: the hour, empty below most bars; `said`: the counts in words."""

    label: str
    parts: list[Part]
    said: str


class Trend(NamedTuple):
    """The hours of a day, oldest first. `most`: the decisions of the busiest."""

    bars: list[Bar]
    most: str


def begin_of_day(now: datetime) -> datetime:
    """Find the begin of the first hour that the trend shows."""
    return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS)


def draw_trend(counts: DecisionCounts, now: datetime) -> Trend:
    """Draw the decisions of each hour; the last one is not over yet."""
    numbers: Counter[tuple[datetime, str]] = Counter()
    for cell, number in counts.items():
        if cell.attribute is None:
            numbers[cell.hour, cell.decision] += number
    begin = begin_of_day(now)
    hours = [begin + timedelta(hours=hour) for hour in range(HOURS + 1)]
    most = max(sum(numbers[hour, kind] for kind in _KINDS) for hour in hours)
    bars = [_draw_bar(hour, {kind: numbers[hour, kind] for kind in _KINDS}, most) for hour in hours]
    bars[-1] = bars[-1]._replace(label="")  # beside which there is no room
    return Trend(bars, f"{most:,}")


def _draw_bar(hour: datetime, numbers: dict[str, int], most: int) -> Bar:
    parts, y = [], 100.0
    for kind, number in numbers.items():
        height = 100 * number / most if most else 0.0
        y -= height
        parts += [Part(kind, y, height)] if number else []
    said = f"{hour:%H:%M}: {numbers['approve']:,} approved, {numbers['refer']:,} referred, {numbers['deny']:,} denied"
    return Bar(f"{hour:%H:%M}" if hour.hour % _LABELLED == 0 else "", parts, said)

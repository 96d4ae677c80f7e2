"""A time as people say it."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple


class Moment(NamedTuple):
    """A time for people, and for programs."""

    said: str
    iso: str
    ago: str


def moment_of(moment: datetime, now: datetime) -> Moment:
    """A time, seen from now."""
    there = moment.astimezone(UTC)
    return Moment(f"{there.day} {there:%B %Y, %H:%M} UTC", there.isoformat(timespec="seconds"), ago(now - there))


def ago(passed: timedelta) -> str:
    """How long ago, in the largest unit that there is at least one of."""
    for unit, seconds in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        count = int(passed.total_seconds() // seconds)
        if count >= 1:
            return f"{count:,} {unit}{'s' if count > 1 else ''} ago"
    return "just now"

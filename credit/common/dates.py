"""Times: parsing, and formatting for people."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from credit.common.errors import CreditError, Problem


def parse_time(text: str) -> datetime:
    """Parse a moment from ISO 8601; UTC when no zone is given. Raises CreditError when it is not one."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        expected = "a time such as 2026-11-23T04:30 or 2026-11-23T04:30+01:00"
        raise CreditError(Problem("--at", repr(text[:80]), expected)) from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


class DisplayTime(NamedTuple):
    """A time for people, and for programs."""

    text: str
    iso: str
    ago: str


def describe_time(moment: datetime, now: datetime) -> DisplayTime:
    """Describe a time, seen from now."""
    there = moment.astimezone(UTC)
    return DisplayTime(
        f"{there.day} {there:%B %Y, %H:%M} UTC", there.isoformat(timespec="seconds"), format_age(now - there)
    )


def format_age(passed: timedelta) -> str:
    """Format how long ago a time is, in the largest unit that fits at least once; clocks may differ by a minute."""
    if passed < timedelta(minutes=-1):
        return "in the future: somebody's clock was wrong"
    for unit, seconds in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        count = int(passed.total_seconds() // seconds)
        if count >= 1:
            return f"{count:,} {unit}{'s' if count > 1 else ''} ago"
    return "just now"

"""Times as people write and read them."""

from datetime import UTC, datetime

from credit.errors import CreditError, Problem


def ago(time: datetime) -> str:
    """How long ago, in one unit."""
    seconds = (datetime.now(UTC) - time).total_seconds()
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"


def time_of(text: str) -> datetime:
    """A moment from ISO 8601; UTC when no zone is given. Raises CreditError when it is none."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        expected = "a time such as 2026-11-23T04:30 or 2026-11-23T04:30+01:00"
        raise CreditError(Problem("--at", repr(text[:80]), expected)) from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)

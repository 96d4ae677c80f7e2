"""A time whose month lasts: a migration and the making of months ask the clock of the server by themselves."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from credit.decision_log.months.partitions import add_months

_LONGEST_TEST = timedelta(minutes=3)


@pytest.fixture
def now() -> datetime:
    """The time, after the end of a month that would come within the test; the server is on this machine."""
    left = add_months(datetime.now(UTC), 1) - datetime.now(UTC)
    if left < _LONGEST_TEST:
        time.sleep(left.total_seconds() + 0.1)
    return datetime.now(UTC)

"""How long decisions took in the last hour, from the service's own metric of it."""

import logging
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

from service.metrics import read_decision_times

Buckets = Mapping[float, int]
"""The number of decisions that took at most so many seconds, by these."""

_LOG = logging.getLogger(__name__)

_EVERY_SECONDS, _MAX_SAMPLES = 60.0, 61


class PeriodTimes(NamedTuple):
    """The decisions of a period by how long they took: bounds in seconds that rise, and how many are below each.

    The last bound is infinite. `seconds`: how long the period was.
    """

    bounds: list[float]
    counts: list[int]
    seconds: float

    @property
    def total(self) -> int:
        """The number of decisions."""
        return self.counts[-1] if self.counts else 0

    def find_bound(self, share: float) -> float:
        """Find the lowest bound below which at least a share of the decisions is."""
        return self.bounds[bisect_left(self.counts, share * self.total)]


class DecisionTimes:
    """Samples of the counts, one a minute, so that those of the last hour are known.

    The first is of the start: where there are several workers, a new one finds the counts of all that were before it.
    """

    def __init__(self) -> None:
        self._samples: deque[tuple[float, Buckets]] = deque(maxlen=_MAX_SAMPLES)
        self.sample()

    @property
    def is_due(self) -> bool:
        """Tell whether the last sample is a minute old, or there is none."""
        return not self._samples or time.monotonic() - self._samples[-1][0] >= _EVERY_SECONDS

    def sample(self) -> None:
        """Keep the counts of now. Where they cannot be read, because a worker ends just now, they are tried again."""
        counts = _read_counts()
        if counts is not None:
            self._samples.append((time.monotonic(), counts))

    def read_period(self) -> PeriodTimes:
        """Read the decisions of the last hour, or since the start; up to the last sample where they cannot be read."""
        counts, now = _read_counts(), time.monotonic()
        if not self._samples:
            return PeriodTimes([], [], 0.0)
        begun, before = self._samples[0]
        if counts is None:
            now, counts = self._samples[-1]
        bounds = sorted(counts)
        return PeriodTimes(bounds, [counts[bound] - before.get(bound, 0) for bound in bounds], now - begun)


def _read_counts() -> Buckets | None:
    """Read the counts of now; None where they cannot be read."""
    try:
        return read_decision_times()
    except Exception:  # noqa: BLE001 - whoever samples watches over more than the page, which has more to show
        _LOG.exception("how long decisions took could not be read")
        return None

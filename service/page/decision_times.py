"""How long decisions took in the last hour, from the service's own metric of it."""

import time
from bisect import bisect_left
from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

from service.metrics import read_decision_times

Buckets = Mapping[float, int]
"""The number of decisions that took at most so many seconds, by these."""

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
    """Samples of the counts, one a minute, so that those of the last hour are known."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, Buckets]] = deque([(time.monotonic(), {})], _MAX_SAMPLES)

    def sample(self) -> None:
        """Keep the counts of now, if the last ones are a minute old."""
        now = time.monotonic()
        if now - self._samples[-1][0] >= _EVERY_SECONDS:
            self._samples.append((now, read_decision_times()))

    def read_period(self) -> PeriodTimes:
        """Read the decisions of the last hour, or since the start."""
        (begun, before), now = self._samples[0], read_decision_times()
        bounds = sorted(now)
        counts = [now[bound] - before.get(bound, 0) for bound in bounds]
        return PeriodTimes(bounds, counts, time.monotonic() - begun)

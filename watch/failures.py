"""Evidence that a model fails, or is late, more often than its budget allows: valid at any time, as that about groups.

Failures come in bunches, so people are not counted one by one: of each five minutes the share that the rule decided
since the model failed is one observation, however many people these were. Where the expected share, given the past, is
at most the budget, share / budget - 1 is at most 0 on average, and that the evidence ever exceeds 1/alpha within one
horizon has a chance of at most alpha (Ville). Nothing else is assumed: neither independence nor a number of people.
"""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from watch.evidence import Evidence, Floats
from watch.paired import Starts

PERIOD_SECONDS = 300
_RECENT = 12
"""Whole periods that are kept: an hour in which somebody is decided all the time."""
_PERIODS_A_DAY = 86_400 // PERIOD_SECONDS


class FailureFinding(NamedTuple):
    """How often the model of an entry fails. `decided`, `failed`: in the last `_RECENT` periods in which people came.

    `share`: of the last whole period; `evidence`: that it is above `budget`; `since`: when that period began, in
    seconds; `is_alarm`: beyond `threshold`, it lasts, and `failed` are enough.
    """

    decided: int
    failed: int
    share: float
    budget: float
    evidence: float
    threshold: float
    since: float
    is_alarm: bool


@dataclass
class FailureWatch:
    """The failures of an entry's model, and the evidence in them, of constant size.

    `recent`: the newest periods, each with the people decided by the model or in its place, and with the latter ones;
    the last one is not over.
    """

    evidence: Evidence
    recent: list[list[int]] = field(default_factory=list)

    def feed(self, moments: Floats, failed: NDArray[np.bool_]) -> Floats:
        """Feed decisions in the order of the log, by the model or in its place. `moments`: in seconds.

        Returns the evidence after each period that is over by them.
        """
        if not len(moments):
            return np.empty(0)
        periods = self.list_periods(moments)
        distinct, places = np.unique(periods, return_inverse=True)
        decided, of_rule = np.bincount(places), np.bincount(places, failed)
        counted = [list(map(int, one)) for one in zip(distinct, decided, of_rule, strict=True)]
        if self.recent and self.recent[-1][0] == counted[0][0]:
            _, before, before_failed = self.recent.pop()
            counted[0] = [counted[0][0], counted[0][1] + before, counted[0][2] + before_failed]
        elif self.recent:
            counted.insert(0, self.recent.pop())
        over = np.array(counted[:-1], dtype=np.int64).reshape(-1, 3)
        self.recent = [*self.recent, *counted][-_RECENT - 1 :]
        return self.evidence.bet(over[:, 2] / over[:, 1] / self.evidence.limit - 1, over[:, 0] // _PERIODS_A_DAY)

    def list_periods(self, moments: Floats) -> NDArray[np.int64]:
        """List the periods of decisions that come next, which do not fall."""
        periods = np.maximum.accumulate((moments // PERIOD_SECONDS).astype(np.int64))
        return np.maximum(periods, self.recent[-1][0]) if self.recent else periods

    def judge(self, alpha: float, least: int) -> FailureFinding:
        """Judge whether the model fails beyond its budget, and still does; not so before a period is over."""
        (period, decided, failed), (_, open_decided, open_failed) = ([[0, 1, 0]] * 2 + self.recent)[-2:]
        budget, share = self.evidence.limit, failed / decided
        lasts = share > budget and open_failed > budget * open_decided
        number = sum(one[2] for one in self.recent)
        return FailureFinding(
            decided=sum(one[1] for one in self.recent),
            failed=number,
            share=share,
            budget=budget,
            evidence=self.evidence.value,
            threshold=1 / alpha,
            since=float(period * PERIOD_SECONDS),
            is_alarm=lasts and number >= least and self.evidence.value >= 1 / alpha,
        )

    def dump(self) -> dict[str, Any]:
        """Dump as JSON takes it."""
        return asdict(self)

    @classmethod
    def load(cls, content: dict[str, Any]) -> Self:
        """Load what `dump` gave."""
        return cls(Evidence(**content["evidence"]), content["recent"])


def start_failures(budget: float, horizon_days: int) -> FailureWatch:
    """Start to watch a model that may fail for so large a share of people."""
    return FailureWatch(Evidence(budget, 1 / horizon_days))


def iterate_looks(
    watch: FailureWatch, moments: Floats, failed: NDArray[np.bool_], threshold: float
) -> Iterator[tuple[int, FailureWatch]]:
    """Iterate over the seconds of decisions at whose end there is as much evidence as a threshold, or more.

    Gives the number of decisions until then, and the model's watch as it is then. Changes no other one.
    """
    if not len(moments):
        return
    starts = np.flatnonzero(np.diff(watch.list_periods(moments), prepend=-1))
    after = deepcopy(watch).feed(moments, failed)
    evidence = np.append(watch.evidence.value, after)[-len(starts) :]
    watch, fed = deepcopy(watch), 0
    for start, end, value in zip(starts, [*starts[1:], len(moments)], evidence, strict=True):
        if value < threshold:
            continue
        for number in start + 1 + np.flatnonzero(np.diff(moments[start:end], append=np.inf)):
            watch.feed(moments[fed:number], failed[fed:number])
            fed = number
            yield int(number), watch


def compare_failures(live: NDArray[np.bool_], other: NDArray[np.bool_], starts: Sequence[Starts]) -> float:
    """Compare who fails on the same applicants: the evidence that the other does so less often."""
    gains, total = live.astype(float) - other, 0.0
    for one in starts:
        evidence = Evidence(0.0, one.stake)
        evidence.bet(gains[one.skipped :], one.periods)
        total += evidence.value
    return total

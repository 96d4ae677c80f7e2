"""Decide applications, one or many, each request within its deadline, and record every decision."""

import asyncio
import functools
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import NamedTuple, TypeVar

from credit.decision_log.group_commit import Writer
from service.deciding.batches import Batch
from service.deciding.lane import Lane
from service.deciding.recording import AnswerFuture, RecordedDecisions, Recorder
from service.deciding.rule_thread import RuleThread
from service.deciding.singles import SingleTask
from service.deciding.tasks import DecisionTask
from service.engine.live_version import LiveVersion
from service.engine.requests import ApplicationRequest

T = TypeVar("T")

_ASIDE_THREADS = 2
"""Threads that read and answer batches, and do what each of their tasks takes."""

_MAX_BATCHES = 32
"""Batches at a time: with thousands of applications each, more would take the memory of the machine."""


class TimeLimits(NamedTuple):
    """Seconds for a single application, and for a batch, from the arrival of the request to its decision."""

    model_seconds: float
    batch_seconds: float


class BusyError(Exception):
    """More batches at a time than there is room for."""


class Decider:
    """The model of the live version, that of a challenger who decides about a share, and the rule beside both.

    Each has a lane of its own, so that nobody whom the live version decides waits for a challenger that is slow.
    """

    def __init__(self, writer: Writer, environment: str, limits: TimeLimits) -> None:
        self._limits, self._rule, self._recorder = limits, RuleThread(), Recorder(writer, environment)
        self._pool = ThreadPoolExecutor(_ASIDE_THREADS, "batches")
        self.live = self._open_lane("")
        self._challengers: Lane | None = None
        self._held = 0

    @property
    def limits(self) -> TimeLimits:
        """The times that requests have."""
        return self._limits

    @limits.setter
    def limits(self, limits: TimeLimits) -> None:
        self._limits = limits
        for lane in self._list_lanes():
            lane.allow(limits.model_seconds)

    @property
    def challengers(self) -> Lane:
        """The lane of challengers; it is opened when the first one is to decide."""
        if self._challengers is None:
            self._challengers = self._open_lane("challenger-")
        return self._challengers

    def list_challenger_problems(self) -> list[str]:
        """List the problems of a challenger's model."""
        return [] if self._challengers is None else list(self._challengers.list_problems().values())

    def log_counts(self) -> None:
        """Log once a minute how many failures of models there were since the last time."""
        for lane in self._list_lanes():
            lane.watch.log_counts()

    async def decide(
        self, serving: LiveVersion, asked: ApplicationRequest, caller: str, key: str | None, arrived: float
    ) -> RecordedDecisions:
        """Decide one application; for an idempotency key used before, find the earlier decision.

        Raises CreditError when the contract of the version refuses a value, KeyConflictError when the key belongs to
        another request, RecordingError when the log is away.
        """
        return await self.begin(serving, asked, caller, key, arrived)

    def begin(
        self, serving: LiveVersion, asked: ApplicationRequest, caller: str, key: str | None, arrived: float
    ) -> AnswerFuture:
        """Begin to decide one application, as `decide` does, within the event loop; returns at once."""
        lane = self._find_lane(serving)
        answer: AnswerFuture = asyncio.get_running_loop().create_future()
        origin = self._recorder.find_origin("one", [asked], caller, key)
        lane.singles.add(SingleTask(serving, asked, arrived + self.limits.model_seconds, origin, answer))
        return answer

    async def decide_batch(
        self,
        serving: Sequence[LiveVersion],
        asked: Sequence[ApplicationRequest],
        caller: str,
        key: str | None,
        arrived: float,
    ) -> RecordedDecisions:
        """Decide a batch, each application by its version, and record all of it or nothing. Raises as `decide` does."""
        answer: AnswerFuture = asyncio.get_running_loop().create_future()
        seconds = self.limits.batch_seconds
        deadline = arrived + seconds
        origin = await self.run_aside(functools.partial(self._recorder.find_origin, "batch", asked, caller, key))
        tasks, parts = await self.run_aside(functools.partial(_make_tasks, serving, asked, deadline))
        batch = Batch(tasks, origin, answer, seconds)
        for part in parts:
            self._find_lane(part[0].serving).batches.add(batch, part)
        del asked, tasks, parts, part, batch  # so that they go when they are decided, and not with the answer
        return await answer

    @contextmanager
    def hold_batch(self) -> Iterator[None]:
        """Hold one of the places that batches have. Raises BusyError when there is none."""
        if self._held >= _MAX_BATCHES:
            raise BusyError
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1

    async def run_aside(self, work: Callable[[], T]) -> T:
        """Do work for a batch in a thread of its own: it takes too long for the loop."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def reset(self) -> None:
        """Forget, after a swap, what the old version's model did. Any thread may call it; the loop heeds it."""
        self.live.reset()

    def close(self) -> None:
        """Decide the queued applications, then end the threads."""
        for lane in self._list_lanes():
            lane.batches.close()
        self._pool.shutdown()
        for lane in self._list_lanes():
            lane.close()
        self._rule.close()

    def _open_lane(self, name: str) -> Lane:
        return Lane(name, self._recorder, self._rule, self._limits.model_seconds, self._pool)

    def _list_lanes(self) -> list[Lane]:
        return [self.live, *([self._challengers] if self._challengers else [])]

    def _find_lane(self, serving: LiveVersion) -> Lane:
        lane = self.live if serving.challenge is None else self.challengers
        lane.renew()
        return lane


def _make_tasks(
    serving: Sequence[LiveVersion], asked: Sequence[ApplicationRequest], deadline: float
) -> tuple[list[DecisionTask], list[list[DecisionTask]]]:
    """Make the tasks of a batch, and the parts of them that are of the live version and of a challenger."""
    tasks = [DecisionTask(version, one, deadline) for version, one in zip(serving, asked, strict=True)]
    parts = [[one for one in tasks if (one.serving.challenge is None) == is_live] for is_live in (True, False)]
    return tasks, [part for part in parts if part]

"""Decide applications, one or many, each request within its deadline, and record every decision."""

import asyncio
import functools
import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import NamedTuple, TypeVar

from credit.decision_log.group_commit import Writer
from credit.scoring.reasons import DecidedBy
from service.deciding.batches import Batches
from service.deciding.circuit_breaker import CircuitState
from service.deciding.model_threads import ModelThreads
from service.deciding.model_watch import ModelWatch
from service.deciding.recording import AnswerFuture, RecordedDecisions, Recorder
from service.deciding.rule_thread import RuleThread
from service.deciding.singles import Singles, SingleTask
from service.deciding.tasks import DecisionTask
from service.engine.live_version import LiveVersion
from service.engine.requests import ApplicationRequest

_LOG = logging.getLogger(__name__)

T = TypeVar("T")

_LANES = {"one": "single applications", "batch": "batches"}
_BATCH_THREADS = 2
_BATCH_SLICE = 20
"""Threads that decide batches, and applications of one that a thread decides before it turns to the next batch."""

_MAX_BATCHES = 32
"""Batches at a time: with thousands of applications each, more would take the memory of the machine."""


class TimeLimits(NamedTuple):
    """Seconds for a single application, and for a batch, from the arrival of the request to its decision."""

    model_seconds: float
    batch_seconds: float


class BusyError(Exception):
    """More batches at a time than there is room for."""


class Decider:
    """The model in threads, the rule beside it, and the circuits between them.

    Batches have threads and a circuit of their own, so that nobody waits behind one.
    """

    def __init__(self, writer: Writer, environment: str, limits: TimeLimits) -> None:
        self._limits = limits
        self.watch, self._recorder, rule = ModelWatch(), Recorder(writer, environment), RuleThread()
        start = functools.partial(ModelThreads, seconds=limits.model_seconds, note_failure=self.watch.note_failure)
        self._one = start("one", threads=1, slice_size=1_000_000)
        self._many = start("many", threads=_BATCH_THREADS, slice_size=_BATCH_SLICE)
        self._rule, self._is_renewed, self._held = rule, False, 0
        self._singles = Singles(self._one, rule, self._recorder, self.watch)
        self._left_alone: set[str] = set()
        self._pool = ThreadPoolExecutor(_BATCH_THREADS, "batches")
        self._batches = Batches(self._many, rule, self._recorder, self.watch, self._pool)

    def list_problems(self) -> dict[str, str]:
        """List the problems of the model, by kind."""
        problems = self.watch.list_problems()
        if set(self.circuits.values()) != {"closed"}:
            problems["circuit"] = "the model is left alone because it is too slow; until it is not, the rule decides"
        return problems

    @property
    def limits(self) -> TimeLimits:
        """The times that requests have."""
        return self._limits

    @limits.setter
    def limits(self, limits: TimeLimits) -> None:
        self._limits = limits
        self._one.seconds = self._many.seconds = limits.model_seconds

    @property
    def circuits(self) -> dict[str, CircuitState]:
        """The states of the circuits: for single applications and for batches."""
        return {"one": self._one.circuit, "batch": self._many.circuit}

    def find_decider(self, serving: LiveVersion) -> DecidedBy:
        """Find who decides single applications by a version now: the rule also while its model is left alone."""
        return "model" if serving.decides == "model" and self._one.circuit == "closed" else "rule"

    def log_circuits(self, serving: LiveVersion | None) -> None:
        """Log that the model of the live version is left alone since the last time, or decides again."""
        for lane, state in self.circuits.items():
            is_left, was_left = state != "closed", lane in self._left_alone
            if is_left == was_left:
                continue
            self._left_alone ^= {lane}
            if serving is None or serving.decides == "rule":
                continue  # then it makes no difference
            version = serving.version or "the image"
            if is_left:
                said = "%s: the rule decides, as the model of %s is too slow and is left alone"
                _LOG.warning(said, _LANES[lane], version)
            else:
                _LOG.info("%s: the model decides again, of %s", _LANES[lane], version)

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
        self._renew()
        answer: AnswerFuture = asyncio.get_running_loop().create_future()
        origin = self._recorder.find_origin("one", [asked], caller, key)
        self._singles.add(SingleTask(serving, asked, arrived + self.limits.model_seconds, origin, answer))
        return answer

    async def decide_batch(
        self, serving: LiveVersion, asked: Sequence[ApplicationRequest], caller: str, key: str | None, arrived: float
    ) -> RecordedDecisions:
        """Decide a batch and record all of it or nothing. Raises as `decide` does."""
        self._renew()
        answer: AnswerFuture = asyncio.get_running_loop().create_future()
        seconds = self.limits.batch_seconds
        deadline = arrived + seconds
        origin = await self.run_aside(functools.partial(self._recorder.find_origin, "batch", asked, caller, key))
        tasks = await self.run_aside(functools.partial(_make_tasks, serving, asked, deadline))
        self._batches.add(tasks, origin, answer, seconds)
        del asked, tasks  # so that they go when they are decided, and not with the answer
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
        self._is_renewed = True

    def close(self) -> None:
        """Decide the queued applications, then end the threads."""
        self._batches.close()
        self._pool.shutdown()
        for threads in (self._one, self._many, self._rule):
            threads.close()

    def _renew(self) -> None:
        if self._is_renewed:
            self._is_renewed = False
            self._one.renew()
            self._many.renew()
            self._singles.renew()
            self.watch.forget()


def _make_tasks(serving: LiveVersion, asked: Sequence[ApplicationRequest], deadline: float) -> list[DecisionTask]:
    return [DecisionTask(serving, one, deadline) for one in asked]

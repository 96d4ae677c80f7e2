"""Decide batches of applications within a deadline of their own, beside the single ones."""

import asyncio
import functools
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Executor
from typing import NamedTuple

from credit.bundle.rule_causes import describe_late, describe_slow
from credit.common.errors import CreditError
from credit.decision_log.database import DecisionRow
from credit.decision_log.repeats import RecordedRequest
from service.deciding.decision_records import RecordOrigin
from service.deciding.model_threads import ModelThreads
from service.deciding.model_watch import ModelWatch
from service.deciding.recording import AnswerFuture, Recorder, build_records, locate_problems, refuse, settle
from service.deciding.rule_thread import RuleThread
from service.deciding.tasks import DecisionTask, TaskGroup

_TICK_SECONDS = 0.05


class Batch:
    """A batch on its way, and how many of its applications are still to be decided, by whichever version."""

    def __init__(
        self, tasks: Sequence[DecisionTask], origin: RecordOrigin, answer: AnswerFuture, seconds: float
    ) -> None:
        self.tasks, self.origin, self.answer, self.seconds = tasks, origin, answer, seconds
        self.deadline = tasks[0].deadline
        self._left, self._turn = len(tasks), threading.Lock()

    def let_go(self) -> Sequence[DecisionTask]:
        """Give the tasks away, which are not needed beyond their record."""
        tasks, self.tasks = self.tasks, ()
        return tasks

    def note_decided(self, count: int) -> bool:
        """Note decided applications; True for the last of them."""
        with self._turn:
            self._left -= count
            return count > 0 and self._left == 0


class _Part(NamedTuple):
    """The applications of a batch that one version decides, as a group for the threads of its model.

    The group refers to the batch, and the batch not to the part: else both would stay until garbage is collected.
    """

    batch: Batch
    group: TaskGroup


class Batches:
    """Decides batches, or the parts of them that are one version's; `aside` does what each task takes.

    All methods but `_deliver` belong to the event loop.
    """

    def __init__(
        self, model: ModelThreads, rule: RuleThread, recorder: Recorder, watch: ModelWatch, aside: Executor
    ) -> None:
        self._model, self._rule, self._recorder, self._watch, self._aside = model, rule, recorder, watch, aside
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pending: list[_Part] = []
        self._is_ticking = False

    def add(self, batch: Batch, tasks: Sequence[DecisionTask]) -> None:
        """Decide tasks of a batch by its deadline, by the rule at once while the model is left alone."""
        loop = self._loop = asyncio.get_running_loop()
        deliver = functools.partial(self._deliver, batch)
        if self._model.is_stuck or not self._model.breaker.admit(time.monotonic()):
            self._aside.submit(self._rule.decide, tasks, describe_slow(self._model.seconds), deliver)
            return
        part = _Part(batch, TaskGroup(tasks, deliver))
        self._pending.append(part)
        self._model.submit(part.group)
        if not self._is_ticking:
            self._is_ticking = True
            loop.call_later(_TICK_SECONDS, self._tick)

    def close(self) -> None:
        """Watch no batch any more: whoever waits still has been told that the service ends."""
        self._pending = []

    def _tick(self) -> None:
        """Let the rule decide the rest of a part whose time is over; of every part, when the model is stuck."""
        now = time.monotonic()
        self._model.watch(now)
        self._pending = [part for part in self._pending if not part.batch.answer.done()]
        for batch, group in self._pending:
            self._aside.submit(group.flush)
            if self._model.circuit == "open":
                because = describe_slow(self._model.seconds)
            elif batch.deadline <= now:
                because = describe_late(batch.seconds)
            else:
                continue
            self._aside.submit(self._rule.decide, group.tasks, because, functools.partial(self._deliver, batch))
        self._is_ticking = bool(self._pending)
        if self._loop is not None and self._is_ticking:
            self._loop.call_later(_TICK_SECONDS, self._tick)

    def _deliver(self, batch: Batch, tasks: Sequence[DecisionTask]) -> None:
        """Record a batch with its last application. Called by the thread that decided that one."""
        self._watch.note_tasks(tasks)
        if not batch.note_decided(len(tasks)):
            return
        assert self._loop is not None  # noqa: S101 - for mypy: it was there before the first batch
        tasks = batch.let_go()
        if error := _find_error(tasks):
            self._loop.call_soon_threadsafe(refuse, batch.answer, error)
            return
        records = build_records(tasks, batch.origin)
        loop = self._loop
        self._recorder.write(
            [records], lambda recorded: loop.call_soon_threadsafe(_settle_batch, batch.answer, records, recorded)
        )


def _find_error(tasks: Sequence[DecisionTask]) -> Exception | None:
    """Find why a batch is refused: every problem of its applications, or what neither model nor rule could decide."""
    errors = [(place, task.result) for place, task in enumerate(tasks) if isinstance(task.result, Exception)]
    for _, error in errors:
        if not isinstance(error, CreditError):
            return error
    problems = [
        problem
        for place, error in errors
        if isinstance(error, CreditError)
        for problem in locate_problems(f"applications.{place}.", error)
    ]
    return CreditError(problems) if problems else None


def _settle_batch(
    answer: AnswerFuture, built: list[DecisionRow], recorded: list[RecordedRequest] | CreditError
) -> None:
    settle(answer, built, recorded if isinstance(recorded, CreditError) else recorded[0])

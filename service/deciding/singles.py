"""Decide single applications, each within its deadline; the event loop never waits."""

import asyncio
import time
from collections import deque
from collections.abc import Sequence

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
from service.engine.live_version import LiveVersion
from service.engine.requests import ApplicationRequest

_TICK_SECONDS = 0.02
"""How often deadlines are looked at, and how long applications wait for others that are being recorded."""

_GATHER_SECONDS = 0.001
"""How long the first of a group waits for the others who were answered together with it."""


class SingleTask(DecisionTask):
    """An application, its origin, and the future that waits for its decision."""

    __slots__ = ("answer", "origin")

    def __init__(
        self,
        serving: LiveVersion,
        asked: ApplicationRequest,
        deadline: float,
        origin: RecordOrigin,
        answer: AnswerFuture,
    ) -> None:
        super().__init__(serving, asked, deadline)
        self.origin, self.answer = origin, answer


class Singles:
    """Decides applications that arrive while others are being decided together with each other.

    So the more callers there are, the more share one pass through the threads and one write to the disk, and a lone
    caller does not wait. All methods but `_deliver` belong to the event loop.
    """

    def __init__(self, model: ModelThreads, rule: RuleThread, recorder: Recorder, watch: ModelWatch) -> None:
        self._model, self._rule, self._recorder, self._watch = model, rule, recorder, watch
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: list[SingleTask] = []
        self._unpunctual: dict[str, list[SingleTask]] = {}
        self._pending: deque[SingleTask] = deque()
        self._group: TaskGroup | None = None
        self._left_groups: list[TaskGroup] = []
        self._is_ticking = False
        self._expected = 1
        self._gathering: asyncio.TimerHandle | None = None

    def add(self, task: SingleTask) -> None:
        """Decide an application, by the rule at once when the model would be late or is left alone."""
        loop = self._loop = asyncio.get_running_loop()
        now = time.monotonic()
        if because := self._find_obstacle(now, task.deadline):
            if not self._unpunctual:
                loop.call_soon(self._hand_over)
            self._unpunctual.setdefault(because, []).append(task)
            return
        self._waiting.append(task)
        self._pending.append(task)
        if self._is_idle():
            self._gather(loop)
        if not self._is_ticking:
            self._is_ticking = True
            loop.call_later(_TICK_SECONDS, self._tick)

    def _gather(self, loop: asyncio.AbstractEventLoop) -> None:
        """Hand what waits to the model once as many have come as were answered together last, or a moment later.

        Those whom the last answers reached ask again, each at another time; a group costs as much as many in it. Also
        while another group is being recorded: those decided meanwhile go into the next write.
        """
        if len(self._waiting) >= self._expected:
            loop.call_soon(self._submit)
        elif self._gathering is None:
            self._gathering = loop.call_later(_GATHER_SECONDS, self._submit)

    def renew(self) -> None:
        """Leave the group that is with the model to it, and to deadlines: its thread has been replaced."""
        if self._group is not None:
            self._left_groups.append(self._group)
        self._group = None

    def _find_obstacle(self, now: float, deadline: float) -> str | None:
        """Find why the model cannot decide an application in time; None when it may."""
        ahead = len(self._waiting) + (self._group.left if self._group else 0)
        if ahead and now + (ahead + 1) * self._model.expected_seconds > deadline:
            return describe_late(self._model.seconds)
        if self._model.is_stuck or not self._model.breaker.admit(now):
            return describe_slow(self._model.seconds)
        return None

    def _is_idle(self) -> bool:
        return self._group is None or not self._group.left

    def _submit(self) -> None:
        """Hand what waits to the model, if that has nothing else to do."""
        if self._gathering is not None:
            self._gathering.cancel()
            self._gathering = None
        if not self._is_idle():
            return
        tasks = [task for task in self._waiting if not task.is_claimed]
        self._waiting = []
        self._group = TaskGroup(tasks, self._deliver) if tasks else None
        if self._group:
            self._model.submit(self._group)

    def _hand_over(self) -> None:
        """Hand to the rule whom the model would keep waiting."""
        unpunctual, self._unpunctual = self._unpunctual, {}
        for because, tasks in unpunctual.items():
            self._rule.decide(tasks, because, self._deliver)

    def _tick(self) -> None:
        """Let the rule decide whose time is over; everybody's, when the model is stuck."""
        now = time.monotonic()
        self._model.watch(now)
        self._left_groups = [group for group in self._left_groups if group.left]
        groups = [*self._left_groups, *([self._group] if self._group else [])]
        for group in groups:
            group.flush()
        late: list[SingleTask] = []
        while self._pending and (
            self._pending[0].is_claimed or self._pending[0].deadline <= now or self._model.is_stuck
        ):
            late.append(self._pending.popleft())
        because = describe_slow if self._model.is_stuck else describe_late
        self._rule.decide(late, because(self._model.seconds), self._deliver)
        self._submit()
        self._is_ticking = bool(self._pending) or any(group.left for group in groups) or not self._is_idle()
        if self._loop is not None and self._is_ticking:
            self._loop.call_later(_TICK_SECONDS, self._tick)

    def _deliver(self, tasks: Sequence[DecisionTask]) -> None:
        """Record decided applications. Called by the thread that decided them."""
        assert self._loop is not None  # noqa: S101 - for mypy: it was there before the first task
        self._watch.note_tasks(tasks)
        decided: list[SingleTask] = []
        requests: list[list[DecisionRow]] = []
        for task in tasks:
            assert isinstance(task, SingleTask)  # noqa: S101 - for mypy: groups are made here
            if isinstance(task.result, Exception):
                error = task.result
                located = CreditError(locate_problems("", error)) if isinstance(error, CreditError) else error
                self._loop.call_soon_threadsafe(refuse, task.answer, located)
            else:
                decided.append(task)
                requests.append(build_records([task], task.origin))
        if not decided:
            self._loop.call_soon_threadsafe(self._submit)
            return
        loop = self._loop
        self._recorder.write(
            requests, lambda recorded: loop.call_soon_threadsafe(self._settle, decided, requests, recorded)
        )

    def _settle(
        self, tasks: list[SingleTask], built: list[list[DecisionRow]], recorded: list[RecordedRequest] | CreditError
    ) -> None:
        self._expected = len(tasks) + len(self._waiting)
        for place, task in enumerate(tasks):
            settle(task.answer, built[place], recorded if isinstance(recorded, CreditError) else recorded[place])
        if self._waiting and self._is_idle() and self._loop is not None:
            self._gather(self._loop)

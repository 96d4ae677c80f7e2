"""Run the model in threads of its own, so that nobody else ever waits for it."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice, takewhile
from queue import SimpleQueue

from credit.bundle.rule_causes import describe_failure
from credit.common.errors import CreditError
from service.deciding.circuit_breaker import CircuitBreaker, CircuitState
from service.deciding.tasks import DecisionResult, DecisionTask, TaskGroup
from service.engine.live_version import LiveVersion

_MEASURED = 9
"""Scores by whose median is foretold how long one takes: some that a busy machine held up change nothing."""

_FLUSH_SECONDS = 0.005
"""Seconds after which decided applications do not wait for the rest of their group."""

_MAX_TOGETHER, _TIME_SHARE = 100, 0.05
"""Applications that one call of the model decides at most, and the share of an application's time that it may take."""

FailureNote = Callable[[LiveVersion, Exception | None], None]
"""Hears of each failure of a model; None: it gave no score."""


class _Worker:
    """A thread, and when it gave the model the application that it is at; None: it is at none.

    `slow`: of which start it is known that it took too long. `is_left`: another thread has taken its place.
    """

    def __init__(self) -> None:
        self.started: float | None = None
        self.slow: float | None = None
        self.is_left = False

    @property
    def is_stuck(self) -> bool:
        """Tell whether it is at an application that is known to take too long."""
        return self.slow is not None and self.slow == self.started


class ModelThreads:
    """Threads that decide groups of applications by the model, each a slice of a group at a time.

    So a short group does not wait for the end of a long one. A thread of which nothing is heard any more is counted as
    slow, once, and no other is started for it: a model that hangs would take one thread after another.
    """

    def __init__(self, name: str, seconds: float, threads: int, slice_size: int, note_failure: FailureNote) -> None:
        self.breaker = CircuitBreaker(seconds)
        self._name, self.seconds, self._slice, self._note_failure = name, seconds, slice_size, note_failure
        self._queue: SimpleQueue[TaskGroup | None] = SimpleQueue()
        self._measured: deque[float] = deque(maxlen=_MEASURED)
        self._expected: float | None = None
        self._workers = [self._start_worker() for _ in range(threads)]

    def submit(self, group: TaskGroup) -> None:
        """Queue a group; returns at once."""
        self._queue.put(group)

    @property
    def expected_seconds(self) -> float:
        """How long a score takes, by the last ones; 0 where none is known."""
        expected = self._expected  # which the thread of the model forgets at any moment
        if expected is None:
            known = sorted(self._measured)
            self._expected = expected = known[len(known) // 2] if known else 0.0
        return expected

    @property
    def is_stuck(self) -> bool:
        """Tell whether the model is at an application for which it had its time."""
        return any(worker.is_stuck for worker in self._workers)

    @property
    def circuit(self) -> CircuitState:
        """The state of the circuit; open while the model is stuck, however short that is."""
        return "open" if self.is_stuck else self.breaker.state

    def watch(self, now: float) -> None:
        """Notice scores that take too long while they do."""
        for worker in self._workers:
            started = worker.started
            if started is not None and worker.slow != started and now - started > self.seconds:
                worker.slow = started
                self.breaker.note_slow(now)

    def renew(self) -> None:
        """Try anew after a swap: another version's model may hang, this one's has not been tried yet."""
        for place, worker in enumerate(self._workers):
            if worker.started is not None:
                worker.is_left = True  # it ends when that model comes back, if ever
                self._workers[place] = self._start_worker()
        self._measured.clear()
        self._expected = None
        self.breaker.reset()

    def close(self) -> None:
        """End the threads once they have decided their queue."""
        for _ in self._workers:
            self._queue.put(None)

    def _start_worker(self) -> _Worker:
        worker = _Worker()
        threading.Thread(target=self._run, args=(worker,), name=f"model-{self._name}", daemon=True).start()
        return worker

    def _run(self, worker: _Worker) -> None:
        while not worker.is_left and (group := self._queue.get()) is not None:
            self._decide_slice(worker, group)
            if group.left:
                self._queue.put(group)
            del group  # a thread that waits for the next one keeps no applicant's values meanwhile

    def _decide_slice(self, worker: _Worker, group: TaskGroup) -> None:
        flushed, most = time.monotonic(), self._find_most_together()
        end = min(group.position + self._slice, len(group.tasks))
        while group.position < end:
            tasks = _choose_next(group, min(end, group.position + most))
            waiting = [task for task in tasks if not task.is_claimed]
            results = self._decide(worker, waiting) if waiting else []
            if results is None:
                most = 1
                continue
            for task, result in zip(waiting, results, strict=True):
                if task.claim():
                    task.result = result
                    group.note_decided(task)
            group.position += len(tasks)
            if group.left and time.monotonic() - flushed > _FLUSH_SECONDS:
                group.flush()
                flushed = time.monotonic()
        group.flush(at_end=True)

    def _find_most_together(self) -> int:
        """Find how many applications one call may decide: by the slowest of the last scores, it keeps nobody waiting.

        One, where none is known: the first score of a version shows how long one takes.
        """
        slowest = max(self._measured, default=self.seconds)
        return max(1, min(_MAX_TOGETHER, int(_TIME_SHARE * self.seconds / max(slowest, 1e-9))))

    def _decide(self, worker: _Worker, tasks: Sequence[DecisionTask]) -> Sequence[DecisionResult] | None:
        """Decide one application, or several by one call; None where each of these has to be decided by itself."""
        worker.started = start = time.monotonic()
        if len(tasks) == 1:
            results: Sequence[DecisionResult] | None = [self._decide_one(tasks[0])]
        else:
            results = tasks[0].serving.decide_together([task.asked.application for task in tasks])
        worker.started, now = None, time.monotonic()
        if not worker.is_left:
            self._measured.append((now - start) / len(tasks))
            self._expected = None  # whoever asks next finds it: many ask between two scores
            if now - start <= self.seconds:
                self.breaker.note_quick()
            elif worker.slow != start:
                self.breaker.note_slow(now)
        return results

    def _decide_one(self, task: DecisionTask) -> DecisionResult:
        try:
            return task.serving.decide(task.asked.application, self._note_failure)
        except CreditError as error:
            return error
        except Exception as error:  # noqa: BLE001 - somebody is waiting for an answer
            return decide_by_rule(task, describe_failure(error))


def _choose_next(group: TaskGroup, end: int) -> Sequence[DecisionTask]:
    """Choose the applications that come next: one, or those up to a place that the same version decides together."""
    first = group.tasks[group.position]
    if not first.serving.can_decide_together:
        return [first]
    return list(takewhile(lambda task: task.serving is first.serving, islice(group.tasks, group.position, end)))


def decide_by_rule(task: DecisionTask, because: str) -> DecisionResult:
    """Decide by the rule; where it fails too, return the error, so that everybody else is decided."""
    try:
        return task.serving.decide_by_rule(task.asked.application, because)
    except Exception as error:  # noqa: BLE001 - the thread and everybody else in it go on
        return error

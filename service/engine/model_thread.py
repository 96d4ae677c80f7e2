"""Run the model in a thread of its own, so that the rule can take over from a model that hangs or is slow."""

import threading
import time
from collections.abc import Sequence
from queue import SimpleQueue
from typing import NamedTuple

from credit.common.errors import CreditError
from credit.scoring.row_encoder import ApplicationRow
from service.engine.live_version import FinalDecision, LiveVersion

_MIN_PAUSE, _MAX_PAUSE = 1.0, 60.0
"""Seconds for which the rule decides after the model was too slow, before the model is tried again: twice as long each
time, until it is quick again."""


class DecisionTask(NamedTuple):
    """One application and the version that decides it."""

    serving: LiveVersion
    row: ApplicationRow


DecisionResult = FinalDecision | Exception
"""A decision, or why there is none: a CreditError lists the values that the contract does not allow."""


class _TaskBatch:
    """Applications on their way through the thread."""

    def __init__(self, questions: Sequence[DecisionTask]) -> None:
        self.questions = questions
        self.results: list[DecisionResult] = []
        self.given_up = False
        self.done = threading.Lock()
        self.done.acquire()


class ModelThread:
    """Decides for one calling thread.

    That thread waits meanwhile, but for each application never longer than the model may take, whatever the model
    does. To wait is quicker than to go on with something else: two threads that both want the interpreter hold each
    other up.
    """

    def __init__(self, name: str, seconds: float) -> None:
        self._seconds, self._name = seconds, name
        self._because = f"the model took longer than {seconds:g} s"
        self._pause, self._again = _MIN_PAUSE, 0.0
        self._left: _TaskBatch | None = None
        self._renewed = False
        self._queue = _start_thread(name)

    def decide(self, questions: Sequence[DecisionTask]) -> list[DecisionResult]:
        """Decide in order by the model, or by the rule where the model fails or takes too long."""
        if self._is_paused():
            return [_decide_by_rule(question, self._because) for question in questions]
        call = _TaskBatch(questions)
        self._queue.put(call)
        done = 0
        while not call.done.acquire(timeout=self._seconds):
            if len(call.results) == done:
                return self._give_up(call)
            done = len(call.results)
        self._pause, self._again = _MIN_PAUSE, 0.0
        return call.results

    def reset(self) -> None:
        """Try the model again after a swap: another version's model may hang, this one's has not been tried yet.

        Only sets a flag, for it is called by another thread than the one that decides, which may be waiting.
        """
        self._renewed = True

    def close(self) -> None:
        """End the thread once it has decided its queue."""
        self._queue.put(None)

    def _is_paused(self) -> bool:
        """Tell whether the model is left alone because it was too slow."""
        if self._renewed:
            self._renewed = False
            if self._left is not None:
                self.close()  # ends when that model comes back, if ever
                self._left, self._queue = None, _start_thread(self._name)
            self._pause, self._again = _MIN_PAUSE, 0.0
        if self._again and time.monotonic() < self._again:
            return True
        if self._left is not None and not self._left.done.acquire(blocking=False):
            self._pause_model()  # it is at that one still
            return True
        self._left = None
        return False

    def _pause_model(self) -> None:
        self._again = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, _MAX_PAUSE)

    def _give_up(self, call: _TaskBatch) -> list[DecisionResult]:
        call.given_up = True
        self._left = call
        self._pause_model()
        decided = call.results[: len(call.questions)]
        return [*decided, *(_decide_by_rule(question, self._because) for question in call.questions[len(decided) :])]


def _start_thread(name: str) -> "SimpleQueue[_TaskBatch | None]":
    queue: SimpleQueue[_TaskBatch | None] = SimpleQueue()
    threading.Thread(target=_run_tasks, args=(queue,), name=f"lane-{name}", daemon=True).start()
    return queue


def _run_tasks(queue: "SimpleQueue[_TaskBatch | None]") -> None:
    while (call := queue.get()) is not None:
        for question in call.questions:
            if call.given_up:
                break
            call.results.append(_decide_task(question))
        call.done.release()


def _decide_task(question: DecisionTask) -> DecisionResult:
    try:
        return question.serving.decide(question.row)
    except CreditError as error:
        return error
    except Exception as error:  # noqa: BLE001 - somebody is waiting for an answer
        return _decide_by_rule(question, f"the model failed ({type(error).__name__})")


def _decide_by_rule(question: DecisionTask, because: str) -> DecisionResult:
    try:
        return question.serving.decide_by_rule(question.row, because)
    except Exception as error:  # noqa: BLE001 - the lane and everybody else in it go on
        return error

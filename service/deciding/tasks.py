"""Applications on their way to a decision, alone or in groups that threads of the model work through."""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

from credit.bundle.final_decision import FinalDecision
from service.engine.live_version import LiveVersion
from service.engine.requests import ApplicationRequest

DecisionResult = FinalDecision | Exception
"""A decision, or why there is none: a CreditError lists the values that the contract does not allow."""


class DecisionTask:
    """One application, the version that decides it, and when it must be decided.

    Whoever claims it gives the result, the model or the rule; the other's is dropped. A claim is atomic.
    """

    __slots__ = ("_claims", "asked", "deadline", "result", "serving")

    def __init__(self, serving: LiveVersion, asked: ApplicationRequest, deadline: float) -> None:
        self.serving, self.asked, self.deadline = serving, asked, deadline
        self.result: DecisionResult | None = None
        self._claims = [True]

    @property
    def is_claimed(self) -> bool:
        """Tell whether somebody gives the result, or has given it."""
        return not self._claims

    def claim(self) -> bool:
        """Claim the task; False when it is another's already."""
        try:
            self._claims.pop()  # of a list that two threads pop, one gets the element
        except IndexError:
            return False
        return True


class TaskGroup:
    """Tasks that one thread of the model works through, some at a time; `deliver` gets those that it decided."""

    def __init__(self, tasks: Sequence[DecisionTask], deliver: Callable[[list[DecisionTask]], None]) -> None:
        self.tasks, self._deliver = tasks, deliver
        self.position = 0
        self._decided: deque[DecisionTask] = deque()

    def note_decided(self, task: DecisionTask) -> None:
        """Note a task that the model decided, to be delivered with the next ones."""
        self._decided.append(task)

    def flush(self, at_end: bool = False) -> None:
        """Deliver the tasks decided since the last time; `at_end`, also where there are none.

        Whoever watches may do so as well as the thread of the model, which may hang at the next task for ever.
        """
        decided: list[DecisionTask] = []
        with suppress(IndexError):
            while True:
                decided.append(self._decided.popleft())
        if decided or at_end:
            self._deliver(decided)

    @property
    def left(self) -> int:
        """How many tasks the thread has not come to yet, or is at."""
        return len(self.tasks) - self.position

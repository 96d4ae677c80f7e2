"""Decide by the rule in a thread of its own: whom the model would keep waiting."""

import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import NamedTuple

from service.deciding.model_threads import decide_by_rule
from service.deciding.tasks import DecisionTask


class _RuleOrder(NamedTuple):
    """Tasks that were claimed for the rule, why, and who gets them when they are decided."""

    tasks: Sequence[DecisionTask]
    because: str
    deliver: Callable[[list[DecisionTask]], None]


class RuleThread:
    """One thread for whoever hands it applications; the rule reads one value, and is done at once."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[_RuleOrder | None] = SimpleQueue()
        threading.Thread(target=self._run, name="rule", daemon=True).start()

    def decide(
        self, tasks: Sequence[DecisionTask], because: str, deliver: Callable[[list[DecisionTask]], None]
    ) -> None:
        """Queue those of the tasks that nobody has claimed; returns at once."""
        claimed = [task for task in tasks if task.claim()]
        if claimed:
            self._queue.put(_RuleOrder(claimed, because, deliver))

    def close(self) -> None:
        """End the thread once it has decided its queue."""
        self._queue.put(None)

    def _run(self) -> None:
        while (order := self._queue.get()) is not None:
            for task in order.tasks:
                task.result = decide_by_rule(task, order.because)
            order.deliver(list(order.tasks))
            del order, task  # a thread that waits for the next one keeps no applicant's values meanwhile

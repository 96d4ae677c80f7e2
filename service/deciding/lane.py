"""What decides by one version's model: its threads, its circuits, the tasks in them, and how it does."""

import functools
from concurrent.futures import Executor

from service.deciding.batches import Batches
from service.deciding.circuit_breaker import CircuitState
from service.deciding.model_threads import ModelThreads
from service.deciding.model_watch import ModelWatch
from service.deciding.recording import Recorder
from service.deciding.rule_thread import RuleThread
from service.deciding.singles import Singles

_BATCH_THREADS = 2
_BATCH_SLICE = 20
"""Threads that decide batches, and applications of one that a thread decides before it turns to the next batch."""


class Lane:
    """A model in threads, and the circuits between it and the rule.

    Batches have threads and a circuit of their own, so that nobody waits behind one.
    """

    def __init__(self, name: str, recorder: Recorder, rule: RuleThread, seconds: float, aside: Executor) -> None:
        self.watch = ModelWatch()
        start = functools.partial(ModelThreads, seconds=seconds, note_failure=self.watch.note_failure)
        self.one = start(f"{name}one", threads=1, slice_size=1_000_000)
        self.many = start(f"{name}many", threads=_BATCH_THREADS, slice_size=_BATCH_SLICE)
        self.singles = Singles(self.one, rule, recorder, self.watch)
        self.batches = Batches(self.many, rule, recorder, self.watch, aside)
        self._is_renewed = False

    @property
    def circuits(self) -> dict[str, CircuitState]:
        """The states of the circuits, for single applications and for batches; closed after a reset."""
        if self._is_renewed:
            return {"one": "closed", "batch": "closed"}
        return {"one": self.one.circuit, "batch": self.many.circuit}

    def list_problems(self) -> dict[str, str]:
        """List the problems of the model, by kind; none after a reset: another model has not been asked yet."""
        if self._is_renewed:
            return {}
        problems = self.watch.list_problems()
        if set(self.circuits.values()) != {"closed"}:
            problems["circuit"] = "the model is left alone because it is too slow; until it is not, the rule decides"
        return problems

    def allow(self, seconds: float) -> None:
        """Let the model have so many seconds for an application from now on."""
        self.one.seconds = self.many.seconds = seconds

    def reset(self) -> None:
        """Forget what another version's model did. Any thread may call it; the loop heeds it in `renew`."""
        self._is_renewed = True

    def renew(self) -> None:
        """Heed a reset, within the event loop."""
        if self._is_renewed:
            self._is_renewed = False
            self.one.renew()
            self.many.renew()
            self.singles.renew()
            self.watch.forget()

    def close(self) -> None:
        """Decide the queued applications, then end the threads."""
        self.one.close()
        self.many.close()

"""What decides by one version's model: its threads, its circuits, the tasks in them, and how it does."""

import functools
import logging
from concurrent.futures import Executor

from credit.scoring.reasons import DecidedBy
from service.deciding.batches import Batches
from service.deciding.circuit_breaker import CircuitState
from service.deciding.model_threads import ModelThreads
from service.deciding.model_watch import ModelWatch
from service.deciding.recording import Recorder
from service.deciding.rule_thread import RuleThread
from service.deciding.singles import Singles
from service.engine.live_version import LiveVersion

_LOG = logging.getLogger(__name__)

_LANES = {"one": "single applications", "batch": "batches"}
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
        self._left_alone: set[str] = set()

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

    def find_decider(self, serving: LiveVersion) -> DecidedBy:
        """Find who decides single applications by a version now: the rule also while its model is left alone."""
        return "model" if serving.decides == "model" and self.circuits["one"] == "closed" else "rule"

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

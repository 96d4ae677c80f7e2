"""Watch how the model does: what it failed at or was late for, in the last minute, for health, page and log."""

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Sequence
from typing import NamedTuple

from credit.bundle.final_decision import FinalDecision
from credit.bundle.rule_causes import classify_cause
from service.deciding.tasks import DecisionTask
from service.engine.live_version import LiveVersion

_LOG = logging.getLogger(__name__)

_WINDOW_SECONDS = 60.0
_PART_SECONDS = 5.0

_PROBLEMS = {
    "failed": ("model_failed", "the model failed on {count:,} of {total:,} applications in the last minute"),
    "slow": ("model_slow", "the model was too slow for {count:,} of {total:,} applications in the last minute"),
    "late": ("model_late", "the model could not keep up for {count:,} of {total:,} applications in the last minute"),
}
"""By class of cause: the kind of problem, and its words."""

MODEL_PROBLEMS = tuple(kind for kind, _ in _PROBLEMS.values())
"""The kinds of problem, for the metrics."""


class _Part(NamedTuple):
    """What happened in some seconds: how many applications in all, and by class of cause."""

    start: float
    counts: Counter[str]


class ModelWatch:
    """Counts what the rule had to decide in place of the model. Any thread may note and ask."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._parts: deque[_Part] = deque()
        self._seen: set[tuple[str | None, str]] = set()
        self._unlogged = 0
        self._logged = time.monotonic()

    def note_tasks(self, tasks: Sequence[DecisionTask]) -> None:
        """Count decided applications."""
        causes = [task.result.rule_because for task in tasks if isinstance(task.result, FinalDecision)]
        now = time.monotonic()
        with self._turn:
            if not self._parts or now - self._parts[-1].start >= _PART_SECONDS:
                self._parts.append(_Part(now, Counter()))
            counts = self._parts[-1].counts
            counts["all"] += len(causes)
            counts.update(classify_cause(because) for because in causes if because is not None)

    def note_failure(self, serving: LiveVersion, error: Exception | None) -> None:
        """Log where a model failed, the first time that it fails in this way; later ones are counted."""
        kind = type(error).__name__ if error else "no score"
        with self._turn:
            self._unlogged += 1
            is_new = (serving.version, kind) not in self._seen
            self._seen.add((serving.version, kind))
        if is_new:
            said = "the model of %s failed (%s), and the rule decides in its place; more of these are counted"
            _LOG.error(said, serving.version or "the image", kind, exc_info=error)

    def log_counts(self) -> None:
        """Log once a minute how many failures there were since the last time."""
        now = time.monotonic()
        with self._turn:
            if now - self._logged < _WINDOW_SECONDS:
                return
            self._logged, count, self._unlogged = now, self._unlogged, 0
        if count:
            _LOG.error("the model failed on %d applications in the last minute", count)

    def forget(self) -> None:
        """Forget the counts of another version."""
        with self._turn:
            self._parts.clear()

    def list_problems(self) -> dict[str, str]:
        """List the problems of the last minute, by kind."""
        now = time.monotonic()
        with self._turn:
            while self._parts and now - self._parts[0].start > _WINDOW_SECONDS:
                self._parts.popleft()
            counts: Counter[str] = sum((part.counts for part in self._parts), Counter())
        total = counts["all"]
        return {
            kind: said.format(count=counts[cause], total=total) + ", and the rule decided in its place"
            for cause, (kind, said) in _PROBLEMS.items()
            if counts[cause]
        }

"""Shadows: give answered applications to the challenger and record what it would have decided; nobody waits for it."""

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple
from uuid import uuid4

from credit.bundle.rule_causes import NO_MODEL
from credit.common.errors import CreditError
from credit.decision_log.database import DecisionRow
from credit.decision_log.log import DecisionLog
from credit.decision_log.shadows.recording import ShadowRow
from service.shadow.challenger import Challenger, ChallengerError, ShadowDecision

_LOG = logging.getLogger(__name__)

MAX_WAITING = 5_000
"""Applications that wait for the challenger; more are dropped, and counted."""

_BATCH_ROWS = 500
_PAUSE_SECONDS = 0.1
"""Between two looks at those that wait: many in a batch cost less than each by itself."""

_WRITE_SECONDS = 1.0
"""Between two writes: each has the log for itself for as long as it takes, and decisions wait for it."""

_JUDGED, _LEAST_JUDGED = 200, 20
"""Of how many applications all must have failed for the challenger to be called a failure, of at least how many."""

ShadowOutcome = Literal["scored", "failed", "dropped", "unrecorded"]
"""What became of an application; `unrecorded`: it was decided, and neither the database nor the spool took it."""

OUTCOMES: tuple[ShadowOutcome, ...] = ("scored", "failed", "dropped", "unrecorded")

_ENDED = ShadowDecision(None, None, None, "the challenger ended or took too long", has_failed=True)


class _Waiting(NamedTuple):
    decision: str
    entry: int
    inputs: dict[str, Any]


class Shadows:
    """Decides beside, in a thread of its own. `count` hears how many applications came to which end."""

    def __init__(self, log: DecisionLog, environment: str, count: Callable[[ShadowOutcome, int], None]) -> None:
        self._log, self._environment, self._count = log, environment, count
        self._challenger: Challenger | None = None
        self._waiting: deque[_Waiting] = deque()
        self._rows: list[ShadowRow] = []
        self._written = time.monotonic()
        self._recent: deque[bool] = deque(maxlen=_JUDGED)
        self._turn, self._swap, self._ended = threading.Lock(), threading.Lock(), threading.Event()
        self.counts: Counter[ShadowOutcome] = Counter()
        self.load_problem: str | None = None
        """Why there is no challenger though a challenge is on; None when there is one, or need not be one."""
        self._thread = threading.Thread(target=self._run, name="shadows", daemon=True)
        self._thread.start()

    @property
    def challenger(self) -> Challenger | None:
        """The challenger that decides; None without one."""
        return self._challenger

    @property
    def problem(self) -> str | None:
        """Why the challenger is none, in words that name no path; None when it decides."""
        challenger, recent = self._challenger, list(self._recent)
        if challenger is None:
            return self.load_problem
        if len(recent) < _LEAST_JUDGED or not all(recent):
            return None
        return (
            f"the challenger {challenger.challenge.version} failed on each of the last {len(recent)} applications; "
            f"nobody is decided by it"
        )

    def put(self, records: Sequence[DecisionRow]) -> None:
        """Put decisions that were answered by the champion. Called by the thread that records them; never waits."""
        challenger = self._challenger
        if challenger is None:
            self._note("dropped", sum(map(_is_by_champion, records)) if self.load_problem else 0)
            return
        wanted = [one for one in records if _is_by_champion(one) and one["digest"] != challenger.challenge.digest]
        room = max(0, MAX_WAITING - len(self._waiting))
        self._waiting.extend(_Waiting(one["id"], one["entry"], one["inputs"]) for one in wanted[:room])
        self._note("dropped", len(wanted[room:]))

    def begin(self, challenger: Challenger) -> None:
        """Let a challenger decide from now on, in place of another."""
        with self._swap:
            self._replace(challenger, None)

    def end(self, problem: str | None = None) -> None:
        """Let nobody decide beside. `problem`: why not, though a challenge is on."""
        with self._swap:
            self._replace(None, problem)

    def close(self) -> None:
        """Record what was decided, then end. Who waits still is dropped: a service that ends does not wait."""
        self._ended.set()
        self.end()
        self._thread.join()

    def _replace(self, challenger: Challenger | None, problem: str | None) -> None:
        before, self._challenger = self._challenger, challenger
        self.load_problem = problem
        self._recent.clear()
        if before is not None:
            before.close()  # whoever asks it at this moment hears that it ended
        if challenger is None:
            self._drop_waiting()

    def _run(self) -> None:
        while not self._ended.wait(_PAUSE_SECONDS):
            try:
                while self._decide_some() and not self._ended.is_set():
                    self._write_when_due()
                self._write_when_due()
            except Exception:  # noqa: BLE001 - the next ones are decided all the same
                _LOG.exception("shadows failed")
        self._drop_waiting()
        self._write()

    def _decide_some(self) -> bool:
        """Decide some of those that wait; False when nobody does."""
        challenger = self._challenger
        batch = self._take(_BATCH_ROWS)
        if challenger is None or not batch:
            self._note("dropped", len(batch))
            return False
        try:
            decided = challenger.decide([one.inputs for one in batch])
        except ChallengerError as error:
            if not self._lose(challenger, error):
                self._note("dropped", len(batch))
                return True
            decided = [_ENDED] * len(batch)
        self._rows += [self._build_row(challenger, *one) for one in zip(batch, decided, strict=True)]
        failed = [one.has_failed for one in decided]
        self._recent.extend(failed)
        self._note("failed", sum(failed))
        self._note("scored", len(failed) - sum(failed))
        return True

    def _lose(self, challenger: Challenger, error: ChallengerError) -> bool:
        """Go on without a challenger whose process ended, until it is loaded again; False: it was replaced anyway."""
        with self._swap:
            if challenger is not self._challenger:
                return False
            version, number = challenger.challenge.version, challenger.challenge.number
            _LOG.error("the challenger %s of challenge %d: %s", version, number, error)
            self._replace(None, f"the challenger {version} ended or took too long, and is loaded again")
            return True

    def _build_row(self, challenger: Challenger, one: _Waiting, decided: ShadowDecision) -> ShadowRow:
        challenge = challenger.challenge
        return {
            "id": uuid4().hex,
            "decision_id": one.decision,
            "shadowed_at": datetime.now(UTC),
            "environment": self._environment,
            "challenge": challenge.number,
            "version": challenge.version,
            "digest": challenge.digest,
            "entry": one.entry,
            "decision": decided.decision,
            "score": decided.score,
            "decided_by": decided.decided_by,
            "rule_because": decided.rule_because,
            "erased_by": None,
        }

    def _write_when_due(self) -> None:
        if time.monotonic() - self._written >= _WRITE_SECONDS or len(self._rows) >= 2 * _BATCH_ROWS:
            self._write()

    def _write(self) -> None:
        """Record what was decided. What neither the database nor the spool takes is dropped, and counted."""
        rows, self._rows, self._written = self._rows, [], time.monotonic()
        for start in range(0, len(rows), _BATCH_ROWS):
            part = rows[start : start + _BATCH_ROWS]
            try:
                self._log.shadows.write(part, may_use_database=self._log.problem is None)
            except CreditError as error:
                _LOG.error("%d shadows are lost: %s", len(part), error)
                self._note("unrecorded", len(part))

    def _drop_waiting(self) -> None:
        while batch := self._take(_BATCH_ROWS):
            self._note("dropped", len(batch))

    def _take(self, number: int) -> list[_Waiting]:
        """Take at most so many of those that wait, while others put and take."""
        taken: list[_Waiting] = []
        with suppress(IndexError):
            while len(taken) < number:
                taken.append(self._waiting.popleft())
        return taken

    def _note(self, outcome: ShadowOutcome, count: int) -> None:
        if count:
            with self._turn:
                self.counts[outcome] += count
            self._count(outcome, count)


def _is_by_champion(record: DecisionRow) -> bool:
    """Tell whether the champion decided, and not the rule in its place, with which nothing is to be compared."""
    return record["rule_because"] is None or record["rule_because"] == NO_MODEL

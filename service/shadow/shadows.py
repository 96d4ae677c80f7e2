"""Shadows: give answered applications to the challenger, which decides and records them; nobody waits for it."""

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Literal, NamedTuple

from credit.bundle.rule_causes import NO_MODEL
from credit.decision_log.database import DecisionRow
from credit.decision_log.log import DecisionLog
from credit.registry.challenges import Challenge
from service.shadow.challenger import Challenger, ChallengerError
from service.shadow.recorder import AnsweredApplication

_LOG = logging.getLogger(__name__)

MAX_WAITING = 5_000
"""Applications that wait for the challenger; more are dropped, and counted."""

_BATCH_ROWS = 512
_PAUSE_SECONDS = 0.5
"""Between two looks at those that wait: each batch is a write, which has the log for itself for as long as it takes."""

_JUDGED, _LEAST_JUDGED = 200, 20
"""Of how many applications all must have failed for the challenger to be called a failure, of at least how many."""

ShadowOutcome = Literal["scored", "failed", "dropped", "unrecorded"]
"""What became of an application; `unrecorded`: it was decided, and neither the database nor the spool took it."""

OUTCOMES: tuple[ShadowOutcome, ...] = ("scored", "failed", "dropped", "unrecorded")


class _Waiting(NamedTuple):
    """An application that waits, and the number of the challenge for which it does, and for no other."""

    challenge: int
    application: AnsweredApplication


class Shadows:
    """Lets a challenger decide beside, by a thread of its own. `count` hears what became of how many."""

    def __init__(self, log: DecisionLog, count: Callable[[ShadowOutcome, int], None]) -> None:
        self._log, self._count = log, count
        self._challenger: Challenger | None = None
        self._waiting: deque[_Waiting] = deque()
        self._recent: deque[bool] = deque(maxlen=_JUDGED)
        self._turn, self._swap, self._ended = threading.Lock(), threading.Lock(), threading.Event()
        self.number = 0
        self.counts: Counter[ShadowOutcome] = Counter()
        """What became of the applications for the newest challenge, whose number `number` is."""
        self.challenge: Challenge | None = None
        """The challenge that is on, whether its challenger decides or not; None without one that can be read."""
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

    @property
    def is_on(self) -> bool:
        """Tell whether decisions are wanted, or counted as dropped."""
        return self._challenger is not None or self.load_problem is not None

    def put(self, records: Sequence[DecisionRow]) -> None:
        """Put decisions that were answered by the champion. Called by the thread that records them; never waits."""
        challenger = self._challenger
        if challenger is None:
            self._note(self.number, "dropped", sum(map(_is_by_champion, records)) if self.load_problem else 0)
            return
        number, own = challenger.challenge.number, challenger.challenge.digest
        room, dropped = MAX_WAITING - len(self._waiting), 0
        for one in records:
            if not _is_by_champion(one) or one["digest"] == own:
                continue
            if room > 0:
                room -= 1
                application = AnsweredApplication(one["id"], one["entry"], one["inputs"])
                self._waiting.append(_Waiting(number, application))
            else:
                dropped += 1
        self._note(number, "dropped", dropped)

    def begin(self, challenger: Challenger) -> None:
        """Let a challenger decide from now on, in place of another."""
        with self._swap:
            self._count_for(challenger.challenge.number)
            self.challenge = challenger.challenge
            self._replace(challenger, None)

    def suspend(self, problem: str, number: int, challenge: Challenge | None) -> None:
        """Let nobody decide beside though the challenge of a number is on; None: its record is not valid.

        Who would be decided for it is dropped, and counted for it.
        """
        with self._swap:
            self._count_for(number)
            self.challenge = challenge
            self._replace(None, problem)

    def end(self) -> None:
        """Let nobody decide beside: no challenge is on."""
        with self._swap:
            self.challenge = None
            self._replace(None, None)

    def close(self) -> None:
        """End. Who waits still is dropped: a service that ends does not wait."""
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
            self._drop(self._take(len(self._waiting)))

    def _count_for(self, number: int) -> None:
        """Count for a challenge from now on; those who wait for another one are let go."""
        if number != self.number:
            self._drop(self._take(len(self._waiting)))
            with self._turn:
                self.number = number
                self.counts.clear()

    def _run(self) -> None:
        while not self._ended.wait(_PAUSE_SECONDS):
            try:
                while self._shadow_some() and not self._ended.is_set():
                    pass
            except Exception:  # noqa: BLE001 - the next ones are decided all the same
                _LOG.exception("shadows failed")
        self._drop(self._take(len(self._waiting)))

    def _shadow_some(self) -> bool:
        """Give some of those that wait to the challenger; tell whether there may be more."""
        challenger, taken = self._challenger, self._take(_BATCH_ROWS)
        number = challenger.challenge.number if challenger else 0
        batch = [one.application for one in taken if one.challenge == number]
        self._drop([one for one in taken if one.challenge != number])  # put by who knew no other challenger yet
        if challenger is None or not batch:
            return bool(taken)
        try:
            found = challenger.shadow(batch, may_use_database=self._log.problem is None)
        except ChallengerError as error:
            self._note(number, "failed" if self._lose(challenger, error) else "dropped", len(batch))
            return True
        except Exception:
            self._note(number, "failed", len(batch))
            raise
        self._log.shadows.adopt_head(found.head)
        self._recent.extend([True] * found.failed + [False] * found.scored)
        for outcome in ("scored", "failed", "unrecorded"):
            self._note(number, outcome, getattr(found, outcome))
        return len(taken) == _BATCH_ROWS

    def _lose(self, challenger: Challenger, error: ChallengerError) -> bool:
        """Go on without a challenger whose process ended, until it is loaded again; False: it was replaced anyway."""
        with self._swap:
            if challenger is not self._challenger:
                return False
            version, number = challenger.challenge.version, challenger.challenge.number
            _LOG.error("the challenger %s of challenge %d: %s", version, number, error)
            self._replace(None, f"the challenger {version} ended or took too long, and is loaded again")
            return True

    def _drop(self, waiting: Sequence[_Waiting]) -> None:
        for number, count in Counter(one.challenge for one in waiting).items():
            self._note(number, "dropped", count)

    def _take(self, number: int) -> list[_Waiting]:
        """Take at most so many of those that wait, while others put and take."""
        taken: list[_Waiting] = []
        with suppress(IndexError):
            while len(taken) < number:
                taken.append(self._waiting.popleft())
        return taken

    def _note(self, number: int, outcome: ShadowOutcome, count: int) -> None:
        """Note what became of so many applications for the challenge of a number."""
        if count:
            self._count(outcome, count)
            with self._turn:
                if number == self.number:
                    self.counts[outcome] += count


def _is_by_champion(record: DecisionRow) -> bool:
    """Tell whether the champion decided, and not the rule in its place, with which nothing is to be compared."""
    return record["rule_because"] is None or record["rule_because"] == NO_MODEL

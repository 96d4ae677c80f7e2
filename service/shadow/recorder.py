"""Decide as a challenger would, and record it; in the challenger's process, so that the service has nothing to do."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from credit.common.errors import CreditError
from credit.decision_log.integrity.chain import Head
from credit.decision_log.shadows.insertion import ShadowRow
from credit.decision_log.shadows.logged_decider import LoggedDecider
from credit.decision_log.shadows.recording import ShadowLog
from credit.registry.challenges import Challenge
from credit.scoring.row_encoder import ApplicationRow
from service.row_ids import make_row_id


class AnsweredApplication(NamedTuple):
    """An application that the champion decided: the id of the decision, and the entry by which it was live."""

    decision: str
    entry: int
    inputs: dict[str, Any]


class ShadowDecision(NamedTuple):
    """A decision of a challenger; without a `decision` it could make none. `has_failed`: its model did."""

    decision: str | None
    score: float | None
    decided_by: str | None
    rule_because: str | None
    has_failed: bool


class RecordedShadows(NamedTuple):
    """How many applications a challenger decided, and failed at; how many of both nobody took, and the chain's head."""

    scored: int
    failed: int
    unrecorded: int
    head: Head


class ShadowRecorder:
    """Decides applications for a challenge, and writes the decisions when it is told to."""

    def __init__(
        self, log: ShadowLog, challenge: Challenge, decide: Callable[[ApplicationRow], ShadowDecision]
    ) -> None:
        self._log, self._challenge, self._decide = log, challenge, decide
        self._rows: list[ShadowRow] = []
        self._failed = 0

    def decide(self, batch: Iterable[AnsweredApplication]) -> None:
        """Decide applications."""
        for one in batch:
            decided = self._decide(one.inputs)
            self._failed += decided.has_failed
            self._rows.append(self._build_row(one, decided))

    def write(self, may_use_database: bool) -> RecordedShadows:
        """Write the decisions since the last time; those that neither database nor spool takes are counted."""
        rows, failed, unrecorded = self._rows, self._failed, 0
        self._rows, self._failed = [], 0
        if rows:
            try:
                self._log.write(rows, may_use_database)
            except CreditError:
                unrecorded = len(rows)
        return RecordedShadows(len(rows) - failed, failed, unrecorded, self._log.chain.heads[-1])

    def _build_row(self, one: AnsweredApplication, decided: ShadowDecision) -> ShadowRow:
        challenge = self._challenge
        return {
            "id": make_row_id(),
            "decision_id": one.decision,
            "shadowed_at": datetime.now(UTC),
            "environment": challenge.environment,
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


def decide_application(decider: LoggedDecider, inputs: ApplicationRow) -> ShadowDecision:
    """Decide one application by a bundle, whatever the bundle does."""
    failures: list[Exception | None] = []
    try:
        decision, because = decider.decide(inputs, note_failure=failures.append)
    except CreditError:  # whose words repeat what the applicant wrote
        return ShadowDecision(None, None, None, "its contract refuses a value", has_failed=True)
    except Exception as error:  # noqa: BLE001 - the next application is decided all the same
        return ShadowDecision(None, None, None, f"it failed ({type(error).__name__})", has_failed=True)
    return ShadowDecision(decision.decision, float(decision.score), decision.decided_by, because, bool(failures))

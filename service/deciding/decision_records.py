"""The record of a decision for the log: its fields, the hash of its key and the request's fingerprint."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, Literal, NamedTuple

from pydantic_core import to_json

from credit.bundle.final_decision import FinalDecision
from credit.decision_log.database import DecisionRow
from service.engine.live_version import LiveVersion
from service.engine.requests import ApplicationRequest
from service.row_ids import make_row_id


class RecordOrigin(NamedTuple):
    """Where a request came from: who asked, where, and under which idempotency key what whole request was sent."""

    caller: str
    environment: str
    key: str | None
    fingerprint: str | None

    def hash_key(self, place: int) -> str | None:
        """Hash the idempotency key for the log: each caller has keys of their own, and each place in a batch.

        Environments other than prod, which may share a database with it, have keys of their own too.
        """
        if self.key is None:
            return None
        where = "" if self.environment == "prod" else f"{self.environment}\0"
        return hashlib.sha256(f"{where}{self.caller}\0{self.key}\0{place}".encode()).hexdigest()


def build_record(
    serving: LiveVersion,
    asked: ApplicationRequest,
    decided: FinalDecision,
    origin: RecordOrigin,
    now: datetime,
    place: int = 0,
) -> DecisionRow:
    """Build the record of one decision, with the application as it was asked; the chain's columns come later."""
    decision, because = decided
    return {
        "id": make_row_id(),
        "decided_at": now,
        "decision": decision.decision,
        "score": decision.score,
        "reasons": list(serving.bundle.word_reasons(decision, asked.language)),
        "reason_codes": list(decision.reason_codes),
        "language": asked.language if asked.language in serving.languages else serving.bundle.contract.language,
        "decided_by": decision.decided_by,
        "rule_because": because,
        "version": serving.version,
        "digest": serving.bundle.manifest.digest,
        "entry": serving.number,
        "inputs": asked.application,
        "protected": asked.protected,
        "caller": origin.caller,
        "environment": origin.environment,
        "idempotency_key": origin.hash_key(place),
        "fingerprint": origin.fingerprint,
        "applicant": asked.applicant,
        "repeat_of": None,
        "repeated_key": None,
        "erased_by": None,
    }


def fingerprint_request(kind: Literal["one", "batch"], asked: Sequence[ApplicationRequest]) -> str:
    """Hash a whole request: the order of its fields makes no difference, nor whichever version parsed them."""
    content = [kind, [[_normalise(one.application), _normalise(one.protected), one.applicant] for one in asked]]
    return hashlib.sha256(to_json(content)).hexdigest()


def _normalise(values: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Sort values by name; a whole number is one with a point and without."""
    whole = ((name, int(v) if isinstance(v, float) and v.is_integer() else v) for name, v in values.items())
    return sorted(whole, key=itemgetter(0))

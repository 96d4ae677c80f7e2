"""The record of a decision for the log: its fields, its id and the hash of its idempotency key."""

import hashlib
import os
import time
from datetime import datetime

from credit.decision_log.database import DecisionRow
from service.engine.live_version import FinalDecision, LiveVersion
from service.engine.requests import ApplicationRequest


def build_record(
    serving: LiveVersion, asked: ApplicationRequest, decided: FinalDecision, caller: str, key: str | None, now: datetime
) -> DecisionRow:
    """Build the record of one decision, with the application as it was asked."""
    decision, because = decided
    return {
        "id": make_decision_id(),
        "decided_at": now,
        "decision": decision.decision,
        "score": decision.score,
        "reasons": list(serving.bundle.word_reasons(decision, asked.language)),
        "reason_codes": list(decision.reason_codes),
        "language": asked.language or serving.bundle.contract.language,
        "decided_by": decision.decided_by,
        "rule_because": because,
        "version": serving.version,
        "digest": serving.bundle.manifest.digest,
        "entry": serving.number,
        "inputs": asked.application,
        "protected": asked.protected,
        "caller": caller,
        "idempotency_key": key,
        "repeat_of": None,
    }


def make_decision_id() -> str:
    """Make a UUID of version 7 (RFC 9562) in hexadecimal: it sorts by time, so the log's index grows at its end."""
    moment, chance = time.time_ns() // 1_000_000, int.from_bytes(os.urandom(10))
    low = chance & ((1 << 62) - 1)
    return f"{(moment << 80) | (7 << 76) | ((chance >> 68) << 64) | (2 << 62) | low:032x}"


def hash_idempotency_key(caller: str, key: str, place: int) -> str:
    """Hash an idempotency key for the log: each caller has keys of their own, and each place in a batch."""
    return hashlib.sha256(f"{caller}\0{key}\0{place}".encode()).hexdigest()

"""Decisions as the log has them, for tests that write their own."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

NOW = datetime.now(UTC)
_NUMBERS = count(1)


def decisions(number: int, decision: str = "approve", minutes: float = 5.0, **others: Any) -> list[dict[str, Any]]:
    """`number` decisions that are alike, made some minutes ago."""
    return [_decision(decision, NOW - timedelta(minutes=minutes), others) for _ in range(number)]


def _decision(decision: str, at: datetime, others: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"{next(_NUMBERS):032x}",
        "decided_at": at,
        "decision": decision,
        "score": 0.5,
        "reasons": [],
        "decided_by": "model",
        "rule_because": None,
        "version": "v2.0.0",
        "digest": "d" * 64,
        "entry": 2,
        "inputs": {"income": 10.0},
        "protected": {},
        "caller": "anybody",
        "idempotency_key": None,
        "repeat_of": None,
        **others,
    }

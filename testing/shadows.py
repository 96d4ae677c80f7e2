"""Made-up rows of what a challenger would have decided."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4


def make_shadow(decision: dict[str, Any], kind: str | None = "approve", **changes: Any) -> dict[str, Any]:
    """Make the row that belongs to a decision, another one each time."""
    made: dict[str, Any] = {
        "id": uuid4().hex,
        "decision_id": decision["id"],
        "shadowed_at": datetime(2026, 1, 2, 3, 4, 6, 123456, UTC),
        "environment": decision["environment"],
        "challenge": 1,
        "version": "v9.0.0",
        "digest": "9" * 64,
        "entry": decision["entry"],
        "decision": kind,
        "score": 0.7 if kind else None,
        "decided_by": "model" if kind else None,
        "rule_because": None if kind else "the challenger ended",
        "erased_by": None,
    }
    assert not changes.keys() - made.keys()
    return made | changes

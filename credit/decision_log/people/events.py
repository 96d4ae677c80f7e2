"""Events of the log: look-ups, reviews, corrections and erasures."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import uuid4

from sqlalchemy import select

from credit.decision_log.database import Database
from credit.decision_log.tables import EVENTS_TABLE

EventKind = Literal["look_up", "export", "review", "correct", "erase", "expire", "remove", "accept"]
EventRow = dict[str, Any]


def build_event(
    kind: EventKind,
    caller: str,
    environment: str | None,
    detail: dict[str, Any],
    decision: str | None = None,
    personal: Any = None,
) -> EventRow:
    """Build an event that happens now. `personal`: what an erasure removes, such as words about a person."""
    return {
        "id": uuid4().hex,
        "happened_at": datetime.now(UTC),
        "environment": environment,
        "kind": kind,
        "caller": caller[:64],
        "decision_id": decision,
        "detail": detail,
        "personal": personal,
        "erased_by": None,
    }


def list_events(database: Database, decision: str, kinds: Sequence[EventKind]) -> list[EventRow]:
    """List the events of a decision, the oldest first."""
    events = EVENTS_TABLE.c
    query = select(EVENTS_TABLE).where(events.decision_id == decision, events.kind.in_(kinds))
    with database.begin_read() as connection:
        return [dict(row._mapping) for row in connection.execute(query.order_by(events.happened_at, events.id))]

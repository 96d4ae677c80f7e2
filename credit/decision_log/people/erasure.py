"""Erase personal values from the log. Their hash stays, so that the chain of the log holds."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ColumnElement, and_, func, or_, select, text, update
from sqlalchemy.engine import Connection

from credit.decision_log.database import Database
from credit.decision_log.integrity.append import Appender, AppendTransaction
from credit.decision_log.people.events import EventKind, EventRow, build_event
from credit.decision_log.shadows.recording import erase_shadows
from credit.decision_log.tables import DECISIONS_TABLE, EVENTS_TABLE, is_of_environment

_CHUNK_ROWS = 500
"""Decisions that one event erases, in one transaction."""


def erase_decisions(
    events: Appender, decisions: Sequence[str], kind: EventKind, caller: str, detail: dict[str, Any]
) -> None:
    """Erase decisions in a transaction of their own, see `erase_within`."""
    with events.begin() as transaction:
        erase_within(transaction, decisions, build_event(kind, caller, None, detail))


def erase_applicant(events: Appender, applicant: str, caller: str, reason: str) -> list[str]:
    """Erase all decisions about an applicant; returns those that the database has.

    Others may wait in the spools of services. Until `late_erasure.forget_applicants` the event keeps the hash of the
    reference as personal value, by which those that were made before it are known when they come.
    """
    decisions = DECISIONS_TABLE.c
    query = select(decisions.id).where(decisions.applicant == applicant).order_by(decisions.decided_at, decisions.id)
    with events.begin() as transaction:
        lock_erasures(transaction.connection)
        found = list(transaction.connection.execute(query).scalars())
        event = build_event("erase", caller, None, {"reason": reason}, personal={"applicant": applicant})
        erase_within(transaction, found, event)
    return found


def erase_within(transaction: AppendTransaction, decisions: Sequence[str], event: EventRow) -> None:
    """Erase inputs, protected values, reference and fingerprint, and what reviews and corrections say, with one event.

    What challengers made of the decisions goes too. The event names every row that was erased, but of shadows the
    decision: one that lacks its values and is in no erasure was tampered with.
    """
    connection, told = transaction.connection, EVENTS_TABLE.c
    worded = and_(told.decision_id.in_(decisions), told.kind.in_(("review", "correct")), told.erased_by.is_(None))
    words = list(connection.execute(select(told.id).where(worded)).scalars())
    event["detail"] = {**event["detail"], "rows": [*decisions, *words]}
    transaction.append(event)
    gone = {"salt": None, "erased_by": event["id"]}
    nobody = {"inputs": JSON.NULL, "protected": JSON.NULL, "applicant": None, "fingerprint": None}
    here = update(DECISIONS_TABLE).where(DECISIONS_TABLE.c.id.in_(decisions))
    connection.execute(here.values(**nobody, **gone))
    erase_shadows(connection, decisions, event["id"])
    connection.execute(update(EVENTS_TABLE).where(told.id.in_(words)).values(personal=JSON.NULL, **gone))


def lock_erasures(connection: Connection, replays: bool = False) -> None:
    """Let an erasure come before or after the replays of spools, which do not wait for each other.

    SQLite has one writer anyway.
    """
    if connection.dialect.name == "postgresql":
        lock = "pg_advisory_xact_lock_shared" if replays else "pg_advisory_xact_lock"
        connection.execute(text(f"SELECT {lock}(hashtextextended('erasures', 0))"))


def count_expired(database: Database, before: datetime, environment: str | None = None) -> int:
    """Count the decisions of an environment, None: of all, from before a moment whose personal values are there."""
    query = select(func.count()).where(_is_expired(before, environment))
    with database.begin_read() as connection:
        return int(connection.execute(query).scalar_one())


def expire_decisions(
    database: Database, events: Appender, before: datetime, caller: str, environment: str | None = None
) -> int:
    """Erase the personal values of an environment's decisions, None: of all, from before a moment; return their number.

    The oldest come first. Killed in between, it goes on with the next ones when it runs again.
    """
    erased = 0
    detail = {"before": before.isoformat()}
    for decisions in _iterate_expired(database, before, environment):
        erase_decisions(events, decisions, "expire", caller, detail)
        erased += len(decisions)
    return erased


def _iterate_expired(database: Database, before: datetime, environment: str | None) -> Iterator[list[str]]:
    decisions = DECISIONS_TABLE.c
    query = select(decisions.decided_at, decisions.id).where(_is_expired(before, environment))
    query = query.order_by(decisions.decided_at, decisions.id).limit(_CHUNK_ROWS)
    beyond: ColumnElement[bool] = decisions.decided_at < before
    while True:
        with database.begin_read() as connection:
            rows = connection.execute(query.where(beyond)).all()
        if not rows:
            return
        yield [identifier for _, identifier in rows]
        time, identifier = rows[-1]
        later = or_(decisions.decided_at > time, decisions.id > identifier)
        beyond = and_(decisions.decided_at >= time, later)


def _is_expired(before: datetime, environment: str | None) -> ColumnElement[bool]:
    of_it = [is_of_environment(environment)] if environment is not None else []
    return and_(DECISIONS_TABLE.c.decided_at < before, DECISIONS_TABLE.c.erased_by.is_(None), *of_it)

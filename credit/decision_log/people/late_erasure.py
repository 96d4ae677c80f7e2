"""Decisions that come from a spool after their applicant was erased: recorded without what they were made by."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import JSON, Text, cast, select, update
from sqlalchemy.engine import Connection

from credit.decision_log.database import Database, DecisionRow
from credit.decision_log.integrity.append import Appender
from credit.decision_log.people.erasure import erase_within, lock_erasures
from credit.decision_log.people.events import build_event
from credit.decision_log.tables import DECISIONS_TABLE, EVENTS_TABLE

_LOG = logging.getLogger(__name__)

KEPT_DAYS = 30
"""Days for which an erasure keeps the hash of the reference, for decisions that are in a spool meanwhile."""

_AT_ONCE = 500
"""Events whose references are forgotten in one transaction: as many names of rows go into one statement."""

CALLER = "service"
"""Who erases, where a service does by itself."""

_E = EVENTS_TABLE.c


def add_spooled(database: Database, events: Appender, records: Sequence[DecisionRow]) -> None:
    """Add decisions of a spool, those of erased applicants without their personal values, in one transaction.

    Added again they change nothing. What an applicant sent after the erasure is no part of it.
    """
    if all(record["applicant"] is None for record in records):
        database.add(records)
        return
    with events.begin() as transaction:
        connection = transaction.connection
        lock_erasures(connection, replays=True)
        database.add_within(connection, records)
        late, erasures = _find_late(connection, records)
        if late:
            detail = {"reason": "came from a spool after the erasure", "after": erasures}
            erase_within(transaction, late, build_event("erase", CALLER, None, detail))
    if late:
        _LOG.warning(
            "%s decisions came from the spool after their applicants were erased: they are erased too", len(late)
        )
    _warn_of_old(records)


def forget_applicants(database: Database, events: Appender, now: datetime) -> int:
    """Forget the references that erasures keep for decisions in spools, after KEPT_DAYS; returns how many events did.

    At most _AT_ONCE of them: the next look takes those that are left.

    Raises CreditError when the database does not answer.
    """
    before = now - timedelta(days=KEPT_DAYS)
    kept = cast(_E.personal, Text) != "null"  # events of code that kept none have nothing to forget
    query = (
        select(_E.id).where(_E.kind == "erase", _E.happened_at < before, _E.erased_by.is_(None), kept).limit(_AT_ONCE)
    )
    with database.begin_read() as connection:
        if connection.execute(query).first() is None:
            return 0
    with events.begin() as transaction:
        lock_erasures(transaction.connection)
        old = list(transaction.connection.execute(query).scalars())
        if old:
            event = build_event("expire", CALLER, None, {"before": before.isoformat(), "rows": old})
            transaction.append(event)
            gone = update(EVENTS_TABLE).where(_E.id.in_(old))
            transaction.connection.execute(gone.values(personal=JSON.NULL, salt=None, erased_by=event["id"]))
    return len(old)


def _find_late(connection: Connection, records: Sequence[DecisionRow]) -> tuple[list[str], list[str]]:
    """Find the decisions that were made before their applicant was erased, and by which events that was."""
    pending = select(_E.id, _E.happened_at, _E.personal).where(_E.kind == "erase", _E.erased_by.is_(None))
    erased: dict[str, tuple[datetime, str]] = {}
    for event, at, personal in connection.execute(pending.order_by(_E.happened_at)):
        if personal is not None:
            erased[personal["applicant"]] = (at, event)
    late = {
        record["id"]: erased[who][1]
        for record in records
        if (who := record["applicant"]) in erased and record["decided_at"] < erased[who][0]
    }
    there = select(DECISIONS_TABLE.c.id).where(DECISIONS_TABLE.c.id.in_(late), DECISIONS_TABLE.c.erased_by.is_(None))
    found = list(connection.execute(there).scalars()) if late else []
    return found, sorted({late[one] for one in found})


def _warn_of_old(records: Sequence[DecisionRow]) -> None:
    """Warn of decisions that were in the spool for so long that erasures of meanwhile may be forgotten."""
    before = datetime.now(UTC) - timedelta(days=KEPT_DAYS)
    if old := sum(record["decided_at"] < before for record in records if record["applicant"] is not None):
        _LOG.warning(
            "%s decisions with an applicant were in the spool for more than %s days: erase again whom you erased since",
            old,
            KEPT_DAYS,
        )

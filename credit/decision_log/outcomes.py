"""The recorded outcomes of decisions. The one that was observed last holds, whenever it was reported."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select, text
from sqlalchemy.engine import Connection

from credit.contract.levels import Scalar
from credit.decision_log.database import Database
from credit.decision_log.integrity.append import Appender
from credit.decision_log.tables import OUTCOMES_TABLE


class Outcome(NamedTuple):
    """The value of the label that a decision led to, when it was observed, and what its contract calls the label."""

    outcome: Scalar
    observed_at: datetime
    label: str | None


class RecordedOutcome(NamedTuple):
    """An outcome in the log. `is_new`: it was not there before."""

    outcome: Outcome
    is_new: bool


def record_outcome(
    outcomes: Appender,
    decision: str,
    value: Scalar,
    observed_at: datetime | None,
    label: str,
    caller: str,
    now: datetime,
) -> RecordedOutcome:
    """Add the outcome of a decision. The same report again is no new row.

    A report that does not say when is the same as the newest outcome with its value.
    """
    with outcomes.begin() as transaction:
        lock_decision(transaction.connection, decision)
        there = _list_outcomes(transaction.connection, decision)
        same = [one for one in there if (one.outcome, one.label) == (value, label) and type(one.outcome) is type(value)]
        if observed_at is None and same and same[-1] == there[-1]:
            return RecordedOutcome(same[-1], False)
        if again := [one for one in same if one.observed_at == observed_at]:
            return RecordedOutcome(again[0], False)
        observed = Outcome(value, observed_at or now, label)
        row: dict[str, Any] = {**observed._asdict(), "decision_id": decision, "recorded_at": now, "caller": caller}
        transaction.append(row | {"erased_by": None})
        return RecordedOutcome(observed, True)


def list_outcomes(database: Database, decision: str) -> list[Outcome]:
    """List the outcomes of a decision, the one that holds last."""
    with database.begin_read() as connection:
        return _list_outcomes(connection, decision)


def find_newest_outcome(database: Database, decision: str) -> Outcome | None:
    """Find the outcome of a decision that was observed last; None when there is none yet."""
    return next(reversed(list_outcomes(database, decision)), None)


def _list_outcomes(connection: Connection, decision: str) -> list[Outcome]:
    columns = OUTCOMES_TABLE.c
    query = select(columns.outcome, columns.observed_at, columns.label).where(columns.decision_id == decision)
    return [Outcome(*row) for row in connection.execute(query.order_by(columns.observed_at, columns.id))]


def lock_decision(connection: Connection, decision: str) -> None:
    """Let the same report, sent to two services at once, come one after the other. SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:decision, 0))")
        connection.execute(lock, {"decision": decision})

"""The recorded outcomes of decisions."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import insert, select

from credit.contract.levels import Scalar
from credit.decision_log.database import Database
from credit.decision_log.tables import OUTCOMES_TABLE


class Outcome(NamedTuple):
    """The value of the label that a decision led to, and when it was observed."""

    outcome: Scalar
    observed_at: datetime


def record_outcome(database: Database, decision: str, observed: Outcome, caller: str, now: datetime) -> None:
    """Add the outcome of a decision; the same one again changes nothing."""
    if observed != find_latest_outcome(database, decision):
        row = observed._asdict() | {"decision_id": decision, "recorded_at": now, "caller": caller}
        with database.begin_write() as connection:
            connection.execute(insert(OUTCOMES_TABLE).values(**row))


def find_latest_outcome(database: Database, decision: str) -> Outcome | None:
    """Find the latest outcome of a decision; None when there is none yet."""
    newest = (
        select(OUTCOMES_TABLE.c.outcome, OUTCOMES_TABLE.c.observed_at)
        .where(OUTCOMES_TABLE.c.decision_id == decision)
        .order_by(OUTCOMES_TABLE.c.id.desc())
        .limit(1)
    )
    with database.begin_read() as connection:
        row = connection.execute(newest).first()
    return Outcome(*row) if row is not None else None

"""The recorded outcomes of decisions."""

from typing import Any

from sqlalchemy import insert, select

from credit.decision_log.database import Database
from credit.decision_log.tables import OUTCOMES_TABLE


def record_outcome(database: Database, row: dict[str, Any]) -> None:
    """Add an outcome; the same one again changes nothing."""
    there = find_latest_outcome(database, row["decision_id"])
    if there != {"outcome": row["outcome"], "observed_at": row["observed_at"]}:
        with database.begin_write() as connection:
            connection.execute(insert(OUTCOMES_TABLE).values(**row))


def find_latest_outcome(database: Database, decision: str) -> dict[str, Any] | None:
    """Find the latest outcome, with when it was observed; None when there is none yet."""
    newest = (
        select(OUTCOMES_TABLE.c.outcome, OUTCOMES_TABLE.c.observed_at)
        .where(OUTCOMES_TABLE.c.decision_id == decision)
        .order_by(OUTCOMES_TABLE.c.id.desc())
        .limit(1)
    )
    with database.begin_read() as connection:
        row = connection.execute(newest).first()
    return dict(row._mapping) if row is not None else None

"""A decision log of the revision before decisions were kept apart by month."""

from datetime import UTC, datetime
from typing import Any

from alembic import command
from sqlalchemy import text

from credit.decision_log import migrate
from credit.decision_log.database import Database
from credit.decision_log.integrity.chain import DECISIONS, Chain
from credit.decision_log.months.partitions import add_months
from testing.decisions import make_record


def run_sql(database: Database, *statements: str) -> Any:
    with database.begin_write() as connection:
        for one in statements:
            result = connection.execute(text(one))
        return result.all() if result.returns_rows else None


def make_old_log(url: str) -> tuple[Database, list[dict[str, Any]]]:
    """Make a log of the revision before, with chained decisions of three years and one by a clock that was wrong."""
    database, now = Database(url), datetime.now(UTC)
    config = migrate._configure()
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0005")
    moments = [add_months(now, -number) for number in range(36, -1, -1)] + [add_months(now, 2)]
    rows = [make_record(decided_at=one, idempotency_key=f"{i:064x}") for i, one in enumerate(moments)]
    rows.append(make_record(decided_at=now, repeat_of=rows[3]["id"], repeated_key=rows[3]["idempotency_key"]))
    Chain(DECISIONS).link(rows)
    database.add(rows)
    return database, rows

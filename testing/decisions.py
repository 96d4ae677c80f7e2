"""Made-up decisions in the form of the decision log, and new logs for them."""

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import count
from typing import Any
from uuid import uuid4

from alembic import command
from sqlalchemy import Engine, create_engine, select, text

from credit.common.errors import CreditError
from credit.decision_log import migrate
from credit.decision_log.database import Database, DecisionRow
from credit.decision_log.integrity.chain import DECISIONS, Chain
from credit.decision_log.log import DecisionLog
from credit.decision_log.months.partitions import add_months
from credit.decision_log.tables import DECISIONS_TABLE

_NUMBERS = count(1)

migrate_by_alembic = migrate.upgrade_tables


def make_record(**changes: Any) -> dict[str, Any]:
    """Make a decision, another one each time."""
    made = {
        "id": f"{next(_NUMBERS):032x}",
        "decided_at": datetime(2026, 1, 2, 3, 4, 5, 678901, UTC),
        "decision": "deny",
        "score": 0.1,
        "reasons": ["Your income"],
        "decided_by": "model",
        "rule_because": None,
        "version": "v1.0.0",
        "digest": "d" * 64,
        "entry": 1,
        "inputs": {"income": 0.1, "home": None, "self": True},
        "protected": {"race": "Black"},
        "caller": "tester",
        "idempotency_key": None,
        "repeat_of": None,
        "reason_codes": ["income.too_low"],
        "language": "en",
        "repeated_key": None,
        "environment": "prod",
        "fingerprint": None,
        "applicant": None,
        "writer": None,
        "sequence": None,
        "previous": None,
        "salt": None,
        "personal_hash": None,
        "row_hash": None,
        "erased_by": None,
    }
    assert not changes.keys() - made.keys()
    return made | changes


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


def write_each(log: DecisionLog, records: Sequence[DecisionRow]) -> list[DecisionRow]:
    """Write decisions as a request each; return the recorded ones."""
    recorded = log.write([[record] for record in records])
    rows: list[DecisionRow] = []
    for request in recorded:
        if isinstance(request, CreditError):
            raise request
        rows += request
    return rows


def list_identifiers(database: Database) -> list[str]:
    """List the ids in a database of which nothing was ever deleted, in the order in which they were written."""
    place = "ctid" if database.engine.dialect.name == "postgresql" else "rowid"
    with database.begin_read() as connection:
        return list(connection.execute(select(DECISIONS_TABLE.c.id).order_by(text(place))).scalars())


def read_decision(database: Database, identifier: str) -> dict[str, Any]:
    """Read a decision that must be in a database."""
    there = database.find(identifier)
    assert there is not None
    return there


def run_sql(database: Database, *statements: str) -> Any:
    with database.begin_write() as connection:
        for one in statements:
            result = connection.execute(text(one))
        return result.all() if result.returns_rows else None


def make_old_log(url: str, now: datetime) -> tuple[Database, list[dict[str, Any]]]:
    """Make a log of the revision before, with chained decisions of three years and one by a clock that was wrong."""
    database = Database(url)
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


def make_tables(engine: Engine) -> None:
    """Make the tables of a new SQLite log as the migrations do; leave every other database to them.

    The migrations take 26 ms for each of some thousand logs, the tables that they make 2.
    """
    if engine.dialect.name == "sqlite":
        with engine.begin() as connection:  # nobody else writes meanwhile
            if connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar() == 0:
                for statement in _list_statements():
                    connection.exec_driver_sql(statement)
                return
    migrate_by_alembic(engine)


@cache
def _list_statements() -> list[str]:
    """List the statements that make the tables, and the rows in them, that the migrations make of nothing."""
    engine = create_engine("sqlite://")
    migrate_by_alembic(engine)
    with engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        return [one for one in raw.iterdump() if one not in ("BEGIN TRANSACTION;", "COMMIT;")]

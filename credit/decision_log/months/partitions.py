"""The months by which decisions are kept apart in PostgreSQL. In SQLite they are in one table, and there are none.

A decision whose month is not there goes to the partition `decisions_default`: it is never refused.
"""

from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import Table, text
from sqlalchemy.engine import Connection

from credit.decision_log.database import Database

AHEAD_MONTHS = 3
"""Months after the current one that are made ahead."""

_LIST = text(
    """SELECT c.oid::regclass::text, (regexp_match(b.bound, 'FROM \\(''([^'']+)''\\)'))[1]::timestamptz,
        (regexp_match(b.bound, 'TO \\(''([^'']+)''\\)'))[1]::timestamptz
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        CROSS JOIN LATERAL (SELECT pg_get_expr(c.relpartbound, c.oid) AS bound) b
    WHERE i.inhparent = 'decisions'::regclass AND b.bound <> 'DEFAULT'
    ORDER BY 3"""
)

_PARTS = text(
    """SELECT inhrelid::regclass::text AS name, has_table_privilege(inhrelid, 'SELECT') AS is_readable
    FROM pg_inherits WHERE inhparent = to_regclass(:name) ORDER BY 1"""
)


class Partition(NamedTuple):
    """A partition for decisions from `begin` to before `end`. `begin` None: all that is older."""

    name: str
    begin: datetime | None
    end: datetime


class MonthReport(NamedTuple):
    """Months that were made, decisions that were moved into them, and those that are in no month."""

    made: int = 0
    moved: int = 0
    stray: int = 0


def add_months(moment: datetime, months: int) -> datetime:
    """Find the begin of the month, in UTC, that comes so many months after that of a moment."""
    moment = moment.astimezone(UTC)
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    return datetime(year, month + 1, 1, tzinfo=UTC)


def is_partitioned(database: Database) -> bool:
    """Tell whether the database keeps months apart."""
    return database.engine.dialect.name == "postgresql"


def list_partitions(connection: Connection) -> list[Partition]:
    """List the partitions, the oldest first, but that for decisions of no month."""
    return [Partition(*row) for row in connection.execute(_LIST)]


def list_parts(connection: Connection, table: Table) -> tuple[str, ...]:
    """List the tables that rows of a table are in: its partitions, or itself for a role that may not read these."""
    if connection.dialect.name != "postgresql":
        return (table.name,)
    rows = connection.execute(_PARTS, {"name": table.name}).all()
    return tuple(row.name for row in rows) if rows and all(row.is_readable for row in rows) else (table.name,)


def ensure_months(database: Database, now: datetime) -> MonthReport:
    """Make the months that are missing: from the current one on, and those of decisions that are in none.

    Decisions of a month further ahead, by a clock that is wrong, stay where they are until it comes. Several services
    may do so at once. The rights are those of who made the tables, whoever asks. Raises CreditError when a month cannot
    be made.
    """
    if not is_partitioned(database):
        return MonthReport()
    last = add_months(now, AHEAD_MONTHS)
    with database.begin_read() as connection:
        there = list_partitions(connection)
    wanted = {add_months(now, ahead) for ahead in range(AHEAD_MONTHS + 1)} | _count_stray(database).keys()
    moved = []
    for month in sorted(wanted):
        if month <= last and not any((one.begin is None or one.begin <= month) and month < one.end for one in there):
            with database.begin_write() as connection:
                made = connection.execute(text("SELECT make_decision_month(:month)"), {"month": month}).scalar_one()
            moved += [] if made is None else [int(made)]  # None: another service made it a moment ago
    return MonthReport(len(moved), sum(moved), sum(_count_stray(database).values()))


def _count_stray(database: Database) -> dict[datetime, int]:
    """Count the decisions that are in no month, by the month that they should be in."""
    with database.begin_read() as connection:
        return {month: int(n) for month, n in connection.execute(text("SELECT * FROM count_stray_decisions()"))}

"""Insert many rows into the database by one statement: decisions, and what was decided beside them.

Each call into the driver releases the interpreter's lock and has to get it back, which takes longer than the call: a
statement for each row would delay every answer.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache, lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from pydantic_core import to_json
from sqlalchemy import JSON, Column, Dialect, Table, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from credit.decision_log.tables import DECISIONS_TABLE, UtcDateTime

MAX_ROWS = 500
"""Rows in one statement: SQLite takes 32,766 parameters, PostgreSQL 65,535."""

_PART_ROWS = 100
"""Rows in each statement of a transaction that has several: as quick as with 500, in a fifth of the memory."""

_ONE_ROW = re.compile(r"(?<= VALUES )(\(.*\))(?= ON CONFLICT)")

Conversion = Callable[[Any], Any]


class _Insert(NamedTuple):
    """The parts of the statements for any number of rows: a whole one kept for each number would be 300 MiB in all.

    `rows`: the parameters of each row; `names`: of all parameters, or none; `conversions`: of columns, by their place.
    """

    start: str
    rows: list[str]
    end: str
    names: list[str]
    conversions: list[tuple[int, Conversion]]


def insert_decisions(connection: Connection, records: Sequence[dict[str, Any]]) -> int:
    """Insert any number of decisions in their order, except those whose id or idempotency key is there already.

    Returns how many were inserted.
    """
    parts = (records[start : start + _PART_ROWS] for start in range(0, len(records), _PART_ROWS))
    return sum(connection.exec_driver_sql(*build_insert(connection.dialect, part)).rowcount for part in parts)


def build_insert(
    dialect: Dialect, records: Sequence[dict[str, Any]], table: Table = DECISIONS_TABLE
) -> tuple[str, Any]:
    """Build the statement that inserts at most MAX_ROWS rows, and its values, as the driver takes them."""
    insert = _compile_insert(dialect, table)
    read_columns = _find_reader(table)
    values: list[Any] = []
    for record in records:
        row = list(read_columns(record))
        for place, convert in insert.conversions:
            if row[place] is not None:
                row[place] = convert(row[place])
        values += row
    statement, names = _build_statement(dialect, len(records), table)
    return statement, dict(zip(names, values, strict=True)) if names else tuple(values)


@cache
def _find_reader(table: Table) -> Callable[[dict[str, Any]], tuple[Any, ...]]:
    """Find what reads the values of a table's columns from a row."""
    return itemgetter(*(column.name for column in table.columns))


@lru_cache(maxsize=16)
def _build_statement(dialect: Dialect, rows: int, table: Table) -> tuple[str, list[str]]:
    """Build the statement for so many rows; also its parameters' names, if any. Few are kept: one may be 0.5 MiB."""
    insert = _compile_insert(dialect, table)
    statement = insert.start + ", ".join(insert.rows[:rows]) + insert.end
    return statement, insert.names[: rows * len(table.columns)]


@lru_cache(maxsize=16)
def _compile_insert(dialect: Dialect, table: Table) -> _Insert:
    """Compile the parts of a table's statements."""
    kind = postgresql if dialect.name == "postgresql" else sqlite
    columns = table.columns
    parameters = {c.name: bindparam(f"{c.name}_0", type_=c.type) for c in columns}
    made = kind.insert(table).values([parameters]).on_conflict_do_nothing().compile(dialect=dialect)
    start, one, end = _ONE_ROW.split(str(made))  # SQLAlchemy takes a second for 500 rows, in which nobody is answered
    names = [] if dialect.positional else [f"{column.name}_{row}" for row in range(MAX_ROWS) for column in columns]
    rows = [one] * MAX_ROWS if dialect.positional else [one.replace("_0)s", f"_{row})s") for row in range(MAX_ROWS)]
    found = [(place, find_conversion(column, dialect)) for place, column in enumerate(columns)]
    return _Insert(start, rows, end, names, [(place, convert) for place, convert in found if convert is not None])


def find_conversion(column: Column[Any], dialect: Dialect) -> Conversion | None:
    """Find how a column's value becomes one of the driver; None: as it is.

    SQLite's are our own: SQLAlchemy's give the same text, in three times the time.
    """
    if dialect.name == "sqlite" and isinstance(column.type, JSON):
        return _write_json
    if dialect.name == "sqlite" and isinstance(column.type, UtcDateTime):
        return _write_moment
    return column.type.dialect_impl(dialect).bind_processor(dialect)


def _write_json(value: Any) -> str:
    return str(to_json(value), "utf-8")


def _write_moment(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")

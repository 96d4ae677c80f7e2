"""Insert many decisions into the database by one statement.

Each call into the driver releases the interpreter's lock and has to get it back, which takes longer than the call: a
statement for each decision would delay every answer.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from credit.decision_log.tables import DECISIONS_TABLE

MAX_ROWS = 500
"""Decisions in one statement: SQLite takes 32,766 parameters, PostgreSQL 65,535."""

_COLUMN_NAMES = tuple(column.name for column in DECISIONS_TABLE.columns)


def insert_decisions(connection: Connection, records: Sequence[dict[str, Any]]) -> int:
    """Insert any number of decisions in their order, except those whose id or idempotency key is there already.

    Returns how many were inserted.
    """
    parts = [records[start : start + MAX_ROWS] for start in range(0, len(records), MAX_ROWS)]
    return sum(connection.exec_driver_sql(*build_insert(connection.dialect, part)).rowcount for part in parts)


def build_insert(dialect: Dialect, records: Sequence[dict[str, Any]]) -> tuple[str, Any]:
    """Build the statement that inserts at most ROWS decisions, and its values, as the driver takes them."""
    statement, names, conversions = _compile_insert(dialect, len(records))
    values = [
        value if conversion is None or value is None else conversion(value)
        for record in records
        for conversion, value in zip(conversions, map(record.__getitem__, _COLUMN_NAMES), strict=True)
    ]
    return statement, dict(zip(names, values, strict=True)) if names else tuple(values)


@lru_cache(maxsize=1024)
def _compile_insert(dialect: Dialect, rows: int) -> tuple[str, list[str], tuple[Any, ...]]:
    """Compile the statement for so many rows; also its parameters' names, if any, and each column's conversion."""
    kind = postgresql if dialect.name == "postgresql" else sqlite
    columns = DECISIONS_TABLE.columns
    parameters = [{c.name: bindparam(f"{c.name}_{row}", type_=c.type) for c in columns} for row in range(rows)]
    made = kind.insert(DECISIONS_TABLE).values(parameters).on_conflict_do_nothing().compile(dialect=dialect)
    names = [] if dialect.positional else [one.key for row in parameters for one in row.values()]
    return str(made), names, tuple(c.type.dialect_impl(dialect).bind_processor(dialect) for c in columns)

"""Add shadows to the database of the decisions, in which others write meanwhile.

Such rows are written some time after their decisions, whose personal values may be erased by then: the row goes into
the database as an erasure would have left it. In SQLite one writer locks out all others, so they go there some at a
time: no decision waits for more than those.
"""

import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect, select
from sqlalchemy.engine import Connection

from credit.decision_log.bulk_insert import MAX_ROWS, build_insert
from credit.decision_log.database import Database
from credit.decision_log.integrity.chain import SHADOWS
from credit.decision_log.tables import DECISIONS_TABLE, SHADOWS_TABLE

_LOCKED_ROWS = 256
"""Rows that are written under one lock of SQLite, which takes about a millisecond.

A decision that finds it taken waits for one millisecond at least, whatever is left of it, so fewer rows at a time would
only let more decisions wait.
"""

_UNLOCKED_SECONDS = 0.01
"""Before the next ones are: a decision that waits for SQLite looks after 1, 2, 5 ms, and would find it locked again."""

ShadowRow = dict[str, Any]
"""A row of SHADOWS."""

ERASED_VALUES: dict[str, None] = dict.fromkeys([*SHADOWS.personal, "salt"])
"""The values of a row whose decision was erased, beside the event that did it."""


def add_beside_decisions(database: Database, rows: Sequence[ShadowRow]) -> None:
    """Add rows durably to the database of the decisions, which others write to meanwhile.

    Where this fails some may be there already; to add all of them again is right then.
    """
    size = _LOCKED_ROWS if database.engine.dialect.name == "sqlite" else MAX_ROWS
    for start in range(0, len(rows), size):
        if start:
            time.sleep(_UNLOCKED_SECONDS)
        _add_few(database, rows[start : start + size])
    database.flush()


def _add_few(database: Database, rows: Sequence[ShadowRow]) -> None:
    """Add rows in one transaction, before which is done whatever can be: others wait for its end.

    Of SQLite's decisions it is found out before, too, which are erased: each erasure is an event, of which none is ever
    removed, so where no event came since, no erasure did.
    """
    dialect, newest, erased = database.engine.dialect, None, dict[str, str]()
    if dialect.name == "sqlite":
        with database.begin_read() as connection:
            newest, erased = _find_newest_event(connection), _find_erased(connection, rows)
    added = build_inserts(dialect, _apply_erasures(rows, erased))
    with database.begin_write() as connection:
        if newest is None or newest != _find_newest_event(connection):
            added = build_inserts(dialect, _apply_erasures(rows, _find_erased(connection, rows)))
        execute_each(connection, added)


def build_inserts(dialect: Dialect, rows: Sequence[ShadowRow]) -> list[tuple[str, Any]]:
    """Build the statements that insert rows, each of a power of two of them: few are compiled, and kept in memory."""
    built: list[tuple[str, Any]] = []
    while rows:
        size = 1 << (min(len(rows), MAX_ROWS).bit_length() - 1)
        built.append(build_insert(dialect, rows[:size], SHADOWS_TABLE))
        rows = rows[size:]
    return built


def execute_each(connection: Connection, statements: Sequence[tuple[str, Any]]) -> None:
    """Execute statements in their order."""
    for statement, values in statements:
        connection.exec_driver_sql(statement, values)


def _find_newest_event(connection: Connection) -> int:
    """Find the place of SQLite's newest event; 0 without any."""
    return int(connection.exec_driver_sql("SELECT coalesce(max(rowid), 0) FROM events").scalar_one())


def _find_erased(connection: Connection, rows: Sequence[ShadowRow]) -> dict[str, str]:
    """Find which decisions of rows are erased, and by which event. It asks for a power of two, the last one again."""
    decisions = [row["decision_id"] for row in rows]
    decisions += decisions[-1:] * ((1 << (len(rows) - 1).bit_length()) - len(rows))
    query, names = _compile_look(connection.dialect, len(decisions))
    values: Any = dict(zip(names, decisions, strict=True)) if names else tuple(decisions)
    found = connection.exec_driver_sql(query, values).all()
    return {decision: event for decision, event in found if event is not None}


@lru_cache(maxsize=32)
def _compile_look(dialect: Dialect, decisions: int) -> tuple[str, list[str]]:
    """Compile the query for what became of so many decisions, by id; also its parameters' names, if any.

    PostgreSQL keeps these decisions as they are until the rows are there. Where an erasure has one of them, the rows go
    to the spool instead of waiting, for two that wait for each other would take one of them down.
    """
    columns = DECISIONS_TABLE.c
    query = select(columns.id, columns.erased_by).where(columns.id.in_([str(place) for place in range(decisions)]))
    made = query.with_for_update(read=True, nowait=True).compile(
        dialect=dialect, compile_kwargs={"render_postcompile": True}
    )
    return str(made), [] if dialect.positional else list(made.params)


def _apply_erasures(rows: Sequence[ShadowRow], erased: Mapping[str, str]) -> Sequence[ShadowRow]:
    """Take the values out of rows whose decision is erased."""
    if not erased:
        return rows
    events = [erased.get(row["decision_id"]) for row in rows]
    return [
        row if event is None else row | ERASED_VALUES | {"erased_by": event}
        for row, event in zip(rows, events, strict=True)
    ]

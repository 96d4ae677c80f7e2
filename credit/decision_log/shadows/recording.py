"""Record what a challenger would have decided: in the database, or in the spool while that does not answer.

Such rows are written some time after their decisions, whose personal values may be erased by then: the row goes into
the database as an erasure would have left it. In SQLite one writer locks out all others, so they go there some at a
time: no decision waits for more than those.
"""

import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect, Select, delete, func, select, update
from sqlalchemy.engine import Connection

from credit.common.errors import CreditError
from credit.decision_log.bulk_insert import MAX_ROWS, build_insert
from credit.decision_log.database import Database
from credit.decision_log.integrity.chain import SHADOWS, Chain, Head
from credit.decision_log.tables import DECISIONS_TABLE, SHADOWS_TABLE

_LOG = logging.getLogger(__name__)
_REPLAY_ROWS = 500

_LOCKED_ROWS = 256
"""Rows that are written under one lock of SQLite, which takes about a millisecond.

A decision that finds it taken waits for one millisecond at least, whatever is left of it, so fewer rows at a time would
only let more decisions wait.
"""

_UNLOCKED_SECONDS = 0.01
"""Before the next ones are: a decision that waits for SQLite looks after 1, 2, 5 ms, and would find it locked again."""

_C = SHADOWS_TABLE.c

ShadowRow = dict[str, Any]
"""A row of SHADOWS."""

ERASED_VALUES: dict[str, None] = dict.fromkeys([*SHADOWS.personal, "salt"])
"""The values of a row whose decision was erased, beside the event that did it."""


class ShadowLog:
    """The writer of shadows in this process, in a chain of its own."""

    def __init__(self, database: Database, spool: Database) -> None:
        self.chain = Chain(SHADOWS)
        self._database, self._spool, self._turn = database, spool, threading.Lock()

    def write(self, rows: Sequence[ShadowRow], may_use_database: bool) -> None:
        """Write rows durably. Raises CreditError when neither the database nor the spool takes them.

        Whatever became of them in the first, the second gets them at the same places of the chain.
        """
        with self._turn:
            self.chain.link(rows)
            try:
                if not may_use_database or not self._insert(self._database, rows):
                    with self._spool.begin_write() as connection:
                        _execute_each(connection, _build_inserts(self._spool.engine.dialect, rows))
            except CreditError:
                self.chain.restart()
                raise
            self.chain.advance(rows)

    def adopt_head(self, head: Head) -> None:
        """Take over the head of a writer in another process, for the checkpoints of this one."""
        with self._turn:
            if head.sequence:
                heads = self.chain.heads
                heads[:] = [*(one for one in heads if one.sequence and one.writer != head.writer), head]

    def replay(self, lock: AbstractContextManager[None]) -> int:
        """Move rows from the spool into the database, those of `_REPLAY_ROWS` at a time; returns how many were moved.

        Killed in between, it adds the same again, which changes nothing. Raises CreditError without an answer.
        """
        with lock:
            moved = 0
            for rows in self._iterate_spooled():
                _add_beside_decisions(self._database, rows)
                with self._spool.begin_write() as connection:
                    connection.execute(delete(SHADOWS_TABLE).where(_C.id.in_([row["id"] for row in rows])))
                moved += len(rows)
            return moved

    def count_spooled(self) -> int:
        """Count the rows that the database does not have yet."""
        with self._spool.begin_read() as connection:
            return int(connection.execute(select(func.count()).select_from(SHADOWS_TABLE)).scalar_one())

    def _iterate_spooled(self) -> Iterator[list[ShadowRow]]:
        while True:
            with self._spool.begin_read() as connection:
                oldest = select(SHADOWS_TABLE).order_by(_C.writer, _C.sequence).limit(_REPLAY_ROWS)
                rows = [dict(row._mapping) for row in connection.execute(oldest)]
            if not rows:
                return
            yield rows

    def _insert(self, database: Database, rows: Sequence[ShadowRow]) -> bool:
        """Insert rows into the database; False when it does not take them."""
        try:
            database.check_file()  # in a process that does not look for itself an empty one would be made
            _add_beside_decisions(database, rows)
        except CreditError as error:
            _LOG.warning("shadows go to the spool: %s", error)
            return False
        return True


def erase_shadows(connection: Connection, decisions: Sequence[str] | Select[Any], event: str) -> None:
    """Erase what challengers made of decisions, in the transaction that erases these. `event`: its id."""
    gone = update(SHADOWS_TABLE).where(_C.decision_id.in_(decisions), _C.erased_by.is_(None))
    connection.execute(gone.values(**ERASED_VALUES, erased_by=event))


def _add_beside_decisions(database: Database, rows: Sequence[ShadowRow]) -> None:
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
    added = _build_inserts(dialect, _apply_erasures(rows, erased))
    with database.begin_write() as connection:
        if newest is None or newest != _find_newest_event(connection):
            added = _build_inserts(dialect, _apply_erasures(rows, _find_erased(connection, rows)))
        _execute_each(connection, added)


def _build_inserts(dialect: Dialect, rows: Sequence[ShadowRow]) -> list[tuple[str, Any]]:
    """Build the statements that insert rows, each of a power of two of them: few are compiled, and kept in memory."""
    built: list[tuple[str, Any]] = []
    while rows:
        size = 1 << (min(len(rows), MAX_ROWS).bit_length() - 1)
        built.append(build_insert(dialect, rows[:size], SHADOWS_TABLE))
        rows = rows[size:]
    return built


def _execute_each(connection: Connection, statements: Sequence[tuple[str, Any]]) -> None:
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


def list_shadows(database: Database, decision: str) -> list[dict[str, Any]]:
    """List what challengers made of a decision, the oldest first, but what was erased."""
    columns = (_C.challenge, _C.version, _C.shadowed_at, _C.decision, _C.score, _C.decided_by, _C.rule_because)
    query = select(*columns).where(_C.decision_id == decision, _C.erased_by.is_(None)).order_by(_C.shadowed_at)
    with database.begin_read() as connection:
        return [dict(row._mapping) for row in connection.execute(query)]


def count_shadows(database: Database, environment: str, challenge: int, most: int) -> int:
    """Count the applications that a challenger decided, at most so many. Raises CreditError without an answer."""
    there = select(_C.id).where(_C.challenge == challenge, _C.environment == environment, _C.decision.is_not(None))
    with database.begin_read() as connection:
        return int(connection.execute(select(func.count()).select_from(there.limit(most).subquery())).scalar_one())

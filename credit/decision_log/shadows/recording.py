"""Record what a challenger would have decided: in the database, or in the spool while that does not answer.

The database gets them beside the decisions, which others write (`insertion`); an erasure of a decision takes them too.
"""

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.engine import Connection

from credit.common.errors import CreditError
from credit.decision_log.database import Database
from credit.decision_log.integrity.chain import SHADOWS, Chain, Head
from credit.decision_log.shadows.insertion import (
    ERASED_VALUES,
    ShadowRow,
    add_beside_decisions,
    build_inserts,
    execute_each,
)
from credit.decision_log.tables import SHADOWS_TABLE

_LOG = logging.getLogger(__name__)
_REPLAY_ROWS = 500

_C = SHADOWS_TABLE.c


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
                        execute_each(connection, build_inserts(self._spool.engine.dialect, rows))
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
                add_beside_decisions(self._database, rows)
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
            add_beside_decisions(database, rows)
        except CreditError as error:
            _LOG.warning("shadows go to the spool: %s", error)
            return False
        return True


def erase_shadows(connection: Connection, decisions: Sequence[str] | Select[Any], event: str) -> None:
    """Erase what challengers made of decisions, in the transaction that erases these. `event`: its id."""
    gone = update(SHADOWS_TABLE).where(_C.decision_id.in_(decisions), _C.erased_by.is_(None))
    connection.execute(gone.values(**ERASED_VALUES, erased_by=event))


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

"""Go on with a chain of events: commands, which end after a few of them, have one chain for an environment and a month.

A chain is gone on with only where the store has its end. Whoever put rows behind it would have them covered by the
next checkpoint else; so what a command left without one, since it was killed, stays as it is in a chain of its own.
"""

import hashlib
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.engine import Connection

from credit.decision_log.database import Database
from credit.decision_log.integrity.chain import EVENTS, GENESIS, ChainedTable, Head, begin_chain
from credit.decision_log.integrity.checkpoints import Checkpoint, list_points, write_checkpoint
from credit.registry.store import Store

_CHAINS = 20
"""Chains of a month that are looked at, for one whose end is in the store."""


def find_end(database: Database, store: Store, environment: str, now: datetime) -> Head:
    """Find the end of the chain that a command goes on with; that of a new one is announced in the store.

    Raises CreditError when the database or the store does not answer.
    """
    for number in range(_CHAINS):
        name = f"commands {environment} {now:%Y-%m} {number}"
        writer = hashlib.sha256(name.encode()).hexdigest()[:32]
        points = list_points(store, EVENTS.table.name, writer)
        with database.begin_read() as connection:
            end = _read_end(connection, EVENTS, writer)
        if not points and not end.sequence:
            write_checkpoint(store, Checkpoint(EVENTS.table.name, end), environment)
            return end
        if points and (max(points), points[max(points)]) == (end.sequence, {end.row_hash}):
            return end
    return begin_chain()


def is_end(connection: Connection, kind: ChainedTable, head: Head) -> bool:
    """Tell whether a head is the end of its chain, and keep others from going on with it in this transaction.

    SQLite has one writer anyway.
    """
    if connection.dialect.name == "postgresql":
        lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:writer, 0))")
        connection.execute(lock, {"writer": head.writer})
    return _read_end(connection, kind, head.writer) == head


def _read_end(connection: Connection, kind: ChainedTable, writer: str) -> Head:
    """Read the newest row of a writer; without one, the head before the first."""
    columns = kind.table.c
    query = select(columns.sequence, columns.row_hash).where(columns.writer == writer)
    row = connection.execute(query.order_by(columns.sequence.desc()).limit(1)).first()
    return Head(writer, row.sequence, row.row_hash) if row is not None else Head(writer, 0, GENESIS)

"""Append chained rows to a table, one transaction at a time."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy import insert
from sqlalchemy.engine import Connection

from credit.decision_log.database import Database
from credit.decision_log.integrity.chain import Chain, ChainedTable, Head
from credit.decision_log.integrity.continuing import is_end


class AppendTransaction(NamedTuple):
    """A transaction: its connection, and `append`, which adds a row with the chain's columns."""

    connection: Connection
    append: Callable[[dict[str, Any]], None]


class Appender:
    """The writer of a table in this process. Several may append to one table, each in a chain of its own.

    With a `head` it goes on with the chain of writers that have ended, as long as no other does.
    """

    def __init__(self, database: Database, kind: ChainedTable, head: Head | None = None) -> None:
        self.chain = Chain(kind, head)
        self.has_appended = False
        self._database, self._turn, self._goes_on = database, threading.Lock(), head is not None

    @contextmanager
    def begin(self) -> Iterator[AppendTransaction]:
        """Begin a transaction, which is durable when the block has ended. Raises CreditError when it cannot be."""
        with self._turn:
            before, added = self.chain.heads[-1], 0

            def append(row: dict[str, Any]) -> None:
                nonlocal before, added
                if not added and self._goes_on and not is_end(connection, self.chain.kind, before):
                    self.chain.leave()
                    before = self.chain.heads[-1]
                self.chain.link([row])
                self.chain.advance([row])
                added, self.has_appended = added + 1, True
                connection.execute(insert(self.chain.kind.table).values(**row))

            try:
                with self._database.begin_write() as connection:
                    yield AppendTransaction(connection, append)
            except BaseException:
                if added:
                    self.chain.heads[-1] = before
                    self.chain.restart()  # the transaction may have ended well, for all that is known
                raise

    def append(self, row: dict[str, Any]) -> None:
        """Append one row, durably. Raises CreditError when the database does not answer."""
        with self.begin() as transaction:
            transaction.append(row)

"""Connections to PostgreSQL that give up on a server that hangs."""

from typing import TypeVar

from psycopg import Connection, OperationalError
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow

ANSWER_SECONDS = 5.0
"""More than the server's own limits, which leave the connection whole."""

T = TypeVar("T")


class TimeoutConnection(Connection[TupleRow]):
    """A connection that waits for an answer for a limited time; whether the statement was executed is unknown then."""

    def wait(self, gen: PQGen[T], interval: float = 1.0, timeout: float | None = ANSWER_SECONDS) -> T:
        """Wait for the server's answer; raise psycopg's OperationalError when it does not come in time."""
        try:
            return super().wait(gen, interval, timeout)
        except OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:  # an answer may come still: to nobody
                self.pgconn.finish()
            raise

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
    """Waits for an answer for a while. What it was asked then may or may not have happened."""

    def wait(self, gen: PQGen[T], interval: float = 1.0, timeout: float | None = ANSWER_SECONDS) -> T:
        """Wait, and leave the server if it keeps silent. Raises psycopg's OperationalError then."""
        try:
            return super().wait(gen, interval, timeout)
        except OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:  # an answer may come still: to nobody
                self.pgconn.finish()
            raise

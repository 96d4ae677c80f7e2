"""A database of the decision log: upgrade the tables, write and read decisions."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import PoolProxiedConnection

from credit.common.errors import CreditError, Problem
from credit.decision_log.bulk_insert import MAX_ROWS, build_insert, insert_decisions
from credit.decision_log.connecting.engine import create_database_engine
from credit.decision_log.durability import WatchedFile, watch_durability
from credit.decision_log.tables import DECISIONS_TABLE

_LOG = logging.getLogger(__name__)
_MAX_ATTEMPTS = 10
"""How often a transaction is begun again since another service took one of its idempotency keys."""

DecisionRow = dict[str, Any]
"""A row of DECISIONS."""

LinkCallback = Callable[[list[DecisionRow], dict[str, DecisionRow]], None]


class Database:
    """SQLite or PostgreSQL. Operations raise CreditError, in one line without a secret, when it does not answer.

    With `read_only`, nothing is made or changed, whatever is asked of it. A `patient` one waits as long as a statement
    takes: for commands, which no applicant waits for. One that does not flush by itself locks SQLite for others no
    longer than it writes; what it wrote is durable after `flush`.
    """

    def __init__(self, url: str, read_only: bool = False, patient: bool = False, flushes: bool = True) -> None:
        try:
            self._url = make_url(url)
            self.engine = create_database_engine(url, read_only, patient, flushes)
            self._own: PoolProxiedConnection | None = None
            self._kept: PoolProxiedConnection | None = None
            self.file = WatchedFile(self._url, read_only)
            self.weaknesses: dict[str, str] = {}
            """Settings of the server by which an answered decision could be lost, each with what was done about it."""
            watch_durability(self.engine, self.weaknesses)
            self._turn = threading.Lock()
            self._errors: tuple[type[Exception], ...] = (
                SQLAlchemyError,
                OSError,
                self.engine.dialect.loaded_dbapi.Error,
            )
        except (ArgumentError, NoSuchModuleError, ImportError, ValueError):
            raise CreditError(
                Problem("SERVICE_DATABASE_URL", "an unknown kind of database", "sqlite:///… or postgresql+psycopg://…")
            ) from None

    def __str__(self) -> str:
        return self._url.set(query={}).render_as_string(hide_password=True)

    def prepare(self, anew: bool = False) -> None:
        """Upgrade the tables to this code's; several processes may do so at once.

        A file that was removed is made again only with `anew`: an empty log must not pass for the one that is gone.
        """
        from credit.decision_log.migrate import upgrade_tables

        if not anew:
            self.file.require_present()
        self.file.restrict()
        with self._translate_errors():
            try:
                upgrade_tables(self.engine)
            except (TypeError, ValueError, LookupError) as error:  # a server that answers what no client expects
                _LOG.exception("the decision log could not be prepared")
                found = f"cannot be used: {type(error).__name__}"
                raise CreditError(Problem(f"the decision log {self}", found)) from None
        self.file.remember()

    def check_file(self) -> None:
        """Check that the file is the one that was opened. Raises CreditError when it was removed or replaced.

        The connection to it stays open, so that its content can be copied from the process as long as this runs.
        """
        if self.file.is_lost():
            with self._turn:
                self._kept, self._own = self._own or self._kept, None
            self.engine.dispose()
            self.file.require()

    def add(self, records: Sequence[DecisionRow]) -> dict[str, DecisionRow]:
        """Write decisions in one transaction, which is durable when this returns.

        A decision that is there already, by its id, is left alone; one whose idempotency key another one has is
        written as a repeat of it. Gives, for each idempotency key, the decision that is there under it now.
        """
        keys = _list_keys(records)
        if not keys and len(records) <= MAX_ROWS:
            if records:
                self._insert_autocommit(records)
                self.check_file()
            return {}
        with self.begin_write() as connection:
            return self.add_within(connection, records)

    @staticmethod
    def add_within(connection: Connection, records: Sequence[DecisionRow]) -> dict[str, DecisionRow]:
        """Write decisions as `add` does, in a transaction of others."""
        insert_decisions(connection, records)
        there = _select_by_keys(connection, _list_keys(records))
        insert_decisions(connection, [_mark_repeat(record, there) for record in records if _is_repeat(record, there)])
        return there

    def add_requests(self, requests: Sequence[Sequence[DecisionRow]], link: LinkCallback) -> dict[str, DecisionRow]:
        """Write the decisions of requests in one transaction, but of those whose idempotency key is there already.

        `link` gets the decisions that are written, before they are, and those that are there. Gives the latter, by key.
        """
        records = [record for request in requests for record in request]
        if not (keys := _list_keys(records)):
            link(records, {})
            return self.add(records)
        for _ in range(_MAX_ATTEMPTS):
            with suppress(_TakenError), self.begin_write() as connection:
                there = _select_by_keys(connection, keys)
                new = [record for request in requests if not _is_there(request, there) for record in request]
                link(new, there)
                if insert_decisions(connection, new) < len(new):
                    raise _TakenError  # by another service, a moment ago: look again
                return there
        raise CreditError(Problem(f"the decision log {self}", "others took the idempotency keys again and again"))

    def find_by_keys(self, keys: Sequence[str]) -> dict[str, DecisionRow]:
        """Find the decisions that are recorded under idempotency keys."""
        with self.begin_read() as connection:
            return _select_by_keys(connection, keys)

    def _insert_autocommit(self, records: Sequence[DecisionRow]) -> None:
        """Insert nearly any decision: the statement is its own transaction, on a connection that stays.

        Repeated on a new connection, for the old one may have ended long ago; decisions written by then are left alone.
        """
        self.file.require()
        statement, values = build_insert(self.engine.dialect, records)
        with self._translate_errors(), self._turn:
            if self._own is not None:
                try:
                    self._own.cursor().execute(statement, values)
                except self._errors:
                    self._drop_connection()
                else:
                    return
            try:
                self._own = self._open_connection()
                self._own.cursor().execute(statement, values)
            except self._errors:
                self._drop_connection()
                raise

    def _open_connection(self) -> PoolProxiedConnection:
        own = self.engine.raw_connection()
        if self.engine.dialect.name == "postgresql":
            own.driver_connection.autocommit = True  # type: ignore[union-attr]  # SQLite's does, see _durable
        return own

    def _drop_connection(self) -> None:
        if self._own is not None:
            self._own.invalidate()
            self._own = None

    def find(self, identifier: str) -> DecisionRow | None:
        """Find one decision; None when it is not here."""
        with self.begin_read() as connection:
            row = connection.execute(select(DECISIONS_TABLE).where(DECISIONS_TABLE.c.id == identifier)).first()
        return dict(row._mapping) if row is not None else None

    def check_writable(self) -> None:
        """Write something that changes nothing. Raises CreditError when that is impossible: no room, or read-only."""
        with self.begin_write() as connection:
            if self.engine.dialect.name == "postgresql":
                if connection.execute(text("SHOW transaction_read_only")).scalar_one() == "on":
                    raise CreditError(Problem(f"the decision log {self}", "read-only"))
            else:
                number = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
                connection.exec_driver_sql(f"PRAGMA user_version = {number}")

    @contextmanager
    def begin_read(self) -> Iterator[Connection]:
        """Open a connection for reading."""
        self.file.require()
        with self._translate_errors(), self.engine.connect().execution_options(begins="BEGIN") as connection:
            yield connection

    @contextmanager
    def begin_write(self) -> Iterator[Connection]:
        """Begin a transaction, which is durable when the block has ended, or, where nothing flushes, after `flush`."""
        self.file.require()
        with self._translate_errors(), self.engine.begin() as connection:
            yield connection
        self.check_file()

    def flush(self) -> None:
        """Make durable what was committed, while others may write. Raises CreditError when the disk fails."""
        with self._translate_errors():
            self.file.flush()

    def close(self) -> None:
        """Close every connection."""
        with self._turn:
            self._drop_connection()
            if self._kept is not None:
                self._kept.invalidate()
        self.engine.dispose()

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except self._errors as error:
            lines = str(getattr(error, "orig", None) or error).strip().splitlines() or [type(error).__name__]
            raise CreditError(Problem(f"the decision log {self}", f"no answer: {lines[0][:200]}")) from None


class _TakenError(Exception):
    """An idempotency key that another service wrote in the midst of a transaction."""


def _select_by_keys(connection: Connection, keys: Sequence[str]) -> dict[str, DecisionRow]:
    there = select(DECISIONS_TABLE).where(DECISIONS_TABLE.c.idempotency_key.in_(keys))
    return {row.idempotency_key: dict(row._mapping) for row in connection.execute(there)}


def _list_keys(records: Sequence[DecisionRow]) -> list[str]:
    return [key for record in records if (key := record["idempotency_key"]) is not None]


def _is_there(request: Sequence[DecisionRow], there: Mapping[str, DecisionRow]) -> bool:
    """Tell whether a request is known by the key of its first decision."""
    return request[0]["idempotency_key"] in there


def _is_repeat(record: DecisionRow, there: Mapping[str, DecisionRow]) -> bool:
    key = record["idempotency_key"]
    return key is not None and there[key]["id"] != record["id"]


def _mark_repeat(record: DecisionRow, there: Mapping[str, DecisionRow]) -> DecisionRow:
    key = record["idempotency_key"]
    return {**record, "repeat_of": there[key]["id"], "repeated_key": key, "idempotency_key": None}

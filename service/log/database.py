"""A database of the decision log: connect, bring it to the newest tables, write decisions, read them."""

import select as io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError, NoSuchModuleError, SQLAlchemyError

from credit.errors import CreditError, Problem
from service.log.tables import DECISIONS

_SECONDS = 3
"""How long a database may keep a decision waiting before the spool takes it."""

Record = dict[str, Any]
"""A row of DECISIONS."""


class Database:
    """SQLite or PostgreSQL. Operations raise CreditError, in one line without a secret, when it does not answer."""

    def __init__(self, url: str) -> None:
        try:
            self._url = make_url(url)
            self.engine = _engine(url)
        except (ArgumentError, NoSuchModuleError, ImportError, ValueError):
            raise CreditError(
                Problem("SERVICE_DATABASE_URL", "no database that is known", "sqlite:///… or postgresql+psycopg://…")
            ) from None

    def __str__(self) -> str:
        return self._url.set(query={}).render_as_string(hide_password=True)

    def prepare(self) -> None:
        """Make the tables what this code expects; several processes may do so at once."""
        from service.log.migrate import upgrade

        with self._telling():
            upgrade(self.engine)

    def add(self, records: Sequence[Record]) -> dict[str, Record]:
        """Write decisions in one transaction, which is durable when this returns.

        A decision that is there already, by its id, is left alone, and one whose idempotency key another one has is
        not written. Gives, for each idempotency key, the decision that is there under it now.
        """
        if not records:
            return {}
        with self._telling(), self.engine.begin() as connection:
            connection.execute(self._insert, list(records))
            keys = [r["idempotency_key"] for r in records if r["idempotency_key"] is not None]
            if not keys:
                return {}
            return _under(connection, keys)

    def under(self, keys: Sequence[str]) -> dict[str, Record]:
        """The decisions that are here under idempotency keys."""
        with self.reading() as connection:
            return _under(connection, keys)

    def find(self, identifier: str) -> Record | None:
        """One decision; None when it is not here."""
        with self.reading() as connection:
            row = connection.execute(select(DECISIONS).where(DECISIONS.c.id == identifier)).first()
        return dict(row._mapping) if row is not None else None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to read by."""
        with self._telling(), self.engine.connect().execution_options(reads=True) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction, which is durable when the block has ended."""
        with self._telling(), self.engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()

    @property
    def _insert(self) -> Any:
        kind = postgresql if self._url.get_backend_name() == "postgresql" else sqlite
        return kind.insert(DECISIONS).on_conflict_do_nothing()

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, OSError) as error:
            said = str(getattr(error, "orig", None) or error).strip().splitlines() or [type(error).__name__]
            raise CreditError(Problem(f"the decision log {self}", said[0][:200], "a database that answers")) from None


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        limit = f"-c statement_timeout={_SECONDS * 1000}"
        arguments = {"connect_timeout": _SECONDS, "options": limit, "tcp_user_timeout": _SECONDS * 1000}
        engine = create_engine(url, connect_args=arguments, pool_timeout=_SECONDS, pool_size=3, max_overflow=2)
        event.listen(engine, "do_connect", _impatient)
        event.listen(engine, "checkout", _still_there)
        return engine
    if parsed.get_backend_name() != "sqlite":
        raise ValueError(parsed.get_backend_name())
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    arguments = {"timeout": _SECONDS, "check_same_thread": False}
    engine = create_engine(url, connect_args=arguments, pool_timeout=_SECONDS)
    event.listen(engine, "connect", _durable)
    event.listen(engine, "begin", _write_at_once)
    return engine


def _under(connection: Connection, keys: Sequence[str]) -> dict[str, Record]:
    there = select(DECISIONS).where(DECISIONS.c.idempotency_key.in_(keys))
    return {row.idempotency_key: dict(row._mapping) for row in connection.execute(there)}


def _impatient(_: Any, __: Any, arguments: Any, named: dict[str, Any]) -> Any:
    """The server's own limits are nothing to a server that hangs."""
    from service.log.impatient import Impatient

    return Impatient.connect(*arguments, **named)


def _still_there(connection: Any, _: Any, __: Any) -> None:
    """A server that restarted has said goodbye to idle connections: such a one is replaced, and nobody notices."""
    watched = io.poll()
    watched.register(connection.fileno(), io.POLLIN)
    if watched.poll(0):
        raise DisconnectionError


def _durable(connection: Any, _: Any) -> None:
    """Committed means on the disk. Readers do not wait for writers; the log is tidied up seldom, which takes long."""
    connection.isolation_level = None  # else the driver begins transactions by itself, and too late
    cursor = connection.cursor()
    for setting in ("journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=4000", "temp_store=MEMORY"):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def _write_at_once(connection: Connection) -> None:
    """A transaction that first reads and then writes would fail where another process writes, instead of waiting."""
    connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get("reads") else "BEGIN IMMEDIATE")

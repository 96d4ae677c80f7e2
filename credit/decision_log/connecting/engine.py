"""Make the engine of a database, and tune its connections."""

import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic_core import from_json, to_json
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import DisconnectionError

_JSON: dict[str, Any] = {"json_serializer": lambda value: to_json(value).decode(), "json_deserializer": from_json}

_TIMEOUT_SECONDS = 3
"""How long a database may keep a decision waiting before the spool takes it."""


def create_database_engine(url: str, read_only: bool, patient: bool = False, flushes: bool = True) -> Engine:
    """Create the engine of a URL. Raises ValueError for a kind of database that the log does not know.

    `patient`: a statement in PostgreSQL may take as long as it takes. Without `flushes` no commit in SQLite waits for
    the disk.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        limit = f"-c statement_timeout={0 if patient else _TIMEOUT_SECONDS * 1000}"
        limit += " -c default_transaction_read_only=on" if read_only else ""
        arguments = {"connect_timeout": _TIMEOUT_SECONDS, "options": limit, "tcp_user_timeout": _TIMEOUT_SECONDS * 1000}
        arguments["client_encoding"] = "utf8"  # that of SQL_ASCII, the default there, is bytes instead of text
        pool: dict[str, Any] = {"pool_timeout": _TIMEOUT_SECONDS, "pool_size": 3, "max_overflow": 2}
        engine = create_engine(url, **_JSON, connect_args=arguments, **pool)
        if not patient:
            event.listen(engine, "do_connect", _connect_with_timeout)
        event.listen(engine, "checkout", _check_connection)
        return engine
    if parsed.get_backend_name() != "sqlite":
        raise ValueError(parsed.get_backend_name())
    if read_only:
        uri = f"{Path(parsed.database or '').absolute().as_uri()}?mode=ro"
        return create_engine(
            "sqlite://", **_JSON, creator=lambda: sqlite3.connect(uri, timeout=_TIMEOUT_SECONDS, uri=True)
        )
    if parsed.database and parsed.database != ":memory:":
        with suppress(OSError):  # to open the file says what is wrong
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    arguments = {"timeout": _TIMEOUT_SECONDS, "check_same_thread": False}
    engine = create_engine(url, **_JSON, connect_args=arguments, pool_timeout=_TIMEOUT_SECONDS)
    event.listen(engine, "connect", _configure_sqlite)
    if not flushes:
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=NORMAL"))
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _connect_with_timeout(_: Any, __: Any, arguments: Any, named: dict[str, Any]) -> Any:
    """Connect with a time limit of our own: the server's limits do not help when it hangs."""
    from credit.decision_log.connecting.postgres import TimeoutConnection

    return TimeoutConnection.connect(*arguments, **named)


def _check_connection(connection: Any, _: Any, __: Any) -> None:
    """Replace a connection that a restarted server has closed, before it is used."""
    from select import POLLIN, poll  # which Windows does not have

    watched = poll()
    watched.register(connection.fileno(), POLLIN)
    if watched.poll(0):
        raise DisconnectionError


def _configure_sqlite(connection: Any, _: Any) -> None:
    """Configure SQLite: a commit is on the disk, readers do not wait for writers, checkpoints are rare because slow."""
    connection.isolation_level = None  # else the driver begins transactions by itself, and too late
    cursor = connection.cursor()
    for setting in ("journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=4000", "temp_store=MEMORY"):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    """Begin with a write lock, so that a transaction that reads first waits for another writer instead of failing."""
    connection.exec_driver_sql(connection.get_execution_options().get("begins", "BEGIN IMMEDIATE"))

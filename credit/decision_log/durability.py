"""Notice how answered decisions could be lost: a file that was removed, a server that does not wait for the disk."""

import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import URL

from credit.common.errors import CreditError, Problem

_LOG = logging.getLogger(__name__)


class WatchedFile:
    """The file of an SQLite database: is it the one that was opened? Of other databases there is none to watch."""

    def __init__(self, url: URL, read_only: bool) -> None:
        is_file = url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:") and not read_only
        self._path = Path(url.database or "") if is_file else None
        self._known: tuple[int, int] | None = None
        self._problem: Problem | None = None

    def restrict(self) -> None:
        """Let nobody but the owner read or write the file, made empty where there is none, and those beside it.

        A file of another owner stays as it is; what cannot be opened is told by who opens it.
        """
        if self._path is None:
            return
        with suppress(OSError):
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite gives the other files its rights
            for path in (self._path, *(self._path.with_name(self._path.name + end) for end in ("-wal", "-shm"))):
                if path.exists() and path.stat().st_mode & 0o077:
                    path.chmod(0o600)

    def remember(self) -> None:
        """Remember the file that is at the path now."""
        self._known, self._problem = self._identify(), None

    def require_present(self) -> None:
        """Require a file at the path, if there was one before. Raises CreditError without one."""
        if self._known is not None and self._identify() is None:
            self.is_lost()
            self.require()

    def is_lost(self) -> bool:
        """Tell whether the file that was opened is at its path no more."""
        if self._problem is None and self._known is not None and self._identify() != self._known:
            fix = f"put it back (it is among /proc/{os.getpid()}/fd as long as this runs), or start without it"
            self._problem = Problem(f"the decision log {self._path}", "its file was removed or replaced", fix=fix)
        return self._problem is not None

    def require(self) -> None:
        """Raise CreditError while the file is lost."""
        if self._problem is not None:
            raise CreditError(self._problem)

    def flush(self) -> None:
        """Wait until the disk has SQLite's own log, as a commit that flushes does, but without its lock.

        A checkpoint has flushed what it took out of that log. Raises OSError when the disk fails.
        """
        if self._path is None:
            return
        with suppress(FileNotFoundError):
            log = os.open(self._path.with_name(self._path.name + "-wal"), os.O_RDWR)
            try:
                os.fsync(log)
            finally:
                os.close(log)

    def _identify(self) -> tuple[int, int] | None:
        if self._path is None:
            return None
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino


def watch_durability(engine: Engine, weaknesses: dict[str, str]) -> None:
    """Look at what each new connection to PostgreSQL waits for; note in `weaknesses` what is less than the disk."""
    if engine.dialect.name == "postgresql":
        event.listen(engine, "connect", lambda connection, _: _require_synchronous_commit(connection, weaknesses))


def _require_synchronous_commit(connection: Any, weaknesses: dict[str, str]) -> None:
    """Let commits wait for the disk on this connection, whatever the database's default; stronger ones stay."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('synchronous_commit'), current_setting('fsync')")
        commit, flush = cursor.fetchone()
        if commit == "off":
            cursor.execute("SET synchronous_commit TO on")
    connection.commit()
    if commit == "off":
        _note(weaknesses, "synchronous_commit", "is off: this service turns it on for its own connections")
    if flush == "off":
        _note(weaknesses, "fsync", "is off: a crash of the server's machine can lose answered decisions")


def _note(weaknesses: dict[str, str], setting: str, said: str) -> None:
    if setting not in weaknesses:
        _LOG.warning("the decision log in PostgreSQL: %s %s", setting, said)
    weaknesses[setting] = said

"""Locate the log of a service for commands that read it: its spool, then its database, in which all ends up."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from credit.common.errors import CreditError, Problem
from credit.decision_log.database import Database


def locate_in_environment() -> tuple[str, Path]:
    """Locate the log by the variables that the service reads: its URL, empty if there is none, and its state."""
    return os.environ.get("SERVICE_DATABASE_URL", ""), Path(os.environ.get("SERVICE_STATE") or ".service")


def has_log(url: str, state: Path) -> bool:
    """Tell whether there is a log: a database by its URL, or files in the state."""
    return bool(url) or any((state / name).exists() for name in ("spool.db", "decisions.db"))


@contextmanager
def open_read_only(url: str, state: Path, patient: bool = False) -> Iterator[list[Database]]:
    """Open the log for reading: the spool first, for meanwhile decisions move from there to the database.

    `url` empty: the file in the state; `patient`: statements may take as long as they take. Raises CreditError when
    there is none.
    """
    if not has_log(url, state):
        fix = "SERVICE_STATE and SERVICE_DATABASE_URL say where the decision log is"
        raise CreditError(Problem(str(state / "decisions.db"), "no such file", fix=fix))
    files = [state / "spool.db", *([] if url else [state / "decisions.db"])]
    urls = [f"sqlite:///{file}" for file in files if file.exists()] + ([url] if url else [])
    databases = [Database(one, read_only=True, patient=patient) for one in urls]
    try:
        yield databases
    finally:
        for database in databases:
            database.close()

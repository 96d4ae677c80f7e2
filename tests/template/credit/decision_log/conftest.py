"""Databases of the decision log: SQLite and a real PostgreSQL, empty."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from credit.decision_log.database import Database


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without tables, in SQLite and in PostgreSQL."""
    is_file = request.param == "sqlite"
    made = Database(f"sqlite:///{tmp_path}/log.db" if is_file else request.getfixturevalue("server").url)
    yield made
    made.close()


@pytest.fixture
def database(empty: Database) -> Database:
    """A database with tables and no decision, in SQLite and in PostgreSQL."""
    empty.prepare()
    return empty

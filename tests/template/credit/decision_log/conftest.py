"""Databases of the decision log: SQLite and a real PostgreSQL, empty."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text

from credit.decision_log.database import Database
from testing.parts.servers import Cluster, cluster


@pytest.fixture(scope="session")
def shared() -> Iterator[Cluster]:
    """A cluster that is never left stopped or hanging. One per test process."""
    with cluster() as made:
        yield made


@pytest.fixture
def server(shared: Cluster) -> Cluster:
    """The cluster, with an empty database of its own at `url`."""
    name = f"log_{uuid4().hex}"
    engine = create_engine(shared.url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    shared.url = f"{shared.url.rpartition('/')[0]}/{name}"
    return shared


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

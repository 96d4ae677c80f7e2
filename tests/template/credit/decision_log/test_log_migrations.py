"""The tables of a database are those of the code, whoever makes them and however many at once."""

import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import UniqueConstraint, inspect, text
from sqlalchemy.schema import SchemaItem

from credit.common.errors import CreditError
from credit.decision_log.database import Database
from credit.decision_log.log import DecisionLog
from credit.decision_log.migrate import MIGRATIONS
from credit.decision_log.tables import METADATA
from testing.decisions import make_record, make_tables, migrate_by_alembic, write_each
from testing.lenders.frozen import ROOT
from testing.parts.servers import PATIENCE, wait_until

pytestmark = pytest.mark.usefixtures("migrations")


def is_of_code(item: SchemaItem, name: str | None, kind: str, *_: object) -> bool:
    """Tell apart what only PostgreSQL has: months, the table of keys, and that its trigger makes a key unique."""
    of_months = {"decision_keys", "decisions_by_key", "decisions_history", "decisions_default"}
    if kind == "unique_constraint":
        return not (isinstance(item, UniqueConstraint) and item.table.name == "decisions")
    return name not in of_months and not re.fullmatch(r"decisions_\d{4}_\d\d", name or "")


def differences(database: Database) -> list[object]:
    with database.engine.begin() as connection:
        options: dict[str, Any] = {"compare_type": True, "compare_server_default": True}
        if database.engine.dialect.name == "postgresql":
            options["include_object"] = is_of_code
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, METADATA))


def downgrade(database: Database) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")


def test_the_migrations_make_the_tables_of_the_code(empty: Database) -> None:
    empty.prepare()
    assert differences(empty) == []
    empty.prepare()
    assert differences(empty) == []


def test_what_other_tests_have_at_once_is_what_the_migrations_make(tmp_path: Path) -> None:
    made = []
    for name, make in (("at once", make_tables), ("by migrations", migrate_by_alembic)):
        database = Database(f"sqlite:///{tmp_path}/{name}.db")
        make(database.engine)
        with database.engine.connect() as connection:
            raw = connection.connection.driver_connection
            assert isinstance(raw, sqlite3.Connection)
            made.append([*raw.iterdump()])
        database.close()
    assert made[0] == made[1]
    assert len(made[0]) > 20


def test_they_go_back_and_forth(database: Database) -> None:
    database.add([make_record()])
    downgrade(database)
    assert inspect(database.engine).get_table_names() == ["alembic_version"]
    database.prepare()
    assert differences(database) == []


def test_processes_that_start_at_once_make_them_once(empty: Database) -> None:
    code = "import sys; from credit.decision_log.database import Database; Database(sys.argv[1]).prepare()"
    started = [
        subprocess.Popen([sys.executable, "-c", code, str(empty)], cwd=ROOT, stderr=subprocess.PIPE) for _ in range(4)
    ]
    for process in started:
        _, said = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, said
    assert differences(empty) == []


def test_a_database_of_newer_code_is_one_line_and_left_as_it_is(database: Database) -> None:
    with database.begin_write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(CreditError, match="9999") as caught:
        database.prepare()
    assert "\n" not in str(caught.value)
    assert inspect(database.engine).has_table("decisions")


def test_decisions_go_to_the_spool_while_the_database_is_one_of_newer_code(database: Database, tmp_path: Path) -> None:
    with database.begin_write() as connection:
        own = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    log, one = DecisionLog(str(database), tmp_path / "state"), make_record()
    assert write_each(log, [one]) == [one]
    assert log.count_spooled() == 1
    with database.begin_write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :own"), {"own": own})
    wait_until(log.recover, "the database")
    assert database.find(one["id"]) == one
    log.close()

"""`dvc import-db`: what databases and DVC make of values arrives exact, and no password reaches git."""

import sqlite3
from pathlib import Path

import duckdb
import pytest

from testing.parts.servers import Cluster
from testing.projects import Project

CONTRACT = """\
name: mine
row: one loan
source: {title: made for a test, licence: none, citation: none}
columns:
  id: {type: integer, role: id, description: number}
  moment: {type: timestamp, role: time, description: moment}
  day: {type: date, role: ignored, because: x, missing: allowed, description: day}
  amount: {type: number, role: feature, description: amount, reason: x}
  dependents: {type: integer, role: feature, missing: allowed, description: x, reason: x}
  kind: {type: category, role: protected, allowed: ["1", "2"], reference: "1", missing: allowed, description: kind}
  employed: {type: boolean, role: feature, missing: allowed, description: x, reason: x}
  note: {type: text, role: ignored, because: free text, missing: allowed, description: note}
  paid: {type: boolean, role: label, favourable: true, description: paid back}
rule: {sql: amount, threshold: 1000, approve: at_least, reason: Your amount}
"""
ROWS = [
    (9007199254740993, "2024-01-01 12:00:00", "2024-02-29", "1234.50", "3", "1", "true", "'a, \"b\"\nc'", "true"),
    (2, "2024-01-02 00:00:00", "null", "0.1", "null", "null", "null", "null", "false"),
]
TYPED = [
    (9007199254740993, "2024-01-01 12:00:00", "2024-02-29", 1234.5, 3, "1", True, 'a, "b"\nc', True),
    (2, "2024-01-02 00:00:00", None, 0.1, None, None, None, None, False),
]


def statements(moment: str, money: str) -> list[str]:
    columns = f"id bigint, moment {moment}, day date, amount {money}, dependents int, kind int, employed boolean"
    quoted = [", ".join(f"'{v}'" if n in (1, 2) and v != "null" else str(v) for n, v in enumerate(row)) for row in ROWS]
    return [
        f"CREATE TABLE loans ({columns}, note text, paid boolean)",
        *(f"INSERT INTO loans VALUES ({row})" for row in quoted),
    ]


@pytest.fixture
def mine(project: Project) -> Project:
    (project.folder / "data/contracts/mine.yaml").write_text(CONTRACT)
    project.edit("params.yaml", "contract: loanapp ", "contract: mine ")
    return project


def typed(project: Project) -> list[tuple[object, ...]]:
    project.run("dvc", "repro", "ingest")
    query = f"SELECT * FROM read_parquet('{project.folder / 'data/typed.parquet'}')"
    rows = duckdb.sql(query).fetchall()
    return [(row[0], str(row[1]), row[2] and str(row[2]), *row[3:]) for row in rows]


def test_values_of_sqlite_arrive_exactly(mine: Project, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "loans.db") as connection:
        for statement in statements("text", "numeric"):
            connection.execute(statement)
    mine.run("dvc", "config", "--local", "db.warehouse.url", f"sqlite:///{tmp_path}/loans.db")
    mine.run("dvc", "import-db", "--conn", "warehouse", "--table", "loans", "--out", "data/raw/mine")
    assert typed(mine) == TYPED


@pytest.fixture
def database(server: Cluster) -> str:
    import sqlalchemy

    with sqlalchemy.create_engine(server.url).begin() as connection:
        for statement in statements("timestamp with time zone", "numeric(12, 2)"):
            connection.execute(sqlalchemy.text(statement))
        connection.execute(sqlalchemy.text("CREATE TABLE nobody AS SELECT * FROM loans WHERE false"))
    return server.url


def connected(project: Project, url: str) -> None:
    project.run("dvc", "config", "--local", "db.warehouse.url", url)


def test_values_of_postgresql_arrive_exactly_and_the_password_stays_out_of_git(mine: Project, database: str) -> None:
    connected(mine, database.replace("modeler@", "modeler:not-in-git@"))
    mine.env |= {"PGTZ": "America/New_York", "TZ": "Asia/Tokyo"}  # neither is in the typed table
    mine.run("dvc", "import-db", "--conn", "warehouse", "--table", "loans", "--out", "data/raw/mine")
    assert typed(mine) == TYPED
    mine.commit()
    assert mine.run("git", "grep", "not-in-git", "--", ".dvc", "data", "dvc.lock", check=False).stdout == ""
    assert "connection: warehouse" in (mine.folder / "data/raw/mine.dvc").read_text()


def test_a_table_that_is_not_there_is_named_and_nothing_is_imported(mine: Project, database: str) -> None:
    connected(mine, database)
    loanz = ["--table", "loanz", "--out", "data/raw/mine"]
    failed = mine.run("dvc", "import-db", "--conn", "warehouse", *loanz, check=False)
    assert failed.returncode
    assert "Execution failed on sql 'loanz'" in failed.stderr
    assert not list((mine.folder / "data/raw").glob("mine*"))


def test_a_table_without_rows_is_refused_by_ingest(mine: Project, database: str) -> None:
    connected(mine, database)
    mine.run("dvc", "import-db", "--conn", "warehouse", "--table", "nobody", "--out", "data/raw/mine")
    failed = mine.run("dvc", "repro", "ingest", check=False)
    assert failed.returncode
    assert "error: data/raw/mine: found " in failed.stderr
    assert "Traceback" not in failed.stderr

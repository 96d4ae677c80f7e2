"""Your own data, by every way in: a file, a folder, a database, a bucket. The same rows give the same typed table."""

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from testing.lenders.loans import CONTRACT, make_loans
from testing.parts.servers import KEYS, Cluster, make_s3_client, run_s3_server
from testing.projects import Project, shorten_pipeline


@pytest.fixture
def mine(project: Project) -> Project:
    """A clone that is switched to a contract of its own, with a short pipeline."""
    (project.folder / "data/contracts/mine.yaml").write_text(CONTRACT)
    project.edit("params.yaml", "contract: loanapp ", "contract: mine ")
    shorten_pipeline(project)
    return project


def typed(project: Project) -> pd.DataFrame:
    project.run("dvc", "repro", "ingest")
    return pd.read_parquet(project.folder / "data/typed.parquet").sort_values("id", ignore_index=True)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """The typed table of the frame itself, straight through ingest from Parquet."""
    from credit.contract import load_contract
    from stages.ingest import ingest_table

    folder = tmp_path_factory.mktemp("expected")
    (folder / "mine.yaml").write_text(CONTRACT)
    make_loans().to_parquet(folder / "raw", index=False)
    ingest_table(load_contract(folder / "mine.yaml"), folder / "raw", folder / "typed.parquet", "mine.yaml")
    table = pd.read_parquet(folder / "typed.parquet")
    assert table["score"].isna().sum() == make_loans()["score"].isna().sum()
    return table


def test_a_csv_file_goes_all_the_way_to_metrics(mine: Project, expected: pd.DataFrame) -> None:
    make_loans().to_csv(mine.folder / "data/raw/mine", index=False)
    mine.run("dvc", "add", "data/raw/mine")
    mine.run("dvc", "repro", "evaluate")
    table = pd.read_parquet(mine.folder / "data/typed.parquet")
    pd.testing.assert_frame_equal(table, expected)
    metrics = json.loads((mine.folder / "reports/metrics.json").read_text())
    validation = json.loads((mine.folder / "reports/validation.json").read_text())
    assert validation["rows"] == validation["accepted"] == 600
    assert validation["missing"]["score"] == 30
    assert metrics["logistic"]["roc_auc_interval"][0] > 0.6
    assert mine.run("dvc", "status", "evaluate").stdout.strip().endswith("up to date.")


def test_no_report_has_a_value_that_tells_who_somebody_is(mine: Project) -> None:
    """Reports are in git, and leave the machine: no id, free text, date or group of a row is in them."""
    name = "  name: {type: text, role: ignored, because: a name, missing: refused, description: name}\n"
    mine.edit("data/contracts/mine.yaml", "columns:\n", f"columns:\n{name}")
    frame = make_loans().assign(name="Quibblethorpe", id=530_100_000 + np.arange(600))
    frame["applied"] = frame["applied"].where(frame.index != 7, pd.Timestamp("1911-03-14").date())
    odd = frame[:4].assign(group=["zorkmid", "a", "a", "a"], income=[1, -530_999, 1, 1])
    odd.loc[2, "name"] = None
    odd.loc[0, "id"] = 530_199_999
    pd.concat([frame, odd]).to_csv(mine.folder / "data/raw/mine", index=False)
    mine.run("dvc", "add", "data/raw/mine")
    mine.run("dvc", "repro", "--quiet")
    validation = json.loads((mine.folder / "reports/validation.json").read_text())
    assert {one["column"] for one in validation["reasons"]} == {"id", "group", "income", "name"}
    shown = {
        str(path.relative_to(mine.folder)): path.read_bytes()
        for folder in ("reports", "models/bundle")
        for path in (mine.folder / folder).rglob("*")
        if path.is_file()
    }
    assert len(shown) > 20
    for value in (rb"5301\d{5}", b"Quibblethorpe", b"1911-03-14", b"zorkmid"):
        assert [name for name, content in shown.items() if re.search(value, content)] == [], value
    assert b"-530999" in shown["reports/validation.json"]  # of a feature an example helps


def test_a_folder_of_parquet_parts_is_one_table(mine: Project, expected: pd.DataFrame) -> None:
    folder = mine.folder / "data/raw/mine"
    folder.mkdir()
    for number, part in enumerate(np.array_split(np.arange(600), 3)):
        make_loans().iloc[part].to_parquet(folder / f"part-{number}.parquet", index=False)
    (folder / "_SUCCESS").touch()
    mine.run("dvc", "add", "data/raw/mine")
    pd.testing.assert_frame_equal(typed(mine), expected)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found(mine: Project, expected: pd.DataFrame, delimiter: str) -> None:
    make_loans().to_csv(mine.folder / "data/raw/mine", index=False, sep=delimiter)
    mine.run("dvc", "add", "data/raw/mine")
    pd.testing.assert_frame_equal(typed(mine), expected)


def test_a_table_of_sqlite_is_imported(mine: Project, tmp_path: Path, expected: pd.DataFrame) -> None:
    with sqlite3.connect(tmp_path / "loans.db") as connection:
        make_loans().to_sql("loans", connection, index=False)
    mine.run("dvc", "config", "--local", "db.warehouse.url", f"sqlite:///{tmp_path}/loans.db")
    mine.run("dvc", "import-db", "--conn", "warehouse", "--table", "loans", "--out", "data/raw/mine")
    pd.testing.assert_frame_equal(typed(mine), expected)


def test_a_query_of_postgresql_is_imported_and_updated(mine: Project, server: Cluster, expected: pd.DataFrame) -> None:
    import sqlalchemy

    engine = sqlalchemy.create_engine(server.url)
    make_loans().to_sql("loans", engine, index=False, if_exists="replace")
    mine.run("dvc", "config", "--local", "db.warehouse.url", server.url)
    query = "SELECT * FROM loans ORDER BY id"
    mine.run("dvc", "import-db", "--conn", "warehouse", "--sql", query, "--out", "data/raw/mine")
    pd.testing.assert_frame_equal(typed(mine), expected)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("DELETE FROM loans WHERE id > 500"))
    mine.run("dvc", "update", "data/raw/mine.dvc")
    assert len(typed(mine)) == 500


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with run_s3_server(tmp_path_factory.mktemp("s3"), "lake,remote") as address:
        yield address


def test_an_object_in_a_bucket_is_imported_updated_and_pushed(
    mine: Project, bucket: str, expected: pd.DataFrame
) -> None:
    client = make_s3_client(bucket)
    client.put_object(Bucket="lake", Key="loans.csv", Body=make_loans().to_csv(index=False).encode())
    mine.env |= KEYS | {"AWS_DEFAULT_REGION": "us-east-1"}
    for name, where in (("lake", "s3://lake"), ("store", "s3://remote/dvc")):
        mine.run("dvc", "remote", "add", name, where)
        mine.run("dvc", "remote", "modify", name, "endpointurl", bucket)
    mine.run("dvc", "remote", "default", "store")
    mine.run("dvc", "import-url", "remote://lake/loans.csv", "data/raw/mine")
    pd.testing.assert_frame_equal(typed(mine), expected)
    client.put_object(Bucket="lake", Key="loans.csv", Body=make_loans()[:500].to_csv(index=False).encode())
    mine.run("dvc", "update", "data/raw/mine.dvc")
    assert len(typed(mine)) == 500
    mine.run("dvc", "push", "ingest")
    (mine.folder / "data/typed.parquet").unlink()
    mine.run("rm", "-rf", ".dvc/cache")
    mine.run("dvc", "pull", "ingest")
    assert len(pd.read_parquet(mine.folder / "data/typed.parquet")) == 500


def test_a_drafted_contract_is_refused_until_its_questions_are_answered(project: Project) -> None:
    make_loans().to_csv(project.folder / "data/raw/loans", index=False)
    project.run("dvc", "add", "data/raw/loans")
    project.edit("params.yaml", "contract: loanapp ", "contract: loans ")
    project.run("make", "contract", "FILE=data/raw/loans")
    refused = project.run("dvc", "repro", "ingest", check=False)
    assert refused.returncode
    assert "data/contracts/loans.yaml: columns.paid.role: found the open question '? label'" in refused.stderr
    assert "Traceback" not in refused.stderr

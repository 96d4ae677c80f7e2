"""`service migrate`: tables are there before services start, made by a role that the services need not have."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from credit.common.errors import CreditError
from credit.decision_log.connecting.postgres import TimeoutConnection
from credit.decision_log.database import Database
from credit.decision_log.log import DecisionLog
from service.__main__ import main
from testing.decisions import make_record, write_each
from testing.parts.servers import Cluster


def migrate(url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """Run the subcommand; return what it says."""
    monkeypatch.setenv("SERVICE_DATABASE_URL", url)
    with pytest.raises(SystemExit) as ended:
        main(["migrate"])
    assert ended.value.code == 0
    return capsys.readouterr().out.strip()


def test_tables_are_made_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path}/decisions.db"
    first = migrate(url, monkeypatch, capsys)
    newest = first.rpartition(" ")[2]
    assert first == f"{url}: tables none -> {newest}"
    assert migrate(url, monkeypatch, capsys) == f"{url}: tables are of revision {newest} already"


def test_a_database_that_does_not_answer_is_an_error_so_that_the_job_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CreditError, match="no answer"):
        migrate("postgresql+psycopg://owner@127.0.0.1:9/decisions", monkeypatch, capsys)


def test_services_whose_role_may_not_change_tables_record_by_it_and_wait_in_the_spool_for_the_tables(
    server: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The role that docs/containers.md gives to them; Kubernetes may start them before the job has ended."""
    owner = create_engine(server.url)
    with owner.begin() as connection:
        connection.execute(text("CREATE ROLE decisions LOGIN IN ROLE pg_read_all_data, pg_write_all_data"))
    try:
        log = DecisionLog(make_url(server.url).set(username="decisions").render_as_string(), tmp_path)
        assert "permission denied" in (log.problem or "")
        write_each(log, [make_record()])
        assert (log.count_spooled(), log.recover()) == (1, False)
        assert "tables none -> " in migrate(server.url, monkeypatch, capsys)
        assert log.recover()
        write_each(log, [make_record()])
        log.close()
        with owner.begin() as connection:
            assert connection.execute(text("SELECT count(*) FROM decisions")).scalar_one() == 2
    finally:
        with owner.begin() as connection:
            connection.execute(text("DROP ROLE decisions"))
        owner.dispose()


def test_a_migration_may_take_as_long_as_it_takes(server: Cluster) -> None:
    """A service gives its database three seconds, in which no large table is changed."""
    for patient, limit in ((False, "3s"), (True, "0")):
        database = Database(server.url, patient=patient)
        with database.begin_read() as connection:
            assert connection.execute(text("SHOW statement_timeout")).scalar_one() == limit
            assert isinstance(connection.connection.driver_connection, TimeoutConnection) != patient
        database.close()

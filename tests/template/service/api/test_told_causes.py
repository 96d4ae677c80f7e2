"""What is wrong with the decision log is told as what it is, by health, metrics and page."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import text

from credit.decision_log import log as log_module
from credit.decision_log.database import Database
from credit.decision_log.log import DRAINING, DecisionLog
from credit.registry.store import Store
from service.api.state import Parts, collect_problems
from testing.decisions import make_record
from testing.parts.servers import Cluster, find_free_ports
from testing.services import run_service

AWAY = "postgresql+psycopg://nobody@127.0.0.1:{}/none"
ANSWERS = "the database of the decision log answers"
NEWER = "the tables of the database of the decision log are newer than this service"


def list_problems(log: DecisionLog) -> dict[str, str]:
    """List the problems of a service that has no other part that fails."""
    nobody = SimpleNamespace(problems={}, live=SimpleNamespace(list_problems=dict), problem=None, challenge=None)
    names = ("follower", "decider", "checkpoints", "keys", "shadows", "dealer")
    return collect_problems(cast(Parts, SimpleNamespace(log=log, **dict.fromkeys(names, nobody))))


def fill_spool(state: Path, count: int) -> list[str]:
    """Leave decisions in the spool that the database does not have."""
    log = DecisionLog(AWAY.format(find_free_ports(1)[0]), state)
    ids = [f"{number:032x}" for number in range(count)]
    log.write([[make_record(id=one)] for one in ids])
    log.close()
    return ids


def test_while_the_spool_is_replayed_the_database_is_not_said_to_be_away(tmp_path: Path) -> None:
    ids = fill_spool(tmp_path, 3)
    log = DecisionLog(f"sqlite:///{tmp_path}/log.db", tmp_path)
    said = {"log": f"{ANSWERS}, and gets the decisions that are in the spool; decisions go to the spool"}
    assert (log.problem, list_problems(log)) == (DRAINING, said)
    assert log.recover()
    assert list_problems(log) == {}
    assert all(log.database.find(one) for one in ids)
    log.close()


def test_a_replay_that_is_cut_short_is_still_told_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After each part of the spool, while there is more: nobody calls a database away that takes hundreds a second."""
    fill_spool(tmp_path, 5)
    monkeypatch.setattr(log_module, "_REPLAY_ROWS", 2)
    log = DecisionLog(f"sqlite:///{tmp_path}/log.db", tmp_path)
    told: list[dict[str, str]] = []
    add = log.database.add
    monkeypatch.setattr(log.database, "add", lambda records: told.append(list_problems(log)) or add(records))
    assert log.recover()
    assert len(told) == 3
    assert {one["log"].partition(",")[0] for one in told} == {ANSWERS}
    log.close()


def make_newer(url: str) -> None:
    """Make the tables of a log those of a version that is not written yet."""
    database = Database(url)
    database.prepare()
    with database.begin_write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_tables_of_a_later_version_are_told_as_that_and_left_alone(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    server: Cluster | None = request.getfixturevalue("server") if kind == "postgresql" else None
    url = server.make_database() if server else f"sqlite:///{tmp_path}/log.db"
    make_newer(url)
    log = DecisionLog(url, tmp_path)
    assert list_problems(log) == {"log": f"{NEWER}; decisions go to the spool"}
    log.write([[make_record()]])
    assert log.count_spooled() == 1
    assert not log.recover()
    with log.database.begin_read() as connection:
        assert connection.execute(text("SELECT count(*) FROM decisions")).scalar_one() == 0
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == "9999"
    log.close()


def test_a_service_on_tables_of_a_later_version_decides_and_says_so(
    released: Store, asked: list[dict[str, Any]], tmp_path: Path
) -> None:
    (tmp_path / "state").mkdir()
    make_newer(f"sqlite:///{tmp_path}/state/decisions.db")
    with run_service(released.url, tmp_path / "state") as service:
        assert service.wait("degraded").decide(asked[0]).status_code == 200
        assert service.read_health()["problems"] == [f"{NEWER}; decisions go to the spool"]
        assert NEWER[1:] in service.get("/").text
        assert 'service_problem{what="log"} 1.0' in service.get("/metrics").text

"""The newest decisions of an environment, found among others whose times are known."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, event, select

from credit.decision_log.bulk_insert import insert_decisions
from credit.decision_log.counting import newest
from credit.decision_log.counting.newest import list_newest
from credit.decision_log.database import Database
from credit.decision_log.log import DecisionLog
from credit.decision_log.tables import DECISION_WRITERS_TABLE, DECISIONS_TABLE
from testing.decisions import make_record

NOW = datetime.now(UTC)


@pytest.fixture(params=[("sqlite", 1), ("sqlite", 100), ("postgresql", 1)], ids="{0[0]}-near-{0[1]}".format)
def database(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """An empty database, of each kind; of which few decisions are looked at first, or many."""
    kind, near = request.param
    monkeypatch.setattr(newest, "_NEAR_ROWS", near)
    local = kind == "sqlite"
    url = f"sqlite:///{tmp_path}/decisions.db" if local else request.getfixturevalue("server").url
    log = DecisionLog(url, tmp_path)
    with log.database.begin_write() as connection:
        connection.execute(delete(DECISIONS_TABLE))
    yield log.database
    log.close()


def fill(database: Database, minutes: list[float], **others: Any) -> list[str]:
    """Write decisions of so many minutes ago, in this order; return their ids."""
    rows = [
        make_record(
            decided_at=NOW - timedelta(minutes=ago), sequence=place + 1 if "writer" in others else None, **others
        )
        for place, ago in enumerate(minutes)
    ]
    with database.begin_write() as connection:
        assert insert_decisions(connection, rows) == len(rows)
    return [row["id"] for row in rows]


def find(database: Database, environment: str, number: int = 4) -> list[str]:
    return [one.id for one in list_newest(database, environment, number)]


def test_they_are_the_newest_of_all_writers_whichever_wrote_how_many(database: Database) -> None:
    first = fill(database, [90, 80, 8, 2], writer="a")
    second = fill(database, [70, 6, 4], writer="b")
    fill(database, [60, 50, 40], writer="c")
    assert find(database, "prod") == [first[3], second[2], second[1], first[2]]


def test_those_of_another_environment_are_none_however_many_are_newer(database: Database) -> None:
    own = fill(database, [9000, 8000, 7000], writer="a", environment="staging")
    fill(database, [one / 100 for one in range(200)], writer="b")
    assert find(database, "staging") == own[::-1]
    assert find(database, "dev") == []


def test_those_of_before_environments_were_noted_are_of_any(database: Database) -> None:
    old = fill(database, [20, 10], writer="a", environment=None)
    own = fill(database, [15], writer="b")
    assert find(database, "prod") == [old[1], own[0], old[0]]


def test_those_of_before_writers_numbered_them_come_where_there_are_few_others(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = fill(database, [30, 20, 10])
    own = fill(database, [5], writer="a")
    assert find(database, "prod", 3) == [own[0], old[2], old[1]]
    monkeypatch.setattr(newest, "_NEAR_ROWS", 1)
    monkeypatch.setattr(newest, "_FAR_ROWS", 2)
    assert find(database, "prod", 3) == [own[0], old[2]]


def test_an_environment_without_decisions_costs_two_questions_however_many_writers_others_have(
    database: Database,
) -> None:
    for writer in range(30):
        fill(database, [writer + 1, writer + 0.5], writer=f"w{writer}")
    asked: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *call: asked.append(call[2]))
    assert find(database, "dev") == []
    asked = [one for one in asked if one.startswith("SELECT") and "FROM" in one]
    assert len(asked) == 2, asked
    assert "decision_writers" in asked[0]
    assert "writer IS NULL" in asked[1]


def test_those_of_more_than_a_month_ago_and_by_a_clock_that_was_wrong_are_found(database: Database) -> None:
    own = fill(database, [200 * 1440, 100 * 1440, 50 * 1440, 5], writer="a")
    ahead = fill(database, [-500 * 1440], writer="b")
    assert find(database, "prod") == [ahead[0], own[3], own[2], own[1]]


def test_how_far_a_writer_has_come_is_noted_whatever_the_order_of_its_decisions(database: Database) -> None:
    """The last one first, as by a spool; the first again, which changes nothing; and one without a writer."""
    rows = [
        make_record(decided_at=NOW - timedelta(minutes=9 - place), sequence=place, writer="a", environment=None)
        for place in (1, 2, 3, 4)
    ]
    rows[3]["environment"] = "prod"
    for part in ([rows[3]], rows[:2], [rows[0], rows[2]], [make_record()]):
        database.add(part)
    with database.begin_read() as connection:
        assert connection.execute(select(DECISION_WRITERS_TABLE)).all() == [("a", "prod", 4, rows[3]["decided_at"])]

"""What a split dealt is read from the log: of its entry, environment and time, whole, in order."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from dealt_people import MOMENT, make_groups, make_plan

from credit.decision_log.database import Database
from testing.decisions import make_record
from watch.challenge.arms_judging import judge_arms
from watch.challenge.dealing import DealtApplication, read_dealt

CHAMPION, CHALLENGER = "d" * 64, "9" * 64
END = MOMENT + timedelta(hours=1)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    is_file = request.param == "sqlite"
    made = Database(f"sqlite:///{tmp_path}/log.db" if is_file else request.getfixturevalue("server").url)
    made.prepare()
    yield made
    made.close()


def decide(minute: float, **changes: Any) -> dict[str, Any]:
    made = {"entry": 3, "digest": CHAMPION, "decided_at": MOMENT + timedelta(minutes=minute), "decision": "approve"}
    return make_record(**(made | changes))


def read(database: Database) -> list[DealtApplication]:
    return read_dealt(database, "prod", 3, CHAMPION, CHALLENGER, MOMENT, END)


def test_rows_of_both_arms_are_read_in_order_and_no_others(database: Database) -> None:
    whole = [
        decide(5, digest=CHALLENGER, decided_by="rule", rule_because="the model was late", applicant="a" * 64),
        decide(2, decision="refer", protected={"race": "white"}, environment=None),
        decide(0, decision="deny", digest=CHALLENGER, writer="w" * 32, sequence=1),
    ]
    others = [
        decide(1, repeat_of=whole[1]["id"]),
        decide(2, erased_by="e" * 32),
        decide(3, environment="staging"),
        decide(4, entry=2),
        decide(4, entry=4),
        decide(5, digest="7" * 64),
        decide(-0.1),
        decide(60),
    ]
    database.add([*whole, *others])
    found = read(database)
    assert [(one.decided_at - MOMENT) / timedelta(minutes=1) for one in found] == [0, 2, 5]
    assert [(one.is_challengers, one.approved) for one in found] == [(True, False), (False, False), (True, True)]
    assert [(one.applicant, one.writer) for one in found] == [(None, "w" * 32), (None, None), ("a" * 64, None)]
    assert all(isinstance(one.is_challengers, bool) and isinstance(one.approved, bool) for one in found)
    groups = make_groups()
    assert [groups.names["race"][groups.assign(one.protected)[0]] for one in found] == ["Black", "white", "Black"]


def test_rows_of_one_moment_are_in_the_same_order_each_time_and_more_than_a_page_is_read(database: Database) -> None:
    """By their id, as everywhere."""
    rows = [decide(0, digest=CHALLENGER, writer="first")]
    rows += [decide(1, digest=(CHAMPION, CHALLENGER)[place % 2], applicant=f"{place // 2}") for place in range(4_200)]
    database.add(rows[::-1])
    found = read(database)
    assert [one.applicant for one in found] == [row["applicant"] for row in rows]
    judged = judge_arms([one._replace(writer="first") for one in found], make_groups(), make_plan())
    assert (judged.everybody.people, judged.selected.later, judged.selected.undealt) == (2_100, 2_100, 1)
    assert not judged.is_dealt_otherwise, "of one moment nobody knows who came first"

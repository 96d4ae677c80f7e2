"""Counts of decisions by hour, recovered from decisions whose counts are known."""

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, text

from credit.decision_log.counting import hourly
from credit.decision_log.counting.hourly import Cell, count_on
from credit.decision_log.counting.places import find_places, forget_writers
from credit.decision_log.counting.summary import DecisionSummary, count_spooled_cells, read_counts, summarize_decisions
from credit.decision_log.integrity.chain import DECISIONS, Chain
from credit.decision_log.log import DecisionLog
from credit.decision_log.people.erasure import erase_decisions
from credit.decision_log.tables import COUNTED_WRITERS_TABLE, DECISIONS_TABLE, HOURLY_COUNTS_TABLE
from credit.decision_log.writers import build_walk
from testing.decisions import make_record, write_each

NOW = datetime.now(UTC)
DAY = NOW - timedelta(hours=24)
EVER = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DecisionLog]:
    """An empty log, in each kind of database."""
    local = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/decisions.db" if local else request.getfixturevalue("server").url
    opened = DecisionLog(url, tmp_path)
    with opened.database.begin_write() as connection:
        for table in (DECISIONS_TABLE, HOURLY_COUNTS_TABLE, COUNTED_WRITERS_TABLE):
            connection.execute(delete(table))
    yield opened
    opened.close()


@pytest.fixture
def away(tmp_path: Path) -> Iterator[DecisionLog]:
    """A log whose database never answered."""
    opened = DecisionLog("postgresql+psycopg://modeler@127.0.0.1:1/none", tmp_path)
    yield opened
    opened.close()


def decisions(number: int, decision: str = "approve", minutes: float = 5.0, **others: Any) -> list[dict[str, Any]]:
    """`number` decisions that are alike, made some minutes ago."""
    alike = {"decision": decision, "decided_at": NOW - timedelta(minutes=minutes), "version": "v2.0.0", "protected": {}}
    return [make_record(**alike | others) for _ in range(number)]


def remove(log: DecisionLog, place: int) -> int:
    """Remove a decision by its place; return the newest place that is noted."""
    with log.database.begin_write() as connection:
        connection.execute(delete(DECISIONS_TABLE).where(DECISIONS_TABLE.c.sequence == place))
    (noted,) = find_places(log.database)
    return noted.newest


def by(counts: Counter[Cell], *names: str) -> Counter[tuple[Any, ...]]:
    """Count decisions by some values of their cells; by those of an attribute, if `value` is one of them."""
    found: Counter[tuple[Any, ...]] = Counter()
    for cell, number in counts.items():
        if (cell.attribute is None) != ("value" in names):
            found[tuple(getattr(cell, name) for name in names)] += number
    return found


def test_counts_are_those_of_the_decisions_that_were_written(log: DecisionLog) -> None:
    white, black = {"race": "white", "sex": "female"}, {"race": "Black", "sex": None}
    slow = {"decided_by": "rule", "rule_because": "the model took longer than 0.25 s"}
    write_each(log, [*decisions(7, protected=white), *decisions(4, "deny", protected=black)])
    write_each(log, [*decisions(3, "refer"), *decisions(2, "deny", version="v1.0.0", protected=white, **slow)])
    found = summarize_decisions(log, DAY, "prod")
    assert by(found.counts, "decision") == {("approve",): 7, ("deny",): 6, ("refer",): 3}
    assert by(found.counts, "version", "decided_by", "rule_because") == {
        ("v2.0.0", "model", None): 14,
        ("v1.0.0", "rule", "the model took longer than 0.25 s"): 2,
    }
    assert by(found.counts, "attribute", "value", "decision") == {
        ("race", "white", "approve"): 7,
        ("sex", "female", "approve"): 7,
        ("race", "Black", "deny"): 4,
        ("race", "white", "deny"): 2,
        ("sex", "female", "deny"): 2,
    }
    assert found._replace(counts=Counter()) == DecisionSummary(Counter())
    assert found.total == 16


def test_hours_are_of_utc_and_full(log: DecisionLog) -> None:
    hour = datetime(2026, 3, 4, 10, tzinfo=UTC)
    india = hour + timedelta(minutes=59, seconds=59)
    write_each(log, [*decisions(2, decided_at=hour), *decisions(3, decided_at=india)])
    write_each(log, decisions(4, decided_at=hour + timedelta(hours=1)))
    count_on(log.database, 9)
    assert by(read_counts(log.database, EVER, "prod"), "hour") == {(hour,): 5, (hour + timedelta(hours=1),): 4}
    assert by(read_counts(log.database, hour + timedelta(hours=1), "prod"), "hour").total() == 4


def test_decisions_of_before_of_another_entry_and_of_elsewhere_are_not_counted(log: DecisionLog) -> None:
    write_each(log, [*decisions(3, minutes=24 * 60 - 1), *decisions(5, minutes=25 * 60 + 1)])
    write_each(log, [*decisions(7, environment="staging"), *decisions(2, entry=9)])
    assert summarize_decisions(log, DAY, "prod").total == 5
    assert summarize_decisions(log, DAY, "prod", entry=9).total == 2
    assert summarize_decisions(log, DAY, "staging").total == 7


def test_an_application_that_was_answered_twice_is_counted_once(log: DecisionLog) -> None:
    first = decisions(1)
    write_each(log, [*first, *decisions(1, repeat_of=first[0]["id"])])
    assert summarize_decisions(log, DAY, "prod").total == 1


def test_what_is_counted_is_not_counted_again_and_what_came_since_is(log: DecisionLog) -> None:
    for number in (3, 0, 5):
        write_each(log, decisions(number))
        assert count_on(log.database, 9) == 0
        assert count_on(log.database, 9) == 0
    assert summarize_decisions(log, DAY, "prod").total == 8


def test_names_and_values_of_attributes_are_data_and_never_sql(log: DecisionLog) -> None:
    values = {"it's": "a.b", "two words": "größe", "x; drop table decisions": "\0", "age": 35, "vet": True}
    write_each(log, decisions(2, protected=values))
    assert by(summarize_decisions(log, DAY, "prod").counts, "attribute", "value") == {
        ("it's", "a.b"): 2,
        ("two words", "größe"): 2,
        ("x; drop table decisions", "\ufffd"): 2,
        ("age", "35"): 2,
        ("vet", "True"): 2,
    }


def test_a_decision_that_was_erased_before_it_was_counted_counts_and_keeps_no_other_from_it(log: DecisionLog) -> None:
    first, *others = decisions(3, protected={"race": "Black"})
    write_each(log, [first, *others])
    erase_decisions(log.events, [first["id"]], "erase", "tester", {})
    assert count_on(log.database, 9) == 0
    counts = summarize_decisions(log, DAY, "prod").counts
    assert (by(counts, "decision"), by(counts, "attribute", "value")) == ({("approve",): 3}, {("race", "Black"): 2})


def test_an_empty_log_has_no_counts(log: DecisionLog) -> None:
    assert summarize_decisions(log, DAY, "prod") == DecisionSummary(Counter())


def test_what_is_not_counted_yet_is_told_and_counted_in_turn(log: DecisionLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hourly, "SLICE_ROWS", 10)
    write_each(log, decisions(47))
    assert [count_on(log.database, 2) for _ in range(4)] == [27, 7, 0, 0]
    assert summarize_decisions(log, DAY, "prod").total == 47


def test_decisions_of_before_there_were_chains_are_told(log: DecisionLog) -> None:
    write_each(log, decisions(2))
    log.database.add(decisions(3))
    found = summarize_decisions(log, DAY, "prod")
    assert (found.total, found.has_unchained) == (2, True)


def test_what_comes_late_from_a_spool_is_counted_once_whatever_the_order(
    log: DecisionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Places 6 to 30 of one writer come last, in two parts; meanwhile they are gaps."""
    monkeypatch.setattr(hourly, "SLICE_ROWS", 4)
    rows, chain = decisions(40), Chain(DECISIONS)
    chain.link(rows)
    for first, last in ((0, 5), (30, 38), (10, 20), (5, 10), (38, 40), (20, 30)):
        log.database.add(rows[first:last])
        while count_on(log.database, 3):
            pass
        for _ in range(9):  # gaps are looked at each time, one slice of them
            count_on(log.database, 9)
    (place,) = find_places(log.database)
    assert (place.counted, place.gaps, place.waiting) == (40, (), 0)
    assert summarize_decisions(log, DAY, "prod").total == 40


def test_decisions_that_went_before_they_were_counted_do_not_wait_for_ever_and_late_ones_count(
    log: DecisionLog,
) -> None:
    """The newest of a writer go, then all of it; what comes then from a spool is found as if it were new."""
    rows, chain = decisions(6), Chain(DECISIONS)
    chain.link(rows)
    log.database.add(rows[:4])
    assert [remove(log, place) for place in (3, 4)] == [4, 4]
    assert count_on(log.database, 9) == 0
    assert [one.newest for one in find_places(log.database)] == [2]
    assert forget_writers(log.database) == 0
    assert [remove(log, place) for place in (1, 2)] == [2, 2]
    assert (forget_writers(log.database), find_places(log.database)) == (1, [])
    log.database.add(rows[4:])
    assert count_on(log.database, 9) == 0
    assert [(one.counted, one.newest) for one in find_places(log.database)] == [(6, 6)]
    assert summarize_decisions(log, DAY, "prod").total == 4


def test_many_who_count_at_once_count_each_decision_once(log: DecisionLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hourly, "SLICE_ROWS", 7)
    for _ in range(3):
        log.chain.restart()
        write_each(log, [*decisions(40, protected={"race": "Black"}), *decisions(20, "deny")])
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: count_on(log.database, 30), range(8)))
    found = summarize_decisions(log, DAY, "prod").counts
    assert by(found, "decision") == {("approve",): 120, ("deny",): 60}
    assert by(found, "value") == {("Black",): 120}


def test_a_count_that_is_killed_anywhere_loses_and_doubles_nothing(tmp_path: Path) -> None:
    log = DecisionLog(f"sqlite:///{tmp_path}/decisions.db", tmp_path)
    write_each(log, decisions(600))
    code = "\n".join(
        [
            "import sys",
            "from credit.decision_log.counting import hourly",
            "from credit.decision_log.database import Database",
            "hourly.SLICE_ROWS, database = 3, Database(sys.argv[1])",
            "print('begun', flush=True)",
            "while hourly.count_on(database, 1): pass",
        ]
    )
    kills = 0
    while True:
        with subprocess.Popen([sys.executable, "-c", code, str(log.database)], stdout=subprocess.PIPE) as counting:
            assert counting.stdout is not None
            counting.stdout.readline()
            waiting = sum(one.waiting for one in find_places(log.database))
            if kills < 3 and waiting:
                while sum(one.waiting for one in find_places(log.database)) == waiting:
                    pass
                counting.send_signal(signal.SIGKILL)
                kills += 1
            elif counting.wait() == 0:
                break
    assert kills
    assert summarize_decisions(log, DAY, "prod").total == 600
    log.close()


def test_places_are_looked_up_in_the_index_however_long_the_log_is(log: DecisionLog) -> None:
    if log.database.engine.dialect.name == "sqlite":
        write_each(log, decisions(50))
        with log.database.begin_read() as connection:
            plan = connection.execute(text(f"EXPLAIN QUERY PLAN {build_walk(DECISIONS_TABLE).text}")).all()
        assert not [step for step in plan if step[-1].startswith("SCAN") and "decisions" in step[-1]]


def test_decisions_that_only_the_spool_has_are_counted(log: DecisionLog) -> None:
    write_each(log, decisions(4))
    log.spool.add(decisions(3, "deny"))
    found = summarize_decisions(log, DAY, "prod")
    assert by(found.counts, "decision") == {("approve",): 4, ("deny",): 3}
    assert found.spooled == 3


def test_without_the_database_the_spool_is_counted_and_it_is_said(away: DecisionLog) -> None:
    write_each(away, decisions(6, protected={"race": "white"}))
    found = summarize_decisions(away, DAY, "prod")
    assert by(found.counts, "value") == {("white",): 6}
    assert (found.database_answered, found.spooled) == (False, 6)
    assert by(count_spooled_cells(away.spool, DAY, "prod", newest=4), "decision") == {("approve",): 4}

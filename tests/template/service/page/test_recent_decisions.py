"""Counts of decisions, recovered from decisions whose counts are known."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, text

from credit.decision_log.log import DecisionLog
from credit.decision_log.summary import DecisionSummary, count_cells, summarize_decisions
from credit.decision_log.tables import DECISIONS_TABLE
from testing.decisions import make_record, write_each

NOW = datetime.now(UTC)
DAY = NOW - timedelta(hours=24)


@pytest.fixture(params=["sqlite", "postgresql"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DecisionLog]:
    """An empty log, in each kind of database."""
    local = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/decisions.db" if local else request.getfixturevalue("server").url
    opened = DecisionLog(url, tmp_path)
    with opened.database.begin_write() as connection:
        connection.execute(delete(DECISIONS_TABLE))
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


def by(found: DecisionSummary, *names: str) -> Counter[tuple[str, ...]]:
    counts: Counter[tuple[str, ...]] = Counter()
    for cell in found.cells:
        counts[tuple(getattr(cell, name) for name in names)] += cell.number
    return counts


def test_counts_are_those_of_the_decisions_that_were_written(log: DecisionLog) -> None:
    white, black = {"race": "white", "sex": "female"}, {"race": "Black", "sex": None}
    slow = {"decided_by": "rule", "rule_because": "the model took longer than 0.25 s"}
    write_each(log, [*decisions(7, protected=white), *decisions(4, "deny", protected=black)])
    write_each(log, [*decisions(3, "refer"), *decisions(2, "deny", version="v1.0.0", protected=white, **slow)])
    found = summarize_decisions(log, ("race", "sex"), DAY, "prod")
    assert by(found, "decision") == {("approve",): 7, ("deny",): 6, ("refer",): 3}
    assert by(found, "version", "decided_by", "rule_because") == {
        ("v2.0.0", "model", None): 14,
        ("v1.0.0", "rule", "the model took longer than 0.25 s"): 2,
    }
    assert by(found, "groups", "decision") == {
        (("white", "female"), "approve"): 7,
        (("Black", None), "deny"): 4,
        ((None, None), "refer"): 3,
        (("white", "female"), "deny"): 2,
    }
    assert (found.database_answered, found.is_truncated, found.spooled) == (True, False, 0)


def test_decisions_of_before_are_not_counted(log: DecisionLog) -> None:
    write_each(log, [*decisions(3, minutes=24 * 60 - 1), *decisions(5, minutes=24 * 60 + 1)])
    assert by(summarize_decisions(log, (), DAY, "prod"), "decision") == {("approve",): 3}


def test_an_application_that_was_answered_twice_is_counted_once(log: DecisionLog) -> None:
    first = decisions(1)
    write_each(log, [*first, *decisions(1, repeat_of=first[0]["id"])])
    assert by(summarize_decisions(log, (), DAY, "prod"), "decision") == {("approve",): 1}


def test_of_very_many_decisions_the_newest_are_counted_and_it_is_said(log: DecisionLog) -> None:
    write_each(log, [*decisions(6, "deny", minutes=60), *decisions(4, minutes=5)])
    found = summarize_decisions(log, (), DAY, "prod", newest=5)
    assert found.is_truncated
    assert by(found, "decision") == {("approve",): 4, ("deny",): 1}
    assert min(cell.first for cell in found.cells) == NOW - timedelta(minutes=60)


def test_names_of_attributes_are_data_and_never_sql(log: DecisionLog) -> None:
    names = ("it's", "a.b", "two words", "größe", "x; drop table decisions")
    write_each(log, decisions(2, protected={name: f"of {name}" for name in names}))
    (cell,) = summarize_decisions(log, names, DAY, "prod").cells
    assert cell.groups == tuple(f"of {name}" for name in names)


def test_only_the_index_of_time_is_searched(log: DecisionLog) -> None:
    if log.database.engine.dialect.name == "sqlite":
        write_each(log, decisions(50, minutes=5000))
        asked = "EXPLAIN QUERY PLAN SELECT decision FROM decisions WHERE decided_at >= :since AND repeat_of IS NULL"
        asked += " ORDER BY decided_at DESC LIMIT 5"
        with log.database.begin_read() as connection:
            (plan,) = connection.execute(text(asked), {"since": DAY.replace(tzinfo=None).isoformat(" ")})
        assert "USING INDEX decisions_by_time" in plan[-1]


def test_an_empty_log_has_no_counts(log: DecisionLog) -> None:
    assert summarize_decisions(log, ("race",), DAY, "prod") == DecisionSummary(
        ("race",), [], database_answered=True, is_truncated=False, spooled=0
    )


def test_decisions_that_only_the_spool_has_are_counted(log: DecisionLog) -> None:
    write_each(log, decisions(4))
    log.spool.add(decisions(3, "deny"))
    found = summarize_decisions(log, (), DAY, "prod")
    assert by(found, "decision") == {("approve",): 4, ("deny",): 3}
    assert found.spooled == 3


def test_without_the_database_the_spool_is_counted_and_it_is_said(away: DecisionLog) -> None:
    write_each(away, decisions(6, protected={"race": "white"}))
    found = summarize_decisions(away, ("race",), DAY, "prod")
    assert by(found, "groups") == {(("white",),): 6}
    assert (found.database_answered, found.spooled) == (False, 6)
    assert len(count_cells(away.spool, ("race",), DAY, "prod")) == 1

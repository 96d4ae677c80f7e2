"""Outcomes are counted by month at equal age, and a month is told wrongly no more often than it may be."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import event

from credit.bundle.rule_causes import describe_slow
from credit.contract.columns import Column
from credit.decision_log.log import DecisionLog
from credit.decision_log.outcomes import record_outcome
from credit.reports.fairness import FairnessReport
from credit.reports.metrics import Metrics
from testing.decisions import make_record, write_each
from testing.lenders.frozen import LENDER
from watch.groups import list_watched_groups
from watch.outcomes.judging import OutcomeFinding, Promise, judge_vintage
from watch.outcomes.promises import collect_promises
from watch.outcomes.vintages import (
    EVERYBODY,
    Cell,
    Label,
    Vintage,
    list_complete_ages,
    list_months,
    read_vintages,
)

MARCH = date(2026, 3, 1)
LABEL = Label("paid", True)
CONTENT = {"type": "category", "role": "protected", "allowed": ["white", "Black"], "reference": "white"}
RACE = Column.model_validate(CONTENT | {"missing": "allowed", "description": "d"})
GROUPS = list_watched_groups({"race": RACE}, {"race": ["white", "Black", "undisclosed"]})
ALPHA = 0.05
PROMISE = Promise(approved=600, bad=48, miscalibration=0.02)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[DecisionLog]:
    made = DecisionLog(f"sqlite:///{tmp_path}/decisions.db", tmp_path / "service")
    yield made
    made.close()


def approve(log: DecisionLog, day: int = 10, **changes: Any) -> dict[str, Any]:
    moment = datetime(2026, 3, day, 12, tzinfo=UTC)
    made = {"decided_at": moment, "decision": "approve", "score": 0.9, "protected": {"race": "Black"}}
    (row,) = write_each(log, [make_record(**(made | changes))])
    return row


def report(log: DecisionLog, row: dict[str, Any], days: float, paid: bool, label: str = "paid") -> None:
    at = row["decided_at"] + timedelta(days=days)
    record_outcome(log.outcomes, row["id"], paid, at, label, "tester", at)


def read(log: DecisionLog, *ages: int) -> dict[int, dict[Any, Cell]]:
    found = read_vintages(log.database, "prod", "d" * 64, MARCH, ages, LABEL, GROUPS)
    return {one.age: one.cells for one in found}


def test_an_outcome_counts_at_an_age_if_it_was_observed_by_then(log: DecisionLog) -> None:
    late, early = approve(log), approve(log, protected={"race": None})
    report(log, early, 30, paid=False)
    report(log, late, 91, paid=False)
    report(log, early, 170, paid=True)  # a mistake that was put right
    by_age = read(log, 90, 180)
    assert by_age[90][EVERYBODY] == (2, 1, 1, 0.9)
    assert by_age[180][EVERYBODY] == (2, 2, 1, 1.8)
    assert by_age[180]["race", "Black"] == (1, 1, 1, 0.9)
    assert by_age[180]["race", "undisclosed"] == (1, 1, 0, 0.9)


def test_only_people_whom_this_version_approved_in_this_month_count(log: DecisionLog) -> None:
    others: list[dict[str, Any]] = [
        {"decision": "deny"},
        {"digest": "e" * 64},
        {"environment": "staging"},
        {"decided_by": "rule", "rule_because": describe_slow(1)},
        {"decided_at": datetime(2026, 2, 28, 23, 59, tzinfo=UTC)},
        {"decided_at": datetime(2026, 4, 1, tzinfo=UTC)},
    ]
    for changes in others:
        report(log, approve(log, **changes), 1, paid=False)
    report(log, approve(log), 1, paid=False, label="another")
    assert read(log, 90)[90][EVERYBODY] == (1, 0, 0, 0)


def test_a_month_of_many_pages_is_counted_whole(log: DecisionLog) -> None:
    write_each(log, [approve_record(minute) for minute in range(1100)])
    assert read(log, 90)[90][EVERYBODY].people == 1100


def test_a_month_is_read_day_by_day_and_everybody_of_it_is_counted_once(log: DecisionLog) -> None:
    """No index knows a digest: a statement over a month in which it decided nobody would read the whole month."""
    asked: list[tuple[str, str]] = []
    midnights = [datetime(2026, 3, day, tzinfo=UTC) for day in range(1, 32)]
    ends = [one + timedelta(days=1, microseconds=-1) for one in midnights]
    write_each(log, [make_record(decided_at=one, decision="approve") for one in (*midnights, *ends)])

    def note(*called: Any) -> None:
        days = [one for one in called[3] if str(one)[:4] == "2026"]
        asked.extend([(min(days), max(days))] if days else [])

    event.listen(log.database.engine, "before_cursor_execute", note)
    assert read(log, 90)[90][EVERYBODY].people == 62
    spans = [datetime.fromisoformat(last) - datetime.fromisoformat(first) for first, last in asked]
    days, looks_ahead = [one for one in spans if one], [one for one in spans if not one]
    assert (len(days), max(days)) == (31, timedelta(days=1))
    assert len(looks_ahead) == 32, "when the next decision was made, before each day and after the last"


def test_a_day_without_decisions_is_not_read(log: DecisionLog) -> None:
    statements: list[str] = []
    write_each(log, [make_record(decided_at=datetime(2026, 3, 20, tzinfo=UTC), decision="approve")])
    event.listen(log.database.engine, "before_cursor_execute", lambda *called: statements.append(called[2]))
    assert read(log, 90)[90][EVERYBODY].people == 1
    assert sum("outcomes" in one for one in statements) == 1


def approve_record(minute: int) -> dict[str, Any]:
    moment = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=minute // 7)
    return make_record(decided_at=moment, decision="approve")


def test_a_month_has_an_age_when_everybody_of_it_has() -> None:
    ready = datetime(2026, 4, 1, tzinfo=UTC) + timedelta(days=90)
    assert list_complete_ages(MARCH, (90, 180), ready) == [90]
    assert list_complete_ages(MARCH, (90, 180), ready - timedelta(seconds=1)) == []
    assert list_months(date(2026, 2, 7), 4) == [
        date(2025, 11, 1),
        date(2025, 12, 1),
        date(2026, 1, 1),
        date(2026, 2, 1),
    ]


def simulate(
    rng: np.random.Generator, bad: float, spread: float = 0.05, number: int = 300, off: float = 0.0
) -> Vintage:
    """Simulate a month of which all is known: everybody's own chance is in the score, which is `off` from it."""
    chances = np.clip(bad + rng.uniform(-0.05, 0.05, number), 0, 1)
    is_bad, is_member = rng.random(number) < chances, np.arange(number) % 4 == 0
    scores = 1 - chances + off

    def count(which: np.ndarray) -> Cell:
        return Cell(int(which.sum()), int(which.sum()), int(is_bad[which].sum()), float(scores[which].sum()))

    everybody = np.ones(number, bool)
    return Vintage(MARCH, 365, {EVERYBODY: count(everybody), ("race", "Black"): count(is_member)})


def judge(vintage: Vintage, earlier: list[Vintage], is_last: bool, promise: Promise = PROMISE) -> list[OutcomeFinding]:
    return judge_vintage(vintage, earlier, dict.fromkeys(vintage.cells, promise), is_last, 0.8, ALPHA)


def draw_promise(rng: np.random.Generator, bad: float) -> Promise:
    return Promise(600, int(rng.binomial(600, bad)), 0.02)


@pytest.mark.parametrize("bad", [0.08, 0.3])
@pytest.mark.parametrize("is_last", [True, False])
def test_a_month_as_promised_is_told_no_more_often_than_alpha(bad: float, is_last: bool) -> None:
    """400 months, with promises as uncertain as an evaluation of 600 people; within three standard deviations."""
    rng = np.random.default_rng(3)
    months, told = 400, 0
    for _ in range(months):
        earlier = [simulate(rng, bad) for _ in range(3)]
        findings = judge(simulate(rng, bad), earlier, is_last, draw_promise(rng, bad))
        assert len(findings) == (4 if is_last else 2)
        told += any(one.is_different for one in findings)
    assert told <= months * ALPHA + 3 * np.sqrt(months * ALPHA * (1 - ALPHA))


def test_a_bad_rate_that_doubles_is_told_and_so_is_one_of_a_group_alone() -> None:
    rng = np.random.default_rng(4)
    found = [judge(simulate(rng, 0.16), [], is_last=True) for _ in range(20)]
    assert sum(any(one.is_different and one.compared == "bad rate" for one in of) for of in found) >= 15
    usual, worse = simulate(rng, 0.08, number=3000), simulate(rng, 0.2, number=3000)
    mixed = usual._replace(cells=usual.cells | {("race", "Black"): worse.cells["race", "Black"]})
    told = {one.group for one in judge(mixed, [], is_last=True) if one.is_different and one.compared == "bad rate"}
    assert told == {("race", "Black")}


def test_scores_that_are_as_far_off_as_they_were_are_not_told_and_further_ones_are() -> None:
    rng = np.random.default_rng(5)

    def count_told(off: float) -> int:
        found = [judge(simulate(rng, 0.2, number=1000, off=off), [], is_last=True) for _ in range(100)]
        return sum(any(one.is_different and one.compared == "calibration" for one in of) for of in found)

    assert count_told(0.02) <= 100 * ALPHA
    assert count_told(0.12) >= 90
    assert count_told(-0.12) >= 90


def test_earlier_months_are_compared_at_the_same_age() -> None:
    rng = np.random.default_rng(6)
    usual = [simulate(rng, 0.05, number=1000) for _ in range(3)]
    (everybody, _) = judge(simulate(rng, 0.15, number=1000), usual, is_last=False)
    assert (everybody.compared, everybody.is_different) == ("earlier months", True)
    low, high = everybody.interval
    assert low < everybody.rate < high
    assert judge(usual[0], [], is_last=False) == []


def test_a_month_of_which_too_little_is_known_is_not_judged_and_few_people_neither() -> None:
    vintage = simulate(np.random.default_rng(7), 0.5)
    half = {name: cell._replace(known=cell.people // 2) for name, cell in vintage.cells.items()}
    assert judge(vintage._replace(cells=half), [], is_last=True) == []
    assert judge(Vintage(MARCH, 365, {EVERYBODY: Cell(9, 9, 9, 0)}), [], is_last=True) == []


def test_promises_are_those_of_the_reports() -> None:
    metrics = Metrics.read(LENDER / "reports/metrics.json")
    name = next(iter(metrics.candidates))
    fairness = FairnessReport.read(LENDER / FairnessReport.locate(name))
    promises, of_all = collect_promises(metrics, fairness, name), metrics.candidates[name]
    everybody = promises[EVERYBODY]
    assert everybody.bad / everybody.approved == pytest.approx(of_all.bad_rate, abs=0.01)
    for key, group in fairness.groups.items():
        if group.bad_rate is not None and "&" not in key:
            found = promises[tuple(key.split(": ", 1))]  # type: ignore[index]
            assert found.bad / found.approved == pytest.approx(group.bad_rate, abs=0.5 / found.approved + 1e-4)

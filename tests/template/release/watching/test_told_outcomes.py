"""What became of people is told, what is too old, and a model that only fails: and nothing is taken back for it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from filled_logs import Books, damage_bundle, read_newest, start

from credit.bundle.rule_causes import describe_failure, describe_late
from credit.decision_log.outcomes import record_outcome
from credit.registry.ledger import LedgerEntry
from credit.registry.store import Store
from release.watching import ageing, outcomes
from release.watching.ageing import FAILED_IN_A_ROW, find_last_outcome
from release.watching.report import format_told
from watch.outcomes.judging import Promise
from watch.outcomes.vintages import EVERYBODY

DAY = timedelta(days=1)
FAILURE = {"decided_by": "rule", "rule_because": describe_failure(ValueError("x"))}


def write_month(books: Books, live: LedgerEntry, month: int, bad: int, people: int = 60) -> None:
    """Write a month of approvals, of which so many turn out badly after 80 days, the others well after 300."""
    books.now = datetime(2026, month, 3, tzinfo=UTC)
    approved = books.town.find(live, "approve", live, "approve")
    rows = books.write(live, [(approved[i % len(approved)], "white") for i in range(people)])
    for i, row in enumerate(rows):
        at = row["decided_at"] + (80 if i < bad else 300) * DAY
        record_outcome(books.log.outcomes, row["id"], i >= bad, at, "paid", "tester", at)


def test_a_month_that_turned_out_worse_is_told_at_equal_age(released: Store, books: Books, live: LedgerEntry) -> None:
    for month, bad in ((1, 3), (2, 3), (3, 25)):
        write_month(books, live, month, bad)
    session = start(books, stale_hours=1e9, outcome_stale_days=9999, model_days=9999)
    assert session.look(datetime(2026, 7, 2, tzinfo=UTC)).told.outcomes.told == []  # type: ignore[union-attr]
    found = session.look(datetime(2026, 7, 16, tzinfo=UTC))
    assert found.told.outcomes is not None
    assert {(one.month.month, one.age, one.compared) for one in found.told.outcomes.told} == {(3, 90, "earlier months")}
    told = format_told(found.told)
    assert any("outcome: everybody, approved in 2026-03, after 90 days: 41.7% bad" in line for line in told)
    assert any("expected 5.0% by earlier months at this age" in line for line in told)
    assert (found.word, read_newest(released)) == ("quiet", live)
    assert session.look(datetime(2026, 7, 16, 5, tzinfo=UTC)).told.outcomes is found.told.outcomes, "once a day"


def test_an_outcome_that_is_reported_two_weeks_after_it_was_observed_counts(books: Books, live: LedgerEntry) -> None:
    """Everybody of March is 90 days old on 30 June; a month that was read is not read again."""
    write_month(books, live, 3, 20)
    late = books.write(live, [(books.town.find(live, "approve", live, "approve")[0], "white")])[0]
    session = start(books, stale_hours=1e9, outcome_stale_days=9999, model_days=9999)
    session.look(datetime(2026, 7, 13, tzinfo=UTC))
    at = late["decided_at"] + 85 * DAY
    record_outcome(books.log.outcomes, late["id"], False, at, "paid", "tester", datetime(2026, 7, 13, 12, tzinfo=UTC))
    found = session.look(datetime(2026, 7, 14, tzinfo=UTC)).told.outcomes
    assert found is not None
    (march,) = [one for one in found.vintages if one.month == date(2026, 3, 1)]
    assert march.cells[EVERYBODY][:3] == (61, 21, 21)


def test_at_the_last_age_a_month_is_held_against_what_was_promised(
    books: Books, live: LedgerEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcomes, "read_promises", lambda _: {EVERYBODY: Promise(600, 30, 0.02)})
    write_month(books, live, 3, 25)
    session = start(books, stale_hours=1e9, outcome_stale_days=9999, model_days=9999)
    found = session.look(datetime(2027, 4, 16, tzinfo=UTC)).told.outcomes
    assert found is not None
    by = {one.compared: one for one in found.findings if one.age == 365}
    assert (by["bad rate"].expected, by["bad rate"].is_different) == (0.05, True)
    assert by["calibration"].of == 60
    assert found.unknown[365] == 0


def test_a_version_without_an_evaluation_is_compared_with_its_own_months_only(books: Books, live: LedgerEntry) -> None:
    write_month(books, live, 3, 25)
    session = start(books, stale_hours=1e9, outcome_stale_days=9999, model_days=9999)
    found = session.look(datetime(2027, 4, 16, tzinfo=UTC)).told.outcomes
    assert found is not None
    assert (found.findings, found.unknown) == ([], {90: 1 - 25 / 60, 180: 1 - 25 / 60, 365: 0.0})


@pytest.mark.parametrize("cause", [FAILURE["rule_because"], describe_late(1)])
def test_a_model_that_fails_on_everybody_is_told_at_the_next_look(books: Books, live: LedgerEntry, cause: str) -> None:
    session = start(books)
    people = [(i, "white") for i in range(FAILED_IN_A_ROW - 1)]
    books.write(live, people)
    books.write(live, people, decided_by="rule", rule_because=cause)
    assert session.look(books.now).told.concerns == ()
    books.write(live, people[:1], decided_by="rule", rule_because=cause)
    (concern,) = session.look(books.now).told.concerns
    assert concern.what == "failing"
    assert concern.words.startswith("the rule made the last 5 decisions in place of the model")
    books.write(live, people[:1])
    assert session.look(books.now).told.concerns == ()


def test_one_failure_in_ten_is_hardly_ever_told(books: Books, live: LedgerEntry) -> None:
    """The figure in the code: five in a row of one in ten begin at one of 100,000 decisions; none in 2,000."""
    session = start(books)
    for turn in range(200):
        books.write(live, [(turn % 20, "white")] * 9)
        books.write(live, [(turn % 20, "white")], **FAILURE)
        if turn % 20 == 0:
            assert session.look(books.now).told.concerns == ()


def test_outcomes_that_stop_and_a_version_of_long_ago_are_told(books: Books, live: LedgerEntry, command: Any) -> None:
    session = start(books, stale_hours=1e9)
    rows = books.write(live, [(0, "white")])
    now = datetime.now(UTC)
    assert session.look(now).told.concerns == ()
    (concern,) = session.look(now + 61 * DAY).told.concerns
    assert (concern.what, concern.words) == ("outcomes", "no outcome for 60 days")
    record_outcome(books.log.outcomes, rows[0]["id"], True, None, "paid", "tester", now + 60 * DAY)
    assert session.look(now + 62 * DAY).told.concerns == ()
    found = {one.what: one.words for one in session.look(now + 731 * DAY).told.concerns}
    assert f"the last one was reported on {now + 60 * DAY:%Y-%m-%d}" in found["outcomes"]
    assert found["model"].startswith("v2.0.0 is of ")


def test_what_is_damaged_hides_nothing_else_that_is_told(released: Store, books: Books, live: LedgerEntry) -> None:
    books.write(live, [(i, "white") for i in range(FAILED_IN_A_ROW)], **FAILURE)
    released.delete("environments/prod/000000000/000000001.json")
    damage_bundle(released, live)
    session = start(books, stale_hours=1e9)
    later = datetime.now(UTC) + 731 * DAY
    found = session.look(later)
    assert (found.word, found.told.outcomes) == ("quiet", None)
    assert found.told.drift is not None
    assert [one.what for one in found.told.concerns] == ["failing", "outcomes", "model", "untold"]
    assert f"bundles/{live.digest}" in found.told.concerns[-1].words
    assert session.look(later).told.concerns == found.told.concerns


def test_outcomes_of_another_environment_do_not_hide_that_this_one_has_none(
    books: Books, live: LedgerEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both share a database, and the same service takes their outcomes."""
    monkeypatch.setattr(ageing, "_PAGE_ROWS", 3)
    first = datetime.now(UTC)
    here, there = books.write(live, [(0, "white")]), books.write(live, [(0, "white")] * 8, environment="staging")

    def find(environment: str, since: datetime = first) -> datetime | None:
        return find_last_outcome(books.log.database, environment, since)

    for day, row in enumerate(there[:4]):
        record_outcome(books.log.outcomes, row["id"], True, None, "paid", "tester", first + day * DAY)
    assert (find("prod"), find("staging")) == (None, first + 3 * DAY)
    record_outcome(books.log.outcomes, here[0]["id"], True, None, "paid", "tester", first + 4 * DAY)
    for day, row in enumerate(there[4:]):
        record_outcome(books.log.outcomes, row["id"], True, None, "paid", "tester", first + (5 + day) * DAY)
    assert (find("prod"), find("staging")) == (first + 4 * DAY, first + 8 * DAY)
    assert find("prod", since=first + 6 * DAY) is None, "what is too old behind others is not looked for"


def test_ages_that_do_not_rise_are_refused(command: Callable[..., tuple[int, Any]], tmp_path: Any) -> None:
    path = tmp_path / "params.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("- 90\n", "- 200\n"), encoding="utf-8")
    code, told = command("watch", "--env", "prod", "--once")
    assert code == 1
    assert "watch.outcome_days: found [200, 180, 365], expected ages that rise" in told

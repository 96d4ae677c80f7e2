"""People in the log: found, exported, corrected, erased and reviewed, and the chain of the log holds."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from sqlalchemy import select, update

from credit.common.errors import CreditError
from credit.decision_log.integrity.verify import verify_databases
from credit.decision_log.log import DecisionLog
from credit.decision_log.months.thread import MonthThread
from credit.decision_log.outcomes import Outcome, find_newest_outcome, list_outcomes, record_outcome
from credit.decision_log.people import erasure, reviews
from credit.decision_log.people.applicants import correct_decision, export_decision, find_decisions, hash_reference
from credit.decision_log.people.erasure import count_expired, erase_applicant, erase_decisions, expire_decisions
from credit.decision_log.people.events import build_event, list_events
from credit.decision_log.people.late_erasure import KEPT_DAYS, add_spooled, forget_applicants
from credit.decision_log.people.reviews import Review, count_reviews, find_newest_review, record_review
from credit.decision_log.recent import RecentRequests
from credit.decision_log.repeats import KeyConflictError
from credit.decision_log.tables import DECISIONS_TABLE, EVENTS_TABLE, OUTCOMES_TABLE
from testing.decisions import make_record, read_decision, write_each
from testing.parts.servers import wait_until

NOW = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)
SOMEBODY, ANOTHER = hash_reference("k" * 32, "customer-4711"), hash_reference("k" * 32, "customer-4712")


@pytest.fixture(params=["sqlite", "postgresql"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DecisionLog]:
    """A log with two decisions about somebody and one about another, in SQLite and in PostgreSQL."""
    is_file = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/log.db" if is_file else request.getfixturevalue("server").url
    made = DecisionLog(url, tmp_path / "state")
    who = (SOMEBODY, ANOTHER, SOMEBODY)
    write_each(made, [make_record(applicant=one, idempotency_key=f"k{i}") for i, one in enumerate(who)])
    yield made
    made.close()


def verify(log: DecisionLog) -> dict[str, Any]:
    reports = verify_databases([log.spool, log.database], None)
    return {one.table: ([str(finding) for finding in one.findings], one.erased) for one in reports}


WHOLE = {"decisions": ([], 0), "outcomes": ([], 0), "events": ([], 0), "shadows": ([], 0)}


def test_a_reference_is_hashed_by_the_key_of_the_deployment() -> None:
    assert len({SOMEBODY, ANOTHER, hash_reference("l" * 32, "customer-4711")}) == 3
    assert "4711" not in SOMEBODY


def test_the_decisions_about_one_person_are_found_and_exported_with_all_that_belongs_to_them(log: DecisionLog) -> None:
    found = find_decisions(log.database, SOMEBODY)
    assert len(found) == 2
    correct_decision(log.events, found[0], {"income": 0.2, "race": "white"}, "officer", "A typing error")
    record_review(log.events, found[0], Review("approve", "analyst-7", "Well known", True), "backoffice")
    record_outcome(log.outcomes, found[0]["id"], True, NOW, "paid", "backoffice", NOW)
    told = export_decision(log.database, found[0])
    assert told["inputs"] == found[0]["inputs"], "what it was decided by stays"
    assert told["events"][0] | {"at": None} == {
        "kind": "correct",
        "at": None,
        "by": "officer",
        "was": {"income": 0.1, "race": "Black"},
        "is": {"income": 0.2, "race": "white"},
        "reason": "A typing error",
    }
    assert told["events"][1]["reason"] == "Well known"
    assert told["outcomes"] == [{"outcome": True, "observed_at": NOW, "label": "paid"}]
    with pytest.raises(CreditError, match="shoes"):
        correct_decision(log.events, found[0], {"shoes": 1}, "officer", "None")
    assert verify(log) == WHOLE


def test_an_erasure_takes_what_is_personal_and_the_chain_holds(log: DecisionLog) -> None:
    found = find_decisions(log.database, SOMEBODY)
    record_review(log.events, found[0], Review("approve", "analyst-7", "Well known", True), "backoffice")
    correct_decision(log.events, found[1], {"income": 0.2}, "officer", "A typing error")
    identifiers = [one["id"] for one in found]
    erase_decisions(log.events, identifiers, "erase", "officer", {"reason": "Asked for"})
    assert find_decisions(log.database, SOMEBODY) == []
    assert len(find_decisions(log.database, ANOTHER)) == 1
    for before in found:
        after = read_decision(log.database, before["id"])
        assert [after[name] for name in ("inputs", "protected", "applicant", "fingerprint", "salt")] == [None] * 5
        assert {name for name in before if before[name] != after[name]} == {
            "inputs", "protected", "applicant", "salt", "erased_by",
        }  # fmt: skip
    (review,) = list_events(log.database, found[0]["id"], ("review",))
    assert (review["personal"], review["detail"]["decision"]) == (None, "approve")
    assert find_newest_review(log.database, found[0]["id"]) == Review("approve", "analyst-7", None, True)
    assert verify(log) == WHOLE | {"decisions": ([], 2), "events": ([], 2)}
    with pytest.raises(CreditError, match="erased"):
        correct_decision(log.events, read_decision(log.database, identifiers[0]), {"income": 1}, "officer", "None")


@pytest.fixture
def elsewhere(log: DecisionLog, tmp_path: Path) -> Iterator[DecisionLog]:
    """The log of another machine, which shares the database and has a spool of its own."""
    url = log.database.engine.url.render_as_string(hide_password=False)
    made = DecisionLog(url, tmp_path / "elsewhere")
    yield made
    made.close()


def spool(log: DecisionLog, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    log.problem = "away"
    return write_each(log, records)


def list_kept(log: DecisionLog) -> list[dict[str, Any]]:
    """List the erasures of the log, the oldest first."""
    query = select(EVENTS_TABLE).where(EVENTS_TABLE.c.kind == "erase").order_by(EVENTS_TABLE.c.happened_at)
    with log.database.begin_read() as connection:
        return [dict(row._mapping) for row in connection.execute(query)]


def test_what_another_machine_spooled_before_an_erasure_comes_erased_and_what_it_spooled_afterwards_does_not(
    log: DecisionLog, elsewhere: DecisionLog, caplog: pytest.LogCaptureFixture
) -> None:
    (same,) = spool(elsewhere, [make_record(applicant=SOMEBODY, idempotency_key="k0")])
    early = spool(elsewhere, [make_record(applicant=who) for who in (SOMEBODY, None, ANOTHER)])
    here = erase_applicant(log.events, SOMEBODY, "officer", "Asked for")
    assert len(here) == 2
    (again,) = spool(elsewhere, [make_record(applicant=SOMEBODY, decided_at=datetime.now(UTC))])
    assert elsewhere.recover()
    assert [one["id"] for one in find_decisions(log.database, SOMEBODY)] == [again["id"]]
    assert [one["id"] for one in find_decisions(log.database, ANOTHER)][1:] == [early[2]["id"]]
    for one in (same, early[0]):
        after = read_decision(log.database, one["id"])
        assert [after[name] for name in ("inputs", "protected", "applicant", "fingerprint", "salt")] == [None] * 5
        assert after["row_hash"] == one["row_hash"]
    asked, late = list_kept(log)
    assert asked["detail"] == {"reason": "Asked for", "rows": here}
    assert (late["detail"]["after"], sorted(late["detail"]["rows"])) == ([asked["id"]], [same["id"], early[0]["id"]])
    assert "2 decisions came from the spool after their applicants were erased" in caplog.text
    assert verify(log) == WHOLE | {"decisions": ([], 4)}


def test_a_replay_that_was_killed_and_is_repeated_erases_nothing_twice(
    log: DecisionLog, elsewhere: DecisionLog
) -> None:
    rows = spool(elsewhere, [make_record(applicant=SOMEBODY)])
    assert len(erase_applicant(log.events, SOMEBODY, "officer", "Asked for")) == 2
    for _ in range(2):
        add_spooled(log.database, log.events, rows)
    assert [len(one["detail"]["rows"]) for one in list_kept(log)] == [2, 1]


def test_who_is_in_spools_only_is_erased_when_they_come(log: DecisionLog, elsewhere: DecisionLog) -> None:
    (only,) = spool(elsewhere, [make_record(applicant="a" * 64)])
    assert erase_applicant(log.events, "a" * 64, "officer", "Asked for") == []
    assert elsewhere.recover()
    assert read_decision(log.database, only["id"])["inputs"] is None
    assert verify(log) == WHOLE | {"decisions": ([], 1)}


def test_an_erasure_keeps_the_reference_for_some_days_and_a_service_forgets_it(
    log: DecisionLog, elsewhere: DecisionLog, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    erase_applicant(log.events, SOMEBODY, "officer", "Asked for")
    soon, late = (datetime.now(UTC) + timedelta(days=KEPT_DAYS + more) for more in (-1, 1))
    assert forget_applicants(log.database, log.events, soon) == 0
    assert [one["personal"] for one in list_kept(log)] == [{"applicant": SOMEBODY}]
    monkeypatch.setattr("credit.decision_log.months.thread.datetime", Mock(now=Mock(return_value=late)))
    looking = MonthThread(log, 3_600_000.0)
    wait_until(lambda: list_kept(log)[0]["personal"] is None, "a reference that is forgotten")
    looking.close()
    assert forget_applicants(log.database, log.events, late) == 0
    with log.database.begin_read() as connection:
        told = str([dict(row._mapping) for row in connection.execute(select(EVENTS_TABLE))])
    assert (SOMEBODY in told, find_decisions(log.database, SOMEBODY)) == (False, [])
    assert verify(log) == WHOLE | {"decisions": ([], 2), "events": ([], 1)}
    spool(elsewhere, [make_record(applicant=SOMEBODY, decided_at=NOW)])
    assert elsewhere.recover()
    assert "1 decisions with an applicant were in the spool for more than 30 days: erase again" in caplog.text


def test_an_erasure_and_a_replay_come_one_after_the_other(
    log: DecisionLog, elsewhere: DecisionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A replay that begins in the midst of an erasure, which does not see its rows, sees the erasure."""
    (row,) = spool(elsewhere, [make_record(applicant=SOMEBODY)])
    replay, erase = threading.Thread(target=elsewhere.recover), erasure.erase_within

    def begin_replay(*words: Any) -> None:
        replay.start()
        replay.join(0.5)
        erase(*words)

    monkeypatch.setattr(erasure, "erase_within", begin_replay)
    erase_applicant(log.events, SOMEBODY, "officer", "Asked for")
    replay.join()
    assert read_decision(log.database, row["id"])["inputs"] is None


def test_values_that_are_put_back_or_erased_by_hand_are_seen(log: DecisionLog) -> None:
    first, other = find_decisions(log.database, SOMEBODY)
    (third,) = find_decisions(log.database, ANOTHER)
    erase_decisions(log.events, [first["id"]], "erase", "officer", {"reason": "Asked for"})
    event = read_decision(log.database, first["id"])["erased_by"]
    for identifier, values in (
        (first["id"], {"inputs": {"income": 9}}),
        (third["id"], {"inputs": None, "protected": None, "applicant": None, "salt": None, "erased_by": event}),
    ):
        with log.database.begin_write() as connection:
            connection.execute(update(DECISIONS_TABLE).where(DECISIONS_TABLE.c.id == identifier).values(**values))
    found, _ = verify(log)["decisions"]
    assert [one.split(",")[0] for one in found] == [f"altered: decisions {one['id']}" for one in (first, third)]
    assert other["id"] not in str(found)


def test_the_key_of_an_erased_request_is_nobodys_any_more_and_still_used(log: DecisionLog) -> None:
    erase_decisions(log.events, [find_decisions(log.database, ANOTHER)[0]["id"]], "erase", "officer", {})
    log._recent = RecentRequests()
    (refused,) = log.write([[make_record(applicant=ANOTHER, idempotency_key="k1")]])
    assert isinstance(refused, KeyConflictError)


def test_old_decisions_expire_and_young_ones_stay(log: DecisionLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chained ones, and those from before there was a chain; what is erased is not erased again."""
    old = [make_record(decided_at=NOW - timedelta(days=900, minutes=i)) for i in range(123)]
    young = make_record(decided_at=NOW)
    log.database.add(old[63:])
    write_each(log, [*old[:63], young])
    before = NOW - timedelta(days=800)
    monkeypatch.setattr(erasure, "_CHUNK_ROWS", 50)
    assert count_expired(log.database, before) == 123
    assert expire_decisions(log.database, log.events, before, "cron") == 123
    assert (count_expired(log.database, before), expire_decisions(log.database, log.events, before, "cron")) == (0, 0)
    assert read_decision(log.database, old[0]["id"])["inputs"] is None
    assert read_decision(log.database, young["id"]) == young
    assert verify(log) == WHOLE | {"decisions": ([], 63)}


def test_every_look_up_is_chained_and_an_altered_one_is_named(log: DecisionLog) -> None:
    for number in range(3):
        log.events.append(build_event("look_up", "officer", "prod", {"number": number}, "d" * 32))
    identifier = list_events(log.database, "d" * 32, ("look_up",))[1]["id"]
    assert verify(log) == WHOLE
    with log.database.begin_write() as connection:
        connection.execute(update(EVENTS_TABLE).where(EVENTS_TABLE.c.id == identifier).values(caller="nobody"))
    assert verify(log)["events"][0][0].startswith(f"altered: events {identifier}")


def test_the_same_review_sent_to_two_services_at_once_is_recorded_once(
    log: DecisionLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each stops between its look for the newest review and its own, as long as the other could do the same."""
    other = DecisionLog(log.database.engine.url.render_as_string(hide_password=False), tmp_path / "other")
    together, build = threading.Barrier(2), reviews.build_event

    def build_together(*values: Any) -> Any:
        with suppress(threading.BrokenBarrierError):
            together.wait(1)
        return build(*values)

    monkeypatch.setattr(reviews, "build_event", build_together)
    first, one = find_decisions(log.database, SOMEBODY)[0], Review("deny", "analyst-7", "No proof", False)
    with ThreadPoolExecutor(2) as pool:
        told = [pool.submit(record_review, at.events, first, one, "backoffice") for at in (log, other)]
        both = [review.result() for review in told]
    other.close()
    assert sorted(recorded.is_new for recorded in both) == [False, True]
    assert len(list_events(log.database, first["id"], ("review",))) == 1


def test_the_newest_review_of_a_decision_holds_and_is_counted_once(log: DecisionLog) -> None:
    first, other = find_decisions(log.database, SOMEBODY)
    since = datetime.now(UTC) - timedelta(minutes=1)
    one, another = Review("deny", "analyst-7", "No", True), Review("approve", "analyst-8", None, False)
    assert record_review(log.events, first, one, "backoffice").is_new
    assert not record_review(log.events, first, one, "backoffice").is_new
    assert record_review(log.events, first, another, "backoffice").is_new
    assert record_review(log.events, other, one, "backoffice").is_new
    assert find_newest_review(log.database, first["id"]) == another
    assert count_reviews(log.database, since, "prod") == (1, 1, 1)
    assert count_reviews(log.database, since, "staging") == (0, 0, 0)
    assert count_reviews(log.database, datetime.now(UTC) + timedelta(minutes=1), "prod") == (0, 0, 0)


def test_a_review_of_a_decision_from_before_environments_were_noted_is_counted(log: DecisionLog) -> None:
    record = find_decisions(log.database, SOMEBODY)[0] | {"environment": None}
    record_review(log.events, record, Review("approve", "analyst-7", None, False), "backoffice")
    assert count_reviews(log.database, datetime.now(UTC) - timedelta(minutes=1), "prod") == (1, 0, 0)


def test_the_outcome_that_was_observed_last_holds_whenever_it_was_reported(log: DecisionLog) -> None:
    early, late = NOW - timedelta(days=9), NOW - timedelta(days=1)
    for moment, value in ((late, False), (early, True)):
        assert record_outcome(log.outcomes, "d" * 32, value, moment, "paid", "bank", NOW).is_new
    assert find_newest_outcome(log.database, "d" * 32) == Outcome(False, late, "paid")
    assert [one.outcome for one in list_outcomes(log.database, "d" * 32)] == [True, False]
    assert find_newest_outcome(log.database, "e" * 32) is None


def test_an_outcome_that_is_reported_again_is_no_new_row(log: DecisionLog) -> None:
    """With its time, and without one, when it is the newest anyway; another value of then is one."""
    for moment in (NOW - timedelta(days=1), None):
        new = [record_outcome(log.outcomes, "d" * 32, True, moment, "paid", "bank", NOW).is_new for _ in range(3)]
        assert new == [moment is not None, False, False]
    assert record_outcome(log.outcomes, "d" * 32, False, NOW - timedelta(days=1), "paid", "bank", NOW).is_new
    assert record_outcome(log.outcomes, "d" * 32, True, None, "paid", "bank", NOW).is_new
    assert len(list_outcomes(log.database, "d" * 32)) == 3
    with log.database.begin_write() as connection:
        first = connection.execute(select(OUTCOMES_TABLE.c.id).order_by(OUTCOMES_TABLE.c.id)).scalars().first()
        connection.execute(update(OUTCOMES_TABLE).where(OUTCOMES_TABLE.c.id == first).values(outcome=False))
    assert verify(log)["outcomes"][0][0].startswith(f"altered: outcomes {first}")

"""A model that fails beyond its budget is taken back by the same rules as for unequal treatment, or people are told."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from failing_models import FAILED, fail, let_candidates_fail, slow_down
from filled_logs import Books, assert_untouched, damage_bundle, harm, look, mix_people, read_newest, start
from sqlalchemy import delete

from credit.bundle.rule_causes import NO_SCORE, describe_doubt, describe_late, describe_slow
from credit.common.errors import CreditError, Problem
from credit.decision_log.tables import DECISIONS_TABLE
from credit.registry.holds import append_hold
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.store import Store
from release.oncall import affected
from release.oncall.affected import Redecision
from release.watching.failing import blame, pace, trial
from release.watching.session import Look
from release.watching.shown.told_metrics import collect_failures
from release.watching.taking_back import acting
from testing.releases import deploy_versions

Command = Callable[..., tuple[int, Any]]
BECAUSE = "no version and no rule is better by paired evidence"


def assert_stays(found: Look, store: Store, live: LedgerEntry, why: str, environment: str = "prod") -> None:
    """Check that the model's failing is the alarm, that nothing was done about it, and that it is said why."""
    assert (found.is_failing, found.alarms) == (True, [])
    assert_untouched(found, store, live, why, environment)


def test_a_failing_model_is_taken_back_to_the_version_before_and_the_entry_has_the_figures(
    released: Store, books: Books, live: LedgerEntry, command: Command
) -> None:
    fail(books, live)
    code, told = command("watch", "--env", "prod", "--once")
    assert (code, "taken back: entry 3, rollback of v1.0.0" in told) == (3, True)
    assert "alarm:  the rule decided 60 of the last 60 people since the model failed or was late, 100%" in told
    newest = read_newest(released)
    assert (newest.actor, newest.kind, newest.version) == ("watch", "rollback", "v1.0.0")
    assert newest.reason.startswith("failing model of v2.0.0: the rule decided 60 of the last 60 people")
    assert "the same 60 applicants: v2.0.0 failed on 100.0% and v1.0.0 on 0.0%, paired evidence" in newest.reason
    assert "alpha 0.01" in newest.reason
    code, told = command("status", "--env", "prod")
    assert "rollback by watch: failing model of v2.0.0" in told
    assert "v2.0.0 is in quarantine since entry 3" in told
    code, told = command("deploy", "v2.0.0", "--env", "prod", "--reason", "again")
    assert (code, "--despite REASON" in told) == (1, True)
    assert command("watch", "--env", "prod", "--once", "--json")[1]["watch"] == "quiet"


def test_a_model_that_gives_no_score_is_failing(books: Books, live: LedgerEntry) -> None:
    fail(books, live, because=NO_SCORE)
    assert look(books).took_back


LATE = [describe_late(0.5), describe_slow(0.5)]
BUSY = ": as far as is known the machine has too much to do"


@pytest.mark.parametrize("because", LATE)
def test_a_model_that_is_late_since_it_is_slow_is_taken_back(
    books: Books, live: LedgerEntry, monkeypatch: pytest.MonkeyPatch, because: str
) -> None:
    slow_down(monkeypatch, "v2.0.0")
    fail(books, live, because=because)
    assert look(books).took_back


@pytest.mark.parametrize("because", LATE)
@pytest.mark.parametrize("slow", [(), ("v1.0.0", "v2.0.0"), ("v1.0.0",)])
def test_on_a_machine_that_has_too_much_to_do_nothing_is_taken_back(
    released: Store,
    books: Books,
    live: LedgerEntry,
    monkeypatch: pytest.MonkeyPatch,
    command: Command,
    because: str,
    slow: tuple[str, ...],
) -> None:
    slow_down(monkeypatch, *slow)
    fail(books, live, because=because)
    found = look(books)
    assert_stays(found, released, live, "v2.0.0 is late, and takes ")
    assert found.action is not None
    assert found.action.why_not.endswith(BUSY)
    assert BUSY in command("status", "--env", "prod")[1]


def test_two_real_models_of_one_kind_are_no_reason(released: Store, books: Books, live: LedgerEntry) -> None:
    fail(books, live, because=describe_late(0.5))
    assert_stays(look(books), released, live, BUSY)


def test_a_model_far_below_its_limit_is_not_slow_however_quick_the_one_before_is(
    released: Store, books: Books, live: LedgerEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_down(monkeypatch, "v2.0.0")
    fail(books, live, because=describe_late(101))
    why = f"takes 1 s for one of the late ones, where v1.0.0 takes 1 ms, and the limit is 101 s{BUSY}"
    assert_stays(look(books), released, live, why)


def test_errors_beyond_the_budget_are_the_models_however_many_are_late_beside(
    released: Store, books: Books, live: LedgerEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_down(monkeypatch)
    for _ in range(20):
        fail(books, live, 4, because=describe_late(0.5))
        fail(books, live, 2)
    assert look(books).took_back
    reason = read_newest(released).reason
    assert "v2.0.0 failed on 33.3% and v1.0.0 on 0.0%" in reason, "the late ones are not counted"


def test_errors_within_the_budget_are_none_where_the_machine_is_late(
    released: Store, books: Books, live: LedgerEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_down(monkeypatch)
    fail(books, live, 1)
    fail(books, live, 60, because=describe_late(0.5))
    assert_stays(look(books), released, live, BUSY)


def test_who_fails_on_the_late_ones_when_it_decides_again_is_taken_back(
    books: Books, live: LedgerEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_candidates_fail(monkeypatch, "v2.0.0", module=blame)
    fail(books, live, because=describe_late(0.5))
    assert look(books).took_back


@pytest.mark.parametrize("is_damaged", [False, True])
@pytest.mark.parametrize(("because", "is_slow"), [(describe_late(0.5), True), (describe_late(2), False)])
def test_without_a_version_before_a_model_is_held_against_the_limit_that_it_did_not_keep(
    released: Store,
    books: Books,
    monkeypatch: pytest.MonkeyPatch,
    is_damaged: bool,
    because: str,
    is_slow: bool,
) -> None:
    """None was before, or it cannot be loaded; deciding takes a second."""
    names = ("v1.0.0", "v2.0.0") if is_damaged else ("v2.0.0",)
    before, entry = deploy_versions(released, *names, environment="staging")[0], read_newest(released, "staging")
    if is_damaged:
        damage_bundle(released, before)
    slow_down(monkeypatch, "v2.0.0")
    fail(books, entry, because=because, environment="staging")
    found = look(books, "staging")
    if is_slow:
        assert found.took_back
        assert read_newest(released, "staging").kind == "fallback"
    else:
        why = f"v2.0.0 is late, and takes 1 s for one of the late ones, and the limit is 2 s{BUSY}"
        assert_stays(found, released, entry, why, "staging")


@pytest.mark.parametrize(("hangs", "took_back"), [("v2.0.0", True), ("v1.0.0", False)])
def test_a_model_that_hangs_is_slow_and_does_not_hold_the_watch(
    books: Books, live: LedgerEntry, monkeypatch: pytest.MonkeyPatch, hangs: str, took_back: bool
) -> None:
    begun, ended, load = threading.Event(), threading.Event(), affected.load_decider

    class Hanging:
        def decide_inputs(self, inputs: Any) -> Redecision:
            begun.set()
            ended.wait()
            raise AssertionError

    monkeypatch.setattr(
        blame, "load_decider", lambda store, entry: Hanging() if entry.version == hangs else load(store, entry)
    )
    monkeypatch.setattr(pace, "wait", lambda *_: begun.wait())  # and no longer, though it would be long
    monkeypatch.setattr(pace, "time", SimpleNamespace(perf_counter=lambda: time.perf_counter() + 60 * begun.is_set()))
    fail(books, live, because=describe_slow(0.5))
    assert look(books).took_back == took_back
    ended.set()


def test_the_pace_is_measured_on_so_many_at_the_most_and_what_a_model_raises_is_raised() -> None:
    asked: list[int] = []

    class Counting:
        def decide_inputs(self, inputs: Any) -> Redecision:
            asked.append(inputs)
            if inputs < 0:
                raise ZeroDivisionError
            return Redecision(None, None, None)

    for number in (1, 100, 101, 102, 201, 5_000):
        asked.clear()
        pace.measure_pace([cast(Any, Counting())], cast(Any, range(number)))
        assert len(asked) <= 101
        assert asked[0] == 0
        assert asked[-1] >= number // 2
    with pytest.raises(ZeroDivisionError):
        pace.measure_pace([cast(Any, Counting())], cast(Any, [-1]))


@pytest.mark.parametrize("because", [describe_doubt("x"), "the application is one for another version"])
def test_a_rule_that_decides_for_another_cause_is_no_failing_model(
    released: Store, books: Books, live: LedgerEntry, because: str
) -> None:
    """The store is away, or clients send what fits another version: neither is counted, as failed or as decided."""
    fail(books, live, because=because)
    found = look(books)
    assert found.failures is not None
    assert (found.word, found.failures.decided) == ("quiet", 0)
    assert read_newest(released) == live


def test_a_model_within_its_budget_stays(released: Store, books: Books, live: LedgerEntry) -> None:
    approved = books.town.find(live, "approve", live, "approve")
    for _ in range(30):
        books.write(live, mix_people(48, approved, approved))
        fail(books, live, 2)
    found = look(books)
    assert (found.word, found.is_failing) == ("quiet", False)
    assert read_newest(released) == live


def test_a_model_that_failed_and_does_so_no_more_stays(released: Store, books: Books, live: LedgerEntry) -> None:
    """What was mended meanwhile is not taken back."""
    approved = books.town.find(live, "approve", live, "approve")
    fail(books, live)
    books.write(live, mix_people(20, approved, approved))
    found = look(books)
    assert found.failures is not None
    assert found.failures.evidence > found.failures.threshold
    assert (found.word, read_newest(released)) == ("quiet", live)


def test_few_failures_are_no_reason(released: Store, books: Books, live: LedgerEntry) -> None:
    fail(books, live)
    assert look(books, failing_least=100).word == "quiet"
    assert read_newest(released) == live


def test_where_the_version_before_fails_on_the_same_people_the_rule_decides(
    released: Store, books: Books, live: LedgerEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_candidates_fail(monkeypatch, "v1.0.0")
    fail(books, live)
    assert look(books).took_back
    newest = read_newest(released)
    assert (newest.kind, newest.actor) == ("fallback", "watch")
    assert "not v1.0.0: it fails on 100.0% of them itself, and the budget is 5.0%" in newest.reason


def test_one_error_of_many_when_it_decides_again_is_no_reason_to_blame_the_model_for_lateness(
    released: Store, books: Books, live: LedgerEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    load, times = affected.load_decider, iter([FAILED])

    class Erring:
        def __init__(self, decider: Any) -> None:
            self._decider = decider

        def decide_inputs(self, inputs: Any) -> Redecision:
            made: Redecision = self._decider.decide_inputs(inputs)
            return made._replace(rule_because=next(times, made.rule_because))

    monkeypatch.setattr(blame, "load_decider", lambda store, entry: Erring(load(store, entry)))
    fail(books, live, 40, because=describe_late(0.5))
    assert_stays(look(books, failing_budget=0.01), released, live, BUSY)


def test_errors_count_though_the_live_version_cannot_be_loaded_to_be_timed(
    books: Books, live: LedgerEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = affected.load_decider

    def refuse(store: Store, entry: LedgerEntry) -> Any:
        if entry.version == live.version:
            raise CreditError(Problem("its bundle", "damaged"))
        return load(store, entry)

    monkeypatch.setattr(blame, "load_decider", refuse)
    fail(books, live, 1, because=describe_late(0.5))
    fail(books, live, 60)
    assert look(books).took_back


def test_where_nobody_does_better_it_stays_and_people_are_told(
    released: Store, books: Books, live: LedgerEntry, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_candidates_fail(monkeypatch, "v1.0.0", "rule")
    fail(books, live)
    session = start(books)
    found = session.look(books.now)
    assert_stays(found, released, live, BECAUSE)
    assert session.look(books.now).action is found.action, "not tried anew before more people came"
    (told,) = [
        line
        for line in command("status", "--env", "prod", "--json")[1]["environments"]["prod"]["alarms"]
        if line.startswith("the watch")
    ]
    assert "the rule decided 60 of the last 60 people since the model failed" in told
    assert told.endswith(f"; not taken back: {BECAUSE}")


def test_who_treats_a_group_unequally_is_no_target(
    released: Store, books: Books, live: LedgerEntry, before: LedgerEntry
) -> None:
    """Of two faults the watch chooses none: a group is denied by the version before and by the rule."""
    town, by_rule = books.town, live.model_copy(update={"kind": "fallback"})
    denied = [i for i in town.find(before, "deny", by_rule, "deny") if town.decide(live)[i][0] == "deny"]
    approved = town.find(before, "approve", by_rule, "approve")
    books.write(live, mix_people(600, approved, denied), decided_by="rule", rule_because=FAILED)
    found = look(books)
    assert_stays(found, released, live, BECAUSE)
    assert found.action is not None
    for one in found.action.trials:
        assert one.why_not.startswith("race Black: it is below the limit itself, evidence ")


def test_where_no_version_was_before_the_rule_decides(released: Store, books: Books) -> None:
    (only,) = deploy_versions(released, "v2.0.0", environment="staging")
    fail(books, only, environment="staging")
    assert look(books, "staging").took_back
    assert read_newest(released, "staging").kind == "fallback"


def test_it_never_goes_forward(released: Store, books: Books) -> None:
    _, older = deploy_versions(released, "v3.0.0", "v2.0.0", environment="staging")
    fail(books, older, environment="staging")
    found = look(books, "staging")
    assert found.action is not None
    assert [one.name for one in found.action.trials] == ["rule"]


def test_off_by_one_line_of_params(released: Store, books: Books, live: LedgerEntry) -> None:
    fail(books, live)
    assert_stays(look(books, acts=False), released, live, "watch.acts is false in params.yaml")


@pytest.mark.parametrize("meanwhile", [False, True])
def test_a_hold_stops_it_also_while_it_looks_for_a_target(
    released: Store, books: Books, live: LedgerEntry, monkeypatch: pytest.MonkeyPatch, meanwhile: bool
) -> None:
    fail(books, live)
    choose = trial.try_for_failing

    def hold(*arguments: Any) -> Any:
        append_hold(released, "prod", "hold", "a person looks", "counsel")
        return choose(*arguments) if arguments else None

    if meanwhile:
        monkeypatch.setattr(acting, "try_for_failing", hold)
    else:
        hold()
    assert_stays(look(books), released, live, "counsel holds prod: a person looks")


def test_a_gap_or_a_stale_log_is_inconclusive(released: Store, books: Books, live: LedgerEntry) -> None:
    fail(books, live)
    session = start(books)
    assert_stays(session.look(books.now + timedelta(hours=25)), released, live, "inconclusive: no decision since ")
    with books.log.database.begin_write() as connection:
        connection.execute(delete(DECISIONS_TABLE).where(DECISIONS_TABLE.c.sequence == 7))
    assert_stays(look(books), released, live, "inconclusive: 1 decisions of the writer ")


def test_once_per_version_and_once_in_seven_days_whatever_the_cause(
    released: Store, books: Books, live: LedgerEntry
) -> None:
    """The first one for unequal treatment, the second for failing."""
    harm(books, live)
    assert look(books).took_back
    (third,) = deploy_versions(released, "v3.0.0")
    books.now = max(books.now, third.time)
    fail(books, third)
    assert_stays(look(books), released, third, "entry 3 took a version back less than 7 days ago")
    session = start(books, stale_hours=1e6)
    assert session.look(books.now + timedelta(days=8)).took_back
    assert read_newest(released).reason.startswith("failing model of v3.0.0")
    assert read_newest(released).version == "v1.0.0", "v2.0.0 is in quarantine"
    (fourth,) = deploy_versions(released, "v3.0.0")
    fail(books, fourth)
    found = session.look(books.now + timedelta(days=30))
    assert_stays(found, released, fourth, "v3.0.0 was taken back before, by entry 5")


def test_two_watches_at_once_write_one_entry(
    released: Store, books: Books, live: LedgerEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail(books, live)
    both, choose, found = threading.Barrier(2), acting._plan, []

    def plan_together(*arguments: Any) -> Any:
        planned = choose(*arguments)
        both.wait()
        return planned

    monkeypatch.setattr(acting, "_plan", plan_together)
    threads = [threading.Thread(target=lambda: found.append(look(books))) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(one.took_back for one in found) == [False, True]
    assert Ledger(released, "prod").find_last_number() == 3


def test_a_damaged_version_before_is_passed_over(
    released: Store, books: Books, live: LedgerEntry, before: LedgerEntry
) -> None:
    fail(books, live)
    damage_bundle(released, before)
    assert look(books).took_back
    assert read_newest(released).kind == "fallback"


def test_metrics_tell_how_far_it_is(books: Books, live: LedgerEntry) -> None:
    fail(books, live)
    found = {one.name: one.samples[0].value for one in collect_failures(look(books).failures, "prod")}
    assert found["watch_failing"] == 1
    assert (found["watch_failing_share"], found["watch_failing_budget"]) == (1, 0.05)
    assert found["watch_failing_evidence"] > found["watch_failing_evidence_limit"] == 100

"""A version that treats a group unequally is taken back, to whoever decides the same applicants better, or nowhere."""

import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import obstore
import pytest
from filled_logs import (
    PARAMS,
    Books,
    assert_untouched,
    change_params,
    damage_bundle,
    harm,
    look,
    mix_people,
    read_newest,
    start,
)
from obstore.exceptions import PermissionDeniedError
from sqlalchemy import delete, select, update

from credit.bundle.manifest import MANIFEST_FILE
from credit.common.errors import CreditError, Problem
from credit.decision_log.tables import DECISIONS_TABLE
from credit.registry.holds import append_hold, read_hold
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.store import Store
from credit.registry.versions import require_version
from release.deployment.apply import apply_change
from release.deployment.change import Attribution
from release.deployment.plan import plan_fallback, plan_rollback, plan_rollback_to
from release.deployment.quarantine import Quarantine
from release.oncall.alarms import NewAlarm, read_alarms, record_alarms
from release.oncall.redeciding import load_here
from release.watching.loop import keep_looking
from release.watching.report import format_told
from release.watching.shown.exposed import Exposed
from release.watching.taking_back import acting
from release.watching.taking_back.target import Candidate, Question, try_candidates
from release.watching.wording import describe_alarm, word_reason
from testing.releases import WHY, deploy_versions
from watch.follower import Follower
from watch.groups import read_watched_groups
from watch.judging import GroupFinding
from watch.params import WatchParams
from watch.ratio_interval import RatioInterval
from watch.streams import Judging

Command = Callable[..., tuple[int, Any]]
WATCH = ("watch", "--env", "prod", "--once")


def test_an_alarm_takes_the_version_back_to_the_one_before_and_the_entry_has_the_figures(
    released: Store, books: Books, live: LedgerEntry, command: Command
) -> None:
    harm(books, live)
    code, told = command(*WATCH)
    assert code == 3
    assert "taken back: entry 3, rollback of v1.0.0" in told
    newest = read_newest(released)
    assert (newest.actor, newest.kind, newest.version, newest.number) == ("watch", "rollback", "v1.0.0", 3)
    for figure in ("race Black was approved 0.", "the limit is 0.8", "of 300", "alpha 0.01", "paired evidence"):
        assert figure in newest.reason
    assert "the same 500 applicants: race Black 0." in newest.reason
    assert "and 1.00 by v1.0.0" in newest.reason
    code, told = command("history", "--env", "prod")
    assert "watch: unequal treatment by v2.0.0: race Black was approved" in told
    code, told = command("status", "--env", "prod")
    assert "rollback by watch: unequal treatment by v2.0.0" in told
    assert "v2.0.0 is in quarantine since entry 3" in told
    code, told = command("status", "--env", "prod", "--json")
    assert told["environments"]["prod"]["quarantine"] == ["v2.0.0"]
    code, told = command(*WATCH, "--json")
    assert (code, told["watch"], told["entry"]["number"], told["new"]) == (0, "quiet", 3, 0)


def read_told_alarms(command: Command) -> list[str]:
    """The alarms of `release status`, which knows the store and no log, and asks no service."""
    _, told = command("status", "--env", "prod", "--json")
    return [line for line in told["environments"]["prod"]["alarms"] if line.startswith("the watch")]


def test_an_alarm_is_told_to_who_is_on_call_until_another_entry_decides(
    released: Store, books: Books, live: LedgerEntry, command: Command, tmp_path: Path
) -> None:
    """Written once, by whichever watch is first; what it tells of another machine needs neither log nor state."""
    assert read_told_alarms(command) == []
    harm(books, live)
    assert_untouched(look(books, acts=False), released, live, "watch.acts is false in params.yaml")
    (told,) = read_told_alarms(command)
    assert told.startswith("the watch, since 2026-03-02 ")
    assert "race Black was approved 0." in told
    assert told.endswith("; not taken back: watch.acts is false in params.yaml")
    code, text = command("status", "--env", "prod")
    assert (code, told in text) == (0, True)
    look(books, acts=False)
    _, names = released.list_children("alarms/prod/000000002")
    assert names == ["000000001.json"]
    apply_change(released, plan_rollback(Ledger(released, "prod"), WHY))
    assert read_told_alarms(command) == []


def test_of_two_watches_at_once_one_writes_each_alarm(released: Store, live: LedgerEntry) -> None:
    moment = datetime(2026, 3, 2, tzinfo=UTC)
    found = [NewAlarm("race", group, moment, "in words") for group in ("Black", "Hispanic")]

    def watch(_: int) -> None:
        record_alarms(released, "prod", live, found, "not taken back")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(watch, range(16)))
    assert sorted(alarm.group for alarm in read_alarms(released, "prod", live)) == ["Black", "Hispanic"]


def test_figures_of_a_small_group_in_alarm_are_not_written(live: LedgerEntry) -> None:
    interval, crossed = RatioInterval(0.0, 0.0, 0.5), datetime(2026, 3, 2, tzinfo=UTC)
    one = GroupFinding("approvals", "race", "Black", "white", 9, 0, 100, 60, interval, 500, 500, 100, crossed)
    assert describe_alarm(one, Judging(0.8, 0.01, 180, 0.05)) == "race Black, of whom there are too few to show figures"
    assert "(10 and 100 people" in describe_alarm(one._replace(people=10), Judging(0.8, 0.01, 180, 0.05))


def test_figures_of_a_small_group_in_alarm_are_not_printed(
    books: Books, live: LedgerEntry, command: Command, tmp_path: Path
) -> None:
    """Where a false alarm may be as likely as not, and the horizon is a day, a few people are an alarm."""
    approved, denied = (books.town.find(live, kind, live, kind)[0] for kind in ("approve", "deny"))
    books.write(live, [(approved, "white"), (denied, "Black")] * 9)
    change_params(tmp_path, alpha=0.4, horizon_days=1, acts=False)
    code, told = command(*WATCH)
    said = "alarm:  race Black, of whom there are too few to show figures\n"
    assert (code, said in told, "times as often as" in told) == (3, True, False)
    replay = ("watch", "--env", "prod", "--replay")
    code, told = command(*replay)
    assert (code, said in told, "times as often as" in told) == (3, True, False)
    assert command(*replay, "--json")[1]["entries"][0]["groups"] == []


@pytest.mark.parametrize("alpha", [0.01, 1000.0])
def test_figures_of_a_small_group_are_in_no_reason_of_an_entry(
    released: Store, books: Books, live: LedgerEntry, before: LedgerEntry, alpha: float
) -> None:
    """With the higher `better_alpha`, that nobody may choose, the candidate is the target; else it is told why not."""
    harm(books, live, 20)
    groups = read_watched_groups(released, live.digest)
    assert groups is not None
    params = WatchParams.model_validate(PARAMS).model_copy(update={"better_alpha": alpha})
    judging = Judging(0.8, 0.01, 180, 0.05)
    interval, crossed = RatioInterval(0.0, 0.0, 0.5), datetime(2026, 3, 2, tzinfo=UTC)
    one = GroupFinding("approvals", "race", "Black", "white", 9, 0, 100, 60, interval, 500, 500, 100, crossed)
    question = Question("prod", live, groups, [one], params, judging)
    (trial,) = try_candidates(books.log.database, question, [Candidate("v1.0.0", before)], partial(load_here, released))
    people = trial.findings["race", "Black"].people
    assert (0 < people < 10, trial.why_not == "") == (True, alpha == 1000)
    reason = word_reason("v2.0.0", [one], [trial], params, judging)
    told = "race Black, of whom there are too few to show figures"
    assert reason.startswith(f"unequal treatment by v2.0.0: {told}, alpha 0.01. ")
    tried = reason.partition("alpha 0.01. ")[2]
    not_better = "not v1.0.0: race Black: not better beyond doubt, evidence not shown, of too few people"
    assert tried == (f"the same 20 applicants: {told}" if alpha == 1000 else not_better)


@pytest.mark.parametrize("key", ["holds/prod/000000001.json", "environments/prod/000000000/000000001.json"])
def test_an_alarm_about_which_nothing_can_be_done_is_told_with_why(
    released: Store,
    books: Books,
    live: LedgerEntry,
    command: Command,
    capsys: pytest.CaptureFixture[str],
    key: str,
) -> None:
    """The newest hold is damaged, or an entry among those that are searched for a target."""
    harm(books, live)
    released.delete(key)
    assert released.create(key, b"{}")
    ended = threading.Event()
    ended.set()
    session = start(books, stale_hours=1e9)
    found = keep_looking(session, Exposed(session.settings), ended)
    assert_untouched(found, released, live, key)
    assert f"not taken back: {released.url}/{key}: " in capsys.readouterr().err
    (told,) = read_told_alarms(command)
    assert f"; not taken back: {released.url}/{key}: " in told


def test_an_alarm_on_a_version_that_the_store_has_no_more_is_told_with_why(
    released: Store, books: Books, live: LedgerEntry, command: Command
) -> None:
    session = start(books)
    harm(books, live, 1)
    assert session.look(books.now).word == "quiet"
    released.delete(f"bundles/{live.digest}/{MANIFEST_FILE}")
    harm(books, live)
    assert_untouched(session.look(books.now), released, live, "the store: it has no bundle of v2.0.0")
    (told,) = read_told_alarms(command)
    assert told.endswith("; not taken back: the store: it has no bundle of v2.0.0")


def test_an_alarm_lasts_while_the_store_or_the_log_is_away(
    books: Books, live: LedgerEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else people would be told that it is over, and then of a new one."""
    harm(books, live)
    session = start(books, acts=False)
    told = session.look(books.now)
    away = CreditError(Problem("it", "no answer"))
    for part, name in ((Ledger, "read_newest"), (Follower, "catch_up")):
        with monkeypatch.context() as gone:
            gone.setattr(part, name, Mock(side_effect=away))
            found = session.look(books.now)
        assert (found.word, found.entry, found.alarms) == ("alarm", live, told.alarms)
        assert found.obstacles == ["it: no answer"]


def test_a_version_whose_bundle_is_damaged_is_taken_back_and_counted(
    released: Store, books: Books, live: LedgerEntry
) -> None:
    """What else is told of it needs its bundle, which the groups and the version before do not."""
    harm(books, live)
    damage_bundle(released, live)
    found = look(books)
    assert found.took_back
    assert found.obstacles == []
    assert [one.what for one in found.told.concerns] == ["untold"]
    assert any(line.startswith("untold: not everything is known: ") for line in format_told(found.told))


def test_an_alarm_that_is_damaged_is_a_problem_and_hides_nothing(
    released: Store, books: Books, live: LedgerEntry, command: Command
) -> None:
    harm(books, live)
    look(books, acts=False)
    key = "alarms/prod/000000002/000000001.json"
    content = released.read(key) or b""
    released.delete(key)
    released.create(key, content.replace(live.id.encode(), b"0" * len(live.id)))
    _, told = command("status", "--env", "prod", "--json")
    of_prod = told["environments"]["prod"]
    assert of_prod["version"] == live.version
    assert any("alarm 1 on entry 2 of prod" in line for line in of_prod["alarms"])


@pytest.mark.parametrize("a_second", [2, 100])
def test_a_busy_service_is_judged_by_applicants_of_minutes(
    released: Store, books: Books, live: LedgerEntry, a_second: int
) -> None:
    """The newest `rescored` are of minutes, or of seconds, and none of them is the first one of the entry."""
    begin = books.now + timedelta(seconds=10)
    harm(books, live, 1600)
    with books.log.database.begin_write() as connection:
        for row in connection.execute(select(DECISIONS_TABLE.c.id, DECISIONS_TABLE.c.sequence)).all():
            moment = begin + timedelta(seconds=row.sequence / a_second)
            of = update(DECISIONS_TABLE).where(DECISIONS_TABLE.c.id == row.id)
            connection.execute(of.values(decided_at=moment))
    books.now = begin + timedelta(minutes=10)
    found = look(books, rescored=1200)
    assert found.took_back, found.action
    assert "the same 1,200 applicants: race Black 0." in read_newest(released).reason


def test_a_decision_that_is_dated_in_the_future_is_told_and_is_no_applicant_of_the_comparison(
    released: Store, books: Books, live: LedgerEntry
) -> None:
    harm(books, live)
    now = books.now
    books.now += timedelta(days=365)
    books.write(live, [(0, "white")])
    books.now = now
    found = look(books)
    assert found.told.concerns[0].what == "clock"
    assert any(
        line.startswith("clock:  1 decisions by entry 2 came more than 60 min") for line in format_told(found.told)
    )
    assert "the same 500 applicants: " in read_newest(released).reason


def test_a_clock_that_was_set_right_is_told_of_no_more(books: Books, live: LedgerEntry) -> None:
    """A day after the last decision that was dated ahead; one that comes later begins it anew."""
    session, begin = start(books, stale_hours=1e9), books.now
    ahead = begin + timedelta(days=365)
    books.write(live, [(0, "white")])
    books.write(live, [(0, "white")], decided_at=ahead)

    def tell(hours: float) -> list[str]:
        return [one.what for one in session.look(begin + timedelta(hours=hours)).told.concerns if one.what == "clock"]

    assert tell(1) == ["clock"]
    books.now = begin + timedelta(hours=20)
    books.write(live, [(0, "white")])
    assert tell(24.9) == ["clock"], "decisions that are in time say nothing about the other machine's clock"
    assert tell(25.1) == []
    books.write(live, [(0, "white")], decided_at=ahead)
    assert tell(26) == ["clock"]
    assert tell(51) == []


def test_where_no_version_was_before_the_rule_decides(released: Store, books: Books, command: Command) -> None:
    (only,) = deploy_versions(released, "v2.0.0", environment="staging")
    harm(books, only, environment="staging")
    code, told = command("watch", "--env", "staging", "--once")
    assert code == 3, told
    newest = read_newest(released, "staging")
    assert (newest.actor, newest.kind, newest.version) == ("watch", "fallback", "v2.0.0")


def test_it_never_goes_forward(released: Store, books: Books) -> None:
    """v3.0.0 was live before v2.0.0, which a plain rollback would return to."""
    _, older = deploy_versions(released, "v3.0.0", "v2.0.0", environment="staging")
    assert older.back == 1
    harm(books, older, environment="staging")
    found = look(books, "staging")
    assert found.action is not None
    assert [one.name for one in found.action.trials] == ["rule"]
    assert read_newest(released, "staging").kind == "fallback"


def test_where_nobody_decides_better_it_goes_nowhere(released: Store, books: Books, live: LedgerEntry) -> None:
    harm(books, live, other="deny")
    found = look(books)
    assert_untouched(found, released, live, "no version and no rule is better by paired evidence")
    assert found.action is not None
    assert [one.name for one in found.action.trials] == ["v1.0.0", "rule"]
    assert all("and the limit is 0.8" in one.why_not for one in found.action.trials)


def test_a_target_that_is_better_and_not_good_enough_is_none(
    released: Store, books: Books, live: LedgerEntry, before: LedgerEntry
) -> None:
    town = books.town
    approved = town.find(live, "approve", before, "approve")
    helped, lost = town.find(live, "deny", before, "approve"), town.find(live, "deny", before, "deny")
    books.write(live, mix_people(1500, approved, approved[:6] + helped[:4] + lost[:6]))
    found = look(books)
    assert_untouched(found, released, live, "better by paired evidence")
    assert found.action is not None
    (finding,) = found.action.trials[0].findings.values()
    assert finding.live_ratio is not None
    assert finding.ratio is not None
    assert finding.better > 200
    assert finding.live_ratio < finding.ratio < 0.8


def test_a_target_that_cannot_decide_the_applicants_is_none(released: Store, books: Books, live: LedgerEntry) -> None:
    harm(books, live, inputs={"points": "many"})
    assert_untouched(look(books), released, live, "no version and no rule")


def test_nobody_is_judged_by_the_rule_in_place_of_the_model(released: Store, books: Books, live: LedgerEntry) -> None:
    """Decisions by the rule are a stream of their own, which tells and does not act."""
    harm(books, live, decided_by="rule", rule_because="the application is one for another version")
    found = look(books)
    assert (found.word, found.action) == ("quiet", None)
    assert {one.stream for one in found.findings} == {"rule"}
    assert max(one.peak / one.threshold for one in found.findings) > 1
    assert read_newest(released) == live


def test_who_is_referred_is_not_approved_where_it_acts_and_is_where_it_tells(books: Books, live: LedgerEntry) -> None:
    town = books.town
    approved = town.find(live, "approve", live, "approve")
    for number, race in mix_people(500, approved, approved):
        books.write(live, [(number, race)], decision="refer" if race == "Black" and number % 2 else "approve")
    found = look(books, acts=False)
    peaks = {one.stream: one.peak / one.threshold for one in found.findings}
    assert peaks["approvals"] > 1 > peaks["referrals"]


def test_off_by_one_line_of_params(released: Store, books: Books, live: LedgerEntry) -> None:
    harm(books, live)
    assert_untouched(look(books, acts=False), released, live, "watch.acts is false in params.yaml")


def test_a_hold_stops_it_until_it_is_resumed(
    released: Store, books: Books, live: LedgerEntry, command: Command
) -> None:
    harm(books, live)
    assert command("hold", "prod", "--reason", "counsel looks into it")[0] == 0
    code, told = command(*WATCH)
    assert code == 3
    assert "not taken back: on call holds prod: counsel looks into it" in told
    assert read_newest(released) == live
    assert "held since " in command("status", "--env", "prod")[1]
    assert command("status", "--env", "prod", "--json")[1]["environments"]["prod"]["hold"]["actor"] == "on call"
    assert read_hold(released, "staging") is None
    assert command("resume", "prod", "--reason", "done")[0] == 0
    assert "held since " not in command("status", "--env", "prod")[1]
    code, told = command("resume", "prod", "--reason", "done")
    assert (code, "no hold" in told) == (1, True)
    assert "taken back: entry 3" in command(*WATCH)[1]


@pytest.mark.parametrize("step", ["try_candidates", "_plan"])
def test_a_hold_that_comes_while_a_target_is_looked_for_is_not_overruled(
    released: Store, books: Books, live: LedgerEntry, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Trials take minutes. Once it is resumed the target is looked for again, without more people."""
    harm(books, live)
    run_step, session = getattr(acting, step), start(books)

    def hold_meanwhile(*arguments: Any) -> Any:
        append_hold(released, "prod", "hold", "counsel looks into it", "counsel")
        return run_step(*arguments)

    monkeypatch.setattr(acting, step, hold_meanwhile)
    assert_untouched(session.look(books.now), released, live, "counsel holds prod: counsel looks into it")
    monkeypatch.undo()
    append_hold(released, "prod", "resume", "nothing was found", "counsel")
    assert session.look(books.now).took_back
    assert read_newest(released).actor == "watch"


def test_that_it_may_not_act_is_read_again_before_it_does(
    released: Store,
    books: Books,
    live: LedgerEntry,
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    harm(books, live)
    choose = acting.try_candidates

    def forbid_meanwhile(*arguments: Any) -> Any:
        change_params(tmp_path, acts=False)
        return choose(*arguments)

    monkeypatch.setattr(acting, "try_candidates", forbid_meanwhile)
    code, told = command(*WATCH)
    assert (code, "not taken back: watch.acts is false in params.yaml" in told) == (3, True)
    assert read_newest(released) == live


def fail_reads(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    """Let the store refuse to read what lies at a key or below it."""
    read = obstore.get

    def get(objects: Any, path: str) -> Any:
        if path.startswith(key):
            raise PermissionDeniedError("SlowDown: please reduce your request rate")
        return read(objects, path)

    monkeypatch.setattr(obstore, "get", get)


@pytest.mark.parametrize("part", ["versions/v1.0.0.json", "bundles/"])
def test_a_store_that_fails_while_a_candidate_is_loaded_is_inconclusive_and_hands_nobody_to_the_rule(
    released: Store, books: Books, live: LedgerEntry, before: LedgerEntry, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    harm(books, live)
    session = start(books)
    fail_reads(monkeypatch, f"{part}{before.digest}" if part == "bundles/" else part)
    found = session.look(books.now)
    assert_untouched(found, released, live, f"the store {released.url}: SlowDown")
    assert (len(found.obstacles), found.obstacles[0]) == (1, found.action and found.action.why_not)
    monkeypatch.undo()
    found = session.look(books.now)
    assert (found.took_back, found.obstacles) == (True, [])
    assert (read_newest(released).kind, read_newest(released).version) == ("rollback", "v1.0.0")


def test_a_candidate_that_is_damaged_is_passed_over(
    released: Store, books: Books, live: LedgerEntry, before: LedgerEntry
) -> None:
    harm(books, live)
    damage_bundle(released, before)
    found = look(books)
    assert found.action is not None
    assert [one.name for one in found.action.trials] == ["v1.0.0", "rule"]
    assert found.action.trials[0].why_not.startswith("it cannot be loaded: ")
    assert (found.obstacles, read_newest(released).kind) == ([], "fallback")


def test_a_pause_that_cannot_be_read_is_inconclusive(
    released: Store, books: Books, live: LedgerEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the entry that began it would count for nothing."""
    harm(books, live)
    assert look(books).took_back
    taken = read_newest(released)
    (third,) = deploy_versions(released, "v3.0.0")
    books.now = max(books.now, taken.time)
    harm(books, third)
    fail_reads(monkeypatch, f"environments/prod/000000000/{taken.number:09d}.json")
    found = look(books)
    assert_untouched(found, released, third, f"the store {released.url}: SlowDown")
    assert len(found.obstacles) == 1


@pytest.mark.parametrize(("number", "stops"), [(1, False), (2, True), (3, True), (4, False)])
def test_an_entry_that_is_listed_and_never_read_stops_a_deploy_only_where_it_may_be_the_quarantine(
    released: Store,
    books: Books,
    live: LedgerEntry,
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    stops: bool,
) -> None:
    """Entry 3 took entry 2, v2.0.0, back: it and the one that it is about may be what is looked for."""
    harm(books, live)
    look(books)
    deploy_versions(released, "v3.0.0", "v1.0.0")
    key = f"environments/prod/000000000/{number:09d}.json"
    fail_reads(monkeypatch, key)
    code, told = command("deploy", "v2.0.0" if stops else "v3.0.0", "--env", "prod", "--reason", "again")
    if stops:
        assert (code, key in told, told.count("\n")) == (1, True, 1), told
        assert "may say that the watch took this version back; let the store give that object" in told
    else:
        assert code == 0, told


def test_when_a_version_was_taken_back_is_known_to_every_watch_and_after_a_restart(
    released: Store, books: Books, live: LedgerEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while the store does not answer, and when another entry decides since."""
    beside = start(books)
    assert beside.look(books.now).last_action is None
    harm(books, live)
    found = look(books)
    taken = read_newest(released)
    assert (found.took_back, found.last_action) == (True, taken.time)
    deploy_versions(released, "v3.0.0")
    assert start(books).look(books.now).last_action == taken.time
    assert beside.look(books.now).last_action == taken.time
    fail_reads(monkeypatch, "")
    assert beside.look(books.now).last_action == taken.time


def test_what_a_person_wrote_by_the_name_of_the_watch_is_not_the_watchs(
    released: Store, books: Books, command: Command
) -> None:
    """It could be, once: such an entry is no quarantine, begins no pause and pages nobody."""
    by = Attribution("by hand", "watch")
    assert apply_change(released, plan_rollback(Ledger(released, "prod"), by))
    again = deploy_versions(released, "v2.0.0")[0]
    books.now = max(books.now, again.time)
    assert look(books).last_action is None
    assert "quarantine" not in command("status", "--env", "prod")[1]
    harm(books, again)
    found = look(books)
    assert (found.took_back, found.last_action) == (True, read_newest(released).time)


@pytest.mark.parametrize("name", ["watch", "Watch ", "\uff57atch", "watch\u200b"])
def test_nobody_holds_or_notes_by_the_name_of_the_watch_and_a_rollback_is_no_act_of_it(
    released: Store, live: LedgerEntry, command: Command, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("RELEASE_ACTOR", name)
    for words in (("hold", "prod", "--reason", "by hand"), ("note", "2", "--env", "prod", "--text", "x")):
        code, told = command(*words)
        assert (code, told.count("\n")) == (1, 1), told
        assert told.startswith(f"error: RELEASE_ACTOR: found {name.strip()}, by which nobody writes but release watch")
    assert read_newest(released) == live
    assert read_hold(released, "prod") is None
    code, told = command("rollback", "--env", "prod", "--reason", "unequal treatment by somebody at night")
    assert code == 0, told
    assert read_newest(released).actor.endswith(f" on {socket.gethostname()}")
    assert Quarantine(Ledger(released, "prod")).actions == []


def test_of_two_people_who_hold_at_once_both_are_on_record(released: Store) -> None:
    threads = [
        threading.Thread(target=append_hold, args=(released, "prod", "hold", f"reason {i}", "somebody"))
        for i in range(8)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    hold = read_hold(released, "prod")
    assert hold is not None
    assert hold.number == 8


def test_a_gap_in_the_log_is_told_and_nothing_is_done(released: Store, books: Books, live: LedgerEntry) -> None:
    harm(books, live)
    with books.log.database.begin_write() as connection:
        connection.execute(delete(DECISIONS_TABLE).where(DECISIONS_TABLE.c.sequence == 7))
    found = look(books)
    assert_untouched(found, released, live, "inconclusive: 1 decisions of the writer ")


def test_a_log_that_is_stale_or_out_of_reach_is_inconclusive(released: Store, books: Books, live: LedgerEntry) -> None:
    harm(books, live)
    session = start(books)
    late = session.look(books.now + timedelta(hours=25))
    assert_untouched(late, released, live, "inconclusive: no decision since ")
    books.log.close()
    (books.state / "decisions.db").rename(books.state / "elsewhere.db")
    found = session.look(books.now)
    assert (found.action, len(found.obstacles)) == (None, 1)
    assert found.word == "inconclusive" or found.alarms
    assert start(books).look(books.now).word == "inconclusive"
    assert read_newest(released) == live


def test_a_second_version_is_not_taken_back_within_the_pause(
    released: Store, books: Books, live: LedgerEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    harm(books, live)
    assert look(books).action is not None
    taken = read_newest(released)
    assert taken.number == 3
    (third,) = deploy_versions(released, "v3.0.0")
    books.now = max(books.now, taken.time)
    harm(books, third)
    assert_untouched(look(books), released, third, "entry 3 took a version back less than 7 days ago")
    session = start(books, stale_hours=1e6)
    assert session.look(books.now + timedelta(days=8)).word == "alarm"
    assert read_newest(released).actor == "watch"
    assert read_newest(released).number == 5


def test_a_version_is_taken_back_once_and_deployed_again_only_with_a_reason_despite_it(
    released: Store, books: Books, live: LedgerEntry, command: Command
) -> None:
    harm(books, live)
    command(*WATCH)
    deploy = ("deploy", "v2.0.0", "--env", "prod", "--reason", "again")
    code, told = command(*deploy)
    assert (code, read_newest(released).number) == (1, 3)
    assert "in quarantine, the watch took it back by entry 3: unequal treatment by v2.0.0" in told
    assert "--despite REASON" in told
    code, told = command("deploy", "v1.0.0", "--env", "prod", "--reason", "x", "--despite", "y")
    assert (code, "no quarantine" in told) == (1, True)
    code, told = command(*deploy, "--despite", "the form asks for income again")
    assert code == 0, told
    again = read_newest(released)
    assert again.reason == "again; despite entry 3 of the watch: the form asks for income again"
    harm(books, again)
    found = start(books, stale_hours=1e6).look(again.time + timedelta(days=30))
    assert_untouched(found, released, again, "v2.0.0 was taken back before, by entry 3")


def test_a_plain_rollback_passes_by_what_the_watch_took_back(released: Store, books: Books, live: LedgerEntry) -> None:
    harm(books, live)
    look(books)
    (third,) = deploy_versions(released, "v3.0.0")
    change = plan_rollback(Ledger(released, "prod"), WHY)
    assert change.entry is not None
    assert change.entry.version == "v1.0.0"
    harm(books, third)
    found = start(books, stale_hours=1e6).look(third.time + timedelta(days=30))
    assert found.action is not None
    assert "v2.0.0" not in [one.name for one in found.action.trials]


@pytest.mark.parametrize("environment", ["prod", "staging"])
def test_two_watches_at_once_write_one_entry(
    released: Store, books: Books, live: LedgerEntry, environment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have found the same target before one of them writes; in staging it is the rule."""
    judged = live if environment == "prod" else deploy_versions(released, "v2.0.0", environment="staging")[0]
    harm(books, judged, environment=environment)
    both, choose, found = threading.Barrier(2), acting._plan, []

    def plan_together(*arguments: Any) -> Any:
        planned = choose(*arguments)
        both.wait()
        return planned

    monkeypatch.setattr(acting, "_plan", plan_together)
    threads = [threading.Thread(target=lambda: found.append(look(books, environment))) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    actions = [one.action for one in found]
    assert sum(one is not None and one.rollout is not None for one in actions) == 1
    (loser,) = [one for one in actions if one is not None and one.rollout is None]
    assert f"watch wrote entry {judged.number + 1} first" in loser.why_not
    newest = read_newest(released, environment)
    assert (newest.number, newest.actor) == (judged.number + 1, "watch")


def test_a_person_who_comes_first_is_not_overruled(
    released: Store, books: Books, live: LedgerEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    harm(books, live)
    choose = acting.try_candidates

    def try_while_somebody_acts(*arguments: Any) -> Any:
        apply_change(released, plan_fallback(Ledger(released, "prod"), WHY))
        return choose(*arguments)

    monkeypatch.setattr(acting, "try_candidates", try_while_somebody_acts)
    found = look(books)
    assert found.action is not None
    assert "changed meanwhile" in found.action.why_not
    newest = read_newest(released)
    assert (newest.number, newest.kind, newest.actor) == (3, "fallback", "tester")


def test_the_kill_switch_is_left_alone(released: Store, books: Books, live: LedgerEntry) -> None:
    harm(books, live)
    switch = apply_change(released, plan_fallback(Ledger(released, "prod"), WHY))
    assert switch is not None
    found = look(books)
    assert (found.word, found.action) == ("quiet", None)
    assert read_newest(released) == switch


def test_a_new_entry_starts_anew(released: Store, books: Books, live: LedgerEntry) -> None:
    """What v2.0.0 did before it was taken back by a person says nothing about v1.0.0."""
    harm(books, live)
    record = require_version(released, "v1.0.0")
    back = apply_change(released, plan_rollback_to(Ledger(released, "prod"), record, WHY))
    assert back is not None
    found = look(books)
    assert (found.word, found.findings) == ("quiet", [])


def test_a_version_that_treats_all_alike_stays(released: Store, books: Books, live: LedgerEntry) -> None:
    approved = books.town.find(live, "approve", live, "approve")
    denied = books.town.find(live, "deny", live, "deny")
    books.write(live, mix_people(1500, approved[:8] + denied[:2], approved[:8] + denied[:2]))
    found = look(books)
    assert (found.word, found.action) == ("quiet", None)
    (finding,) = [one for one in found.findings if one.stream == "approvals"]
    assert finding.interval.low < 1 < (finding.interval.high or 9)


def test_a_choice_of_targets_is_not_made_anew_before_more_people_came(
    books: Books, live: LedgerEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    harm(books, live, other="deny")
    tried = []
    choose = acting.try_candidates
    monkeypatch.setattr(acting, "try_candidates", lambda *a: tried.append(1) or choose(*a))
    session = start(books)
    assert session.look(books.now).action == session.look(books.now).action
    assert len(tried) == 1
    harm(books, live, 100, other="deny")
    session.look(books.now)
    assert len(tried) == 2


def test_decisions_from_before_the_log_had_numbers_are_told(books: Books, live: LedgerEntry, command: Command) -> None:
    approved = books.town.find(live, "approve", live, "approve")
    rows = books.write(live, mix_people(20, approved, approved))
    with books.log.database.begin_write() as connection:
        old = update(DECISIONS_TABLE).where(DECISIONS_TABLE.c.id.in_([row["id"] for row in rows[:5]]))
        connection.execute(old.values(writer=None, sequence=None))
    code, told = command(*WATCH)
    assert "note:   5 decisions from before the log had numbers are not judged" in told
    assert "15 decisions judged" in told
    assert (code, "5 decisions of the writer" in told) == (4, True), "the numbers of this test's rows have a gap"


def test_without_a_limit_in_params_and_policy_it_says_which(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("policy: four_fifths_screen", "policy: equal_opportunity"), encoding="utf-8")
    code, told = command(*WATCH)
    assert (code, told.count("\n")) == (1, 1)
    assert "watch.at_least: found null, and the policy equal_opportunity has no adverse_impact_ratio" in told
    assert "at_least: 0.8\n" in text
    path.write_text(text.replace("at_least: 0.8\n", "at_least: 0.0\n"), encoding="utf-8")
    code, told = command(*WATCH)
    assert (code, "has no adverse_impact_ratio with at_least above 0" in told) == (1, True)


def test_an_unknown_key_stops_it(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("pause_days", "pause_day"), encoding="utf-8")
    code, told = command(*WATCH)
    assert code == 1
    assert "pause_day" in told


NEVER = {"pause_days": 36_500, "outcome_stale_days": 36_500, "model_days": 36_500}


@pytest.mark.parametrize(("name", "largest"), [*NEVER.items(), ("poll_seconds", 30)])
def test_a_value_that_no_calendar_and_no_alert_has_is_refused(
    command: Command, tmp_path: Path, name: str, largest: int
) -> None:
    change_params(tmp_path, **{name: 10 * largest})
    code, told = command(*WATCH)
    assert (code, told.count("\n")) == (1, 1)
    assert f"watch.{name}: found {10 * largest}, expected" in told


def test_the_largest_days_are_never(
    released: Store, books: Books, live: LedgerEntry, command: Command, tmp_path: Path
) -> None:
    harm(books, live)
    change_params(tmp_path, **NEVER)
    code, told = command(*WATCH, "--json")
    assert (code, told["action"]["entry"], told["concerns"]) == (3, 3, {})


def test_a_log_without_decisions_is_inconclusive(command: Command, books: Books) -> None:
    code, told = command(*WATCH)
    assert code == 4
    assert "inconclusive: the log has no decision yet" in told


def test_where_nothing_is_live_it_is_inconclusive(command: Command, books: Books) -> None:
    code, told = command("watch", "--env", "staging", "--once")
    assert code == 4
    assert "inconclusive: nothing was deployed yet" in told


@pytest.mark.parametrize(
    ("content", "wrong"),
    [(b"{", "not JSON: EOF while parsing"), (b"{}", "format: found nothing"), (b"", "not JSON: EOF while parsing")],
)
@pytest.mark.parametrize("comes_first", [True, False])
def test_a_newest_entry_that_nobody_can_read_is_told_by_its_name_with_the_way_out(
    released: Store,
    books: Books,
    live: LedgerEntry,
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
    content: bytes,
    wrong: str,
    comes_first: bool,
) -> None:
    """Also where it comes while a target is looked for."""
    key = "environments/prod/000000000/000000003.json"
    find_target = acting.find_target
    harm(books, live)

    def write_meanwhile(*arguments: Any) -> Any:
        found = find_target(*arguments)
        assert released.create(key, content)
        return found

    if comes_first:
        assert released.create(key, content)
    else:
        monkeypatch.setattr(acting, "find_target", write_meanwhile)
    found = look(books)
    said = found.obstacles[0] if comes_first else found.action.why_not if found.action else ""
    told = [
        said,
        *(
            command(*one)[1]
            for one in (("status", "--env", "prod"), ("deploy", "v3.0.0", "--env", "prod", "--reason", "x"))
        ),
    ]
    for line in told:
        assert f"{released.url}/{key}: {wrong}" in line.replace(" (file):", "")
        assert "release rollback --to VERSION leaves it behind" in line
    assert command("rollback", "--env", "prod", "--to", "v1.0.0", "--reason", "as it says")[0] == 0
    assert read_newest(released).number == 4

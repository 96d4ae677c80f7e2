"""The ledger: one winner per number, nothing overwritten, and a rollback that finds its way however long it is."""

import json
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credit.common.errors import CreditError, Problem
from credit.registry.chain import check_chain
from credit.registry.ledger import BLOCK_ENTRIES, EntryKind, Ledger, LedgerEntry
from credit.registry.names import parse_version
from credit.registry.store import Store
from credit.registry.versions import VersionRecord
from release.deployment import plan as live
from release.deployment.apply import apply_change, choose_change_time
from release.deployment.change import ANY, Attribution, Change, Condition
from release.deployment.way_back import read_head
from testing.parts.servers import PATIENCE
from testing.releases import WHY, deploy_versions, make_version_record


def append(ledger: Ledger, change: Change) -> LedgerEntry:
    """Write a change without loading what it is about."""
    assert change.entry is not None
    ledger.append_entry(change.entry)
    return change.entry


def raw(number: int, **fields: Any) -> bytes:
    """An entry as it lies in the store."""
    content = {"format": 1, "number": number, "kind": "deploy", "version": "v1.0.0", "digest": "d", "reason": "r"}
    content |= {"actor": "a", "time": "2026-01-01T00:00:00Z", "id": "i"}
    return json.dumps(content | fields).encode()


def key(number: int) -> str:
    return f"environments/prod/{number // BLOCK_ENTRIES * BLOCK_ENTRIES:09d}/{number:09d}.json"


def test_an_empty_ledger_has_nothing_live(store: Store) -> None:
    ledger = Ledger(store, "prod")
    assert ledger.read_newest() is None
    assert ledger.read_entries() == []
    assert ledger.find_entry_at(datetime.now(UTC)) is None
    with pytest.raises(CreditError, match="nothing was ever deployed"):
        live.plan_rollback(ledger, WHY)


def test_the_newest_entry_is_live_and_environments_do_not_mix(store: Store) -> None:
    for environment, version in (("prod", "v1.0.0"), ("staging", "v2.0.0"), ("prod", "v1.1.0")):
        ledger = Ledger(store, environment)
        append(ledger, live.plan_deployment(ledger, make_version_record(version), WHY))
    assert [(e.number, e.version, e.back) for e in Ledger(store, "prod").read_entries()] == [
        (2, "v1.1.0", 1),
        (1, "v1.0.0", None),
    ]
    newest = Ledger(store, "staging").read_newest()
    assert newest is not None
    assert (newest.version, newest.reason, newest.actor) == ("v2.0.0", "a test", "tester")


def test_the_newest_entry_is_found_across_blocks(disk: Store) -> None:
    for number in (1, BLOCK_ENTRIES - 1, BLOCK_ENTRIES, 2 * BLOCK_ENTRIES - 1, 2 * BLOCK_ENTRIES + 7):
        disk.create(key(number), raw(number))
        assert Ledger(disk, "prod").find_last_number() == number


LIFT = Condition(after_rule=True)
VERSIONS = [f"v1.{i}.0" for i in range(4)]
STEPS = st.lists(st.one_of(st.sampled_from(VERSIONS), st.just("rollback"), st.just("rule")), max_size=14)


def expected(steps: list[str]) -> list[tuple[str, bool] | None]:
    """What is live after each step, by the sentence of the documentation, without any link from entry to entry.

    `standing`: versions in the order in which they went live, without those that were rolled back from.
    """
    standing: list[str] = []
    by_rule = False
    after: list[tuple[str, bool] | None] = []
    for step in steps:
        if step == "rollback":
            if len(standing) > 1:
                standing.pop()
                by_rule = False
        elif step == "rule":
            by_rule = bool(standing)
        elif not standing or standing[-1] != step or by_rule:
            live = standing[-1] if standing else ""
            if by_rule:
                standing.pop()  # the rule took over from it, so nobody returns to it
            if step < live and step in standing:
                del standing[standing.index(step) + 1 :]  # an earlier version is returned to
            else:
                standing.append(step)
            by_rule = False
        after.append((standing[-1], by_rule) if standing else None)
    return after


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_a_rollback_returns_to_the_last_version_that_was_not_itself_rolled_back_from(
    steps: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    ledger = Ledger(Store(str(tmp_path_factory.mktemp("s"))), "prod")
    after: list[tuple[str, bool] | None] = []
    for step in steps:
        try:
            if step == "rollback":
                change = live.plan_rollback(ledger, WHY, LIFT)
            elif step == "rule":
                change = live.plan_fallback(ledger, WHY)
            else:
                change = live.plan_deployment(ledger, make_version_record(step), WHY, LIFT)
            if change.entry is not None:
                append(ledger, change)
        except CreditError:
            pass
        newest = ledger.read_newest()
        after.append((newest.version, newest.kind == "fallback") if newest else None)
    assert after == expected(steps)


def test_a_rollback_by_name_forgets_what_lay_above_it(disk: Store) -> None:
    ledger = Ledger(disk, "prod")
    for version in VERSIONS:
        append(ledger, live.plan_deployment(ledger, make_version_record(version), WHY))
    append(ledger, live.plan_rollback_to(ledger, make_version_record(VERSIONS[1]), WHY))
    made = append(ledger, live.plan_rollback(ledger, WHY))
    assert made.version == VERSIONS[0]


def test_what_was_live_at_a_moment_is_told_by_the_times_of_the_entries(disk: Store) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for number in (1, 2, 3):
        time = (start + timedelta(days=number)).isoformat()
        disk.create(key(number), raw(number, version=f"v1.{number}.0", time=time))
    ledger = Ledger(disk, "prod")
    assert ledger.find_entry_at(start) is None
    told = ledger.find_entry_at(start + timedelta(days=2, hours=3))
    assert told is not None
    assert told.version == "v1.2.0"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "not JSON: EOF"),
        (b"", "not JSON: EOF"),
        (b"\xff\xfe", "not JSON: expected value"),
        (raw(2, kind="promote"), "kind"),
        (raw(2, extra=1), "unknown key"),
        (raw(2, format=3), "needs newer code: update this checkout, and leave it where it is$"),
        (raw(3), "the entry 3"),
        (raw(2, back=2), "back 2"),
        (raw(2, time="2026-01-01T00:00:00"), "time"),
        (raw(True), "number"),
        (raw(2, reason="a\0b"), "reason: found a control character"),
        (raw(2, actor="\x1b[31m"), "actor: found a control character"),
    ],
)
def test_an_entry_that_is_not_valid_is_one_line_and_a_rollback_by_name_leaves_it_behind(
    disk: Store, content: bytes, said: str
) -> None:
    ledger = Ledger(disk, "prod")
    append(ledger, live.plan_deployment(ledger, make_version_record("v1.0.0"), WHY))
    disk.create(key(2), content)
    for refused in (ledger.read_newest, lambda: live.plan_rollback(ledger, WHY), ledger.read_entries):
        with pytest.raises(CreditError, match=said) as caught:
            refused()
        assert "\n" not in str(caught.value)
    append(ledger, live.plan_rollback_to(ledger, make_version_record("v1.0.0"), WHY))
    newest = ledger.read_newest()
    assert newest is not None
    assert (newest.number, newest.version) == (3, "v1.0.0")


def test_a_version_that_was_never_live_is_deployed_and_not_returned_to(disk: Store) -> None:
    """It was put into the store with keys of the store alone, say: no tag, no judge, no signature was asked."""
    ledger = Ledger(disk, "prod")
    first, other = make_version_record("v1.0.0"), make_version_record("v8.8.8")
    append(ledger, live.plan_deployment(ledger, first, WHY))
    with pytest.raises(
        CreditError, match=r"v8\.8\.8, digest dddddddddddd, was never live there; release deploy v8\.8\.8"
    ):
        live.plan_rollback_to(ledger, other, WHY)
    append(ledger, live.plan_deployment(ledger, other, WHY))
    append(ledger, live.plan_rollback_to(ledger, first, WHY))
    assert append(ledger, live.plan_rollback_to(ledger, other, WHY)).back == 1
    with pytest.raises(CreditError, match="was never live there"):
        live.plan_rollback_to(ledger, make_version_record("v1.0.0", "e" * 64), WHY)


def test_a_broken_entry_deep_in_the_ledger_does_not_stop_a_rollback_by_name(disk: Store) -> None:
    disk.create(key(1), b"not an entry")
    disk.create(key(2), raw(2, back=1, version="v1.1.0"))
    disk.create(key(3), raw(3, back=2, version="v1.2.0"))
    ledger = Ledger(disk, "prod")
    change = live.plan_rollback_to(ledger, make_version_record("v1.0.0"), WHY)
    assert change.notes == ("that v1.0.0 was live cannot be told: not valid are the entries 1",)
    assert append(ledger, change).number == 4


def test_the_kill_switch_works_behind_an_entry_that_is_not_valid_and_whatever_the_clock_says(disk: Store) -> None:
    ledger = Ledger(disk, "prod")
    later = (datetime.now(UTC) + timedelta(days=400)).isoformat()
    disk.create(key(1), raw(1, time=later))
    disk.create(key(2), b"not an entry")
    made = append(ledger, live.plan_fallback(ledger, WHY))
    assert (made.number, made.kind, made.version) == (3, "fallback", "v1.0.0")


@pytest.mark.parametrize("number", [2 * BLOCK_ENTRIES + 3, 999_999_999])
def test_one_object_of_a_high_number_is_no_entry_and_holds_nobody_up(disk: Store, number: int) -> None:
    """Whoever pulls the kill switch would search below it, number by number, for hours."""
    ledger = Ledger(disk, "prod")
    for version in VERSIONS[:2]:
        append(ledger, live.plan_deployment(ledger, make_version_record(version), WHY))
    disk.create(key(number), raw(number, version="v9.9.9"))
    assert ledger.read_newest() == ledger.read_entry(2)
    assert append(ledger, live.plan_fallback(ledger, WHY)).number == 3
    (problem,) = check_chain(ledger)
    assert "lies behind a folder that is missing" in str(problem)
    assert key(number).rpartition("/")[0] in problem.where


def test_an_entry_where_a_folder_was_lost_stays_the_newest(disk: Store, tmp_path: Path) -> None:
    """Else the kill switch would close the gap, and the deploy behind it decide again."""
    ledger = Ledger(disk, "prod")
    for number in (1, BLOCK_ENTRIES - 1, 2 * BLOCK_ENTRIES - 1, 2 * BLOCK_ENTRIES + 3):
        disk.create(key(number), raw(number))
    assert ledger.find_last_number() == 2 * BLOCK_ENTRIES + 3
    shutil.rmtree((tmp_path / "store" / key(BLOCK_ENTRIES)).parent)
    assert ledger.find_last_number() == BLOCK_ENTRIES - 1
    assert append(ledger, live.plan_fallback(ledger, WHY)).number == BLOCK_ENTRIES
    newest = ledger.read_newest()
    assert newest
    assert (newest.number, newest.kind) == (BLOCK_ENTRIES, "fallback")
    assert any("restore the missing folder" in str(one) for one in check_chain(ledger))


def test_objects_whose_names_are_none_of_entries_are_none(disk: Store) -> None:
    """Another number of digits, digits of another script, an entry in the folder of others."""
    ledger = Ledger(disk, "prod")
    disk.create(key(1), raw(1))
    for name in ("7.json", "\u0661\u0662\u0663.json", "000001001.json", "000000009.JSON"):
        disk.create(f"environments/prod/000000000/{name}", raw(7))
    assert (ledger.find_last_number(), list(ledger.iterate_numbers())) == (1, [1])


def test_the_newest_valid_entry_is_found_behind_a_gap_without_a_read_for_each_number(
    disk: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, read = Ledger(disk, "prod"), []
    disk.create(key(BLOCK_ENTRIES - 1), raw(BLOCK_ENTRIES - 1))
    disk.create(key(2 * BLOCK_ENTRIES - 1), b"no entry")
    monkeypatch.setattr(Ledger, "read_content", lambda self, number: (read.append(number), disk.read(key(number)))[1])
    assert read_head(ledger).number == 2 * BLOCK_ENTRIES - 1
    assert read == [2 * BLOCK_ENTRIES - 1, BLOCK_ENTRIES - 1]


def test_a_deployment_waits_until_the_clock_is_set_and_a_rollback_takes_the_time_of_the_store(
    disk: Store, publish: Callable[..., VersionRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store's clock is ten minutes behind ours, which is ours being ten minutes ahead."""
    for version in VERSIONS[:2]:
        publish(disk, version)
        deploy_versions(disk, version)
    behind = datetime.now(UTC) - timedelta(minutes=10)
    monkeypatch.setattr(Store, "read_clock", lambda _: behind)
    publish(disk, VERSIONS[2])
    with pytest.raises(CreditError, match=r"this machine: found .*a rollback needs no clock") as caught:
        deploy_versions(disk, VERSIONS[2])
    assert "\n" not in str(caught.value)
    assert choose_change_time(disk, "rollback", None) == behind
    made = apply_change(disk, live.plan_rollback(Ledger(disk, "prod"), WHY))
    assert made is not None
    assert made.version == VERSIONS[0]


@pytest.mark.parametrize("kind", ["deploy", "rollback", "fallback"])
def test_an_entry_from_a_clock_ahead_holds_nothing_up_and_its_time_is_not_copied(disk: Store, kind: EntryKind) -> None:
    ledger, later = Ledger(disk, "prod"), datetime.now(UTC) + timedelta(hours=24)
    disk.create(key(1), raw(1, version="v1.0.0"))
    disk.create(key(2), raw(2, version="v1.1.0", back=1, time=later.isoformat()))
    assert live.plan_rollback(ledger, WHY).resulting_entry.version == "v1.0.0"
    ahead = ledger.read_entry(2)
    assert datetime.now(UTC) - choose_change_time(disk, kind, ahead) < timedelta(hours=1)
    slightly = ahead.model_copy(update={"time": datetime.now(UTC) + timedelta(seconds=30)})
    assert choose_change_time(disk, kind, slightly) == slightly.time, "clocks differ; the order of entries does not"


def test_what_follows_an_entry_in_the_future_is_dated_by_the_clock_of_the_store(
    disk: Store, publish: Callable[..., VersionRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(disk, "v1.0.0")
    deploy_versions(disk, "v1.0.0")
    later = (datetime.now(UTC) + timedelta(hours=24)).isoformat()
    disk.create(key(2), raw(2, version="v1.1.0", back=1, time=later))
    ledger, there = Ledger(disk, "prod"), datetime.now(UTC) - timedelta(hours=1)
    monkeypatch.setattr(Store, "read_clock", lambda _: there)
    made = apply_change(disk, live.plan_rollback(ledger, WHY))
    assert made is not None
    assert (made.version, made.time) == ("v1.0.0", there)
    disk.create(key(4), raw(4, version="v1.1.0", back=3, time=later))
    made = apply_change(disk, live.plan_fallback(ledger, WHY))
    assert made is not None
    assert (made.number, made.time) == (5, there)


def test_the_kill_switch_needs_no_clock_of_the_store_behind_an_entry_in_the_future(
    disk: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Store) -> datetime:
        raise CreditError(Problem("the store", "may not be written there"))

    monkeypatch.setattr(Store, "read_clock", refuse)
    disk.create(key(1), raw(1, time=(datetime.now(UTC) + timedelta(hours=24)).isoformat()))
    made = apply_change(disk, live.plan_fallback(Ledger(disk, "prod"), WHY))
    assert made is not None
    assert datetime.now(UTC) - made.time < timedelta(hours=1)


def test_the_store_has_a_clock(store: Store) -> None:
    assert abs(store.read_clock() - datetime.now(UTC)) < timedelta(minutes=1)
    assert store.list_children("clock")[0] == []


def test_the_way_back_from_a_rollback_is_a_way_back(disk: Store) -> None:
    """v1, v2, v3, a rollback, its undo: and what stood below v3 stands below it again."""
    ledger = Ledger(disk, "prod")
    v1, v2, v3 = map(make_version_record, VERSIONS[:3])
    for record in (v1, v2, v3):
        append(ledger, live.plan_deployment(ledger, record, WHY))
    assert append(ledger, live.plan_rollback(ledger, WHY)).version == v2.version
    append(ledger, live.plan_rollback_to(ledger, v3, WHY))
    assert [append(ledger, live.plan_rollback(ledger, WHY)).version for _ in range(2)] == [v2.version, v1.version]
    append(ledger, live.plan_rollback_to(ledger, v3, WHY))
    assert append(ledger, live.plan_rollback(ledger, WHY)).version == v2.version


def test_of_two_people_who_both_roll_back_the_second_changes_nothing(disk: Store) -> None:
    ledger = Ledger(disk, "prod")
    for version in VERSIONS[:3]:
        append(ledger, live.plan_deployment(ledger, make_version_record(version), WHY))
    for current in (VERSIONS[2], VERSIONS[2][1:], "3"):
        first = live.plan_rollback(ledger, WHY, Condition(current))
        assert first.entry is not None
    append(ledger, first)
    for current in (VERSIONS[2], "3", "rule"):
        with pytest.raises(CreditError, match=rf"found {VERSIONS[1]} by entry 4, tester: a test, expected {current}"):
            live.plan_rollback(ledger, WHY, Condition(current))
    append(ledger, live.plan_fallback(ledger, WHY, Condition("4")))
    assert live.plan_rollback(ledger, WHY, Condition(" Rule ", after_rule=True)).entry is not None


def test_after_the_kill_switch_no_model_decides_without_a_word_about_it(disk: Store) -> None:
    """A deploy, a rollback and an undo that began before it was pulled."""
    ledger, v1, v2 = Ledger(disk, "prod"), *map(make_version_record, VERSIONS[:2])
    for record in (v1, v2):
        append(ledger, live.plan_deployment(ledger, record, WHY))
    append(ledger, live.plan_fallback(ledger, Attribution("headline", "on call")))
    for planned in (
        lambda when: live.plan_deployment(ledger, v1, WHY, when),
        lambda when: live.plan_rollback(ledger, WHY, when),
        lambda when: live.plan_rollback_to(ledger, v2, WHY, when),
    ):
        with pytest.raises(CreditError, match=r"the kill switch is pulled .*on call: headline.*--after-rule"):
            planned(ANY)
        assert planned(LIFT).entry is not None
    assert live.plan_fallback(ledger, WHY).entry is None


def test_a_withdrawn_version_is_passed_over_and_said_to_be(disk: Store) -> None:
    ledger = Ledger(disk, "prod")
    for version in VERSIONS[:3]:
        append(ledger, live.plan_deployment(ledger, make_version_record(version), WHY))
    middle, first = parse_version(VERSIONS[1]), parse_version(VERSIONS[0])
    change = live.plan_rollback(ledger, WHY, withdrawn={middle})
    assert change.notes == (f"{VERSIONS[1]} is withdrawn, and passed over",)
    with pytest.raises(CreditError, match=rf"not withdrawn \({VERSIONS[1]}, {VERSIONS[0]} are\)"):
        live.plan_rollback(ledger, WHY, withdrawn={middle, first})
    assert append(ledger, change).version == VERSIONS[0]


RACERS, LEDGERS, ROUNDS = 8, 25, 4


def race(url: str, environment: dict[str, str], racer: int, starts: list[Any], won: Any) -> None:
    """Try to make every entry of every ledger, together with the others; say which were made."""
    os.environ.update(environment)

    def one(ledger: int) -> list[int]:
        there, made = Ledger(Store(f"{url}/{ledger}"), "prod"), []
        for number in range(1, ROUNDS + 1):
            entry = LedgerEntry.parse(raw(number, actor=str(racer), id=f"{racer}-{number}"), "here")
            starts[ledger].wait()
            try:
                there.append_entry(entry)
            except CreditError:
                continue
            made.append(number)
        return made

    with ThreadPoolExecutor(LEDGERS) as pool:
        won.put((racer, list(pool.map(one, range(LEDGERS)))))


def test_of_eight_that_race_for_each_number_one_wins_and_nothing_is_overwritten(place: str) -> None:
    """Eight processes, a hundred rounds, in 25 ledgers at once because the S3 server holds losers up."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["obstore", "releases", "hypothesis"])  # what a racer would import
    starts, won = [context.Barrier(RACERS, timeout=PATIENCE) for _ in range(LEDGERS)], context.Queue()
    racers = [
        context.Process(target=race, args=(place, dict(os.environ), racer, starts, won)) for racer in range(RACERS)
    ]
    for racer in racers:
        racer.start()
    told = dict(won.get(timeout=PATIENCE) for _ in racers)
    for racer in racers:
        racer.join()
    for ledger in range(LEDGERS):
        entries = Ledger(Store(f"{place}/{ledger}"), "prod").read_entries()
        assert [entry.number for entry in entries] == list(range(ROUNDS, 0, -1))
        winners = sorted((number, str(racer)) for racer, made in told.items() for number in made[ledger])
        assert winners == sorted((entry.number, entry.actor) for entry in entries)


def test_two_deploys_at_the_same_moment_do_not_both_believe_that_they_won(disk: Store, tmp_path: Path) -> None:
    ledger = Ledger(disk, "prod")
    one = live.plan_deployment(ledger, make_version_record("v1.0.0"), Attribution("r", "one"))
    other = live.plan_deployment(ledger, make_version_record("v2.0.0"), Attribution("r", "other"))
    append(ledger, one)
    with pytest.raises(CreditError, match=r"one wrote entry 1 first, a deploy of v1\.0\.0"):
        append(ledger, other)
    assert [entry.version for entry in ledger.read_entries()] == ["v1.0.0"]

"""The ledger: one winner per number, nothing overwritten, and a rollback that finds its way however long it is."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credit.common.errors import CreditError
from credit.registry.ledger import BLOCK_ENTRIES, Ledger, LedgerEntry
from credit.registry.store import Store
from release.deployment import plan as live
from release.deployment.plan import Attribution, Change
from testing.parts.servers import PATIENCE
from testing.releases import WHY, make_version_record


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
    for number in (1, BLOCK_ENTRIES - 1, BLOCK_ENTRIES, 2 * BLOCK_ENTRIES + 7):
        disk.create(key(number), raw(number))
        assert Ledger(disk, "prod").find_last_number() == number


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
                change = live.plan_rollback(ledger, WHY)
            elif step == "rule":
                change = live.plan_fallback(ledger, WHY)
            else:
                change = live.plan_deployment(ledger, make_version_record(step), WHY)
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
        (b"{", "EOF"),
        (b"", "EOF"),
        (b"\xff\xfe", "invalid"),
        (raw(2, kind="promote"), "kind"),
        (raw(2, extra=1), "unknown key"),
        (raw(2, format=2), "newer code"),
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


def test_a_broken_entry_deep_in_the_ledger_does_not_stop_a_rollback_by_name(disk: Store) -> None:
    disk.create(key(1), b"not an entry")
    disk.create(key(2), raw(2, back=1, version="v1.1.0"))
    disk.create(key(3), raw(3, back=2, version="v1.2.0"))
    ledger = Ledger(disk, "prod")
    assert append(ledger, live.plan_rollback_to(ledger, make_version_record("v1.0.0"), WHY)).number == 4


def test_the_kill_switch_works_behind_an_entry_that_is_not_valid_and_whatever_the_clock_says(disk: Store) -> None:
    ledger = Ledger(disk, "prod")
    later = (datetime.now(UTC) + timedelta(days=400)).isoformat()
    disk.create(key(1), raw(1, time=later))
    disk.create(key(2), b"not an entry")
    made = append(ledger, live.plan_fallback(ledger, WHY))
    assert (made.number, made.kind, made.version) == (3, "fallback", "v1.0.0")


def test_a_clock_that_went_backwards_is_one_line_and_a_small_difference_is_none(disk: Store) -> None:
    ledger = Ledger(disk, "prod")
    soon, later = (datetime.now(UTC) + timedelta(seconds=20)), datetime.now(UTC) + timedelta(hours=2)
    disk.create(key(1), raw(1, time=soon.isoformat()))
    assert append(ledger, live.plan_deployment(ledger, make_version_record("v1.1.0"), WHY)).time == soon
    disk.create(key(3), raw(3, time=later.isoformat()))
    with pytest.raises(CreditError, match="the clock: found"):
        live.plan_deployment(ledger, make_version_record("v1.2.0"), WHY)
    assert ledger.find_last_number() == 3


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

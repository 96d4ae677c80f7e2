"""A replay says of a model that fails what a watch that looked after each decision said, at the same moment."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest
from failing_models import fail, slow_down
from filled_logs import PARAMS, Books, change_params, damage_bundle, harm, mix_people, read_newest, start
from sqlalchemy import delete

from credit.bundle.rule_causes import describe_late
from credit.decision_log.tables import DECISIONS_TABLE
from credit.registry import holds
from credit.registry.holds import HoldKind
from credit.registry.ledger import LedgerEntry
from credit.registry.store import Store
from release.watching.failing.stretches import FailingStretches
from release.watching.session import Look
from testing.releases import deploy_versions
from watch.follower import Follower
from watch.groups import read_watched_groups
from watch.params import WatchParams
from watch.streams import Judging

Command = Callable[..., tuple[int, Any]]
Steps = list[Callable[[], Any]]
JUDGING = Judging(0.8, 0.01, 180, 0.05)


class Seen(NamedTuple):
    """What a live watch saw: the first alarm, when it took back (None: it did not), and its last look in alarm."""

    first: datetime
    at: datetime | None
    look: Look


MEASURED_NOW = "note:   how slow models are was measured now, on this machine"


def work(books: Books, live: LedgerEntry, number: int) -> None:
    """Write decisions by a model that works, on people who are all approved."""
    approved = books.town.find(live, "approve", live, "approve")
    books.write(live, mix_people(number, approved, approved))


def watch_steps(books: Books, steps: Steps, **params: Any) -> Seen:
    """Look after each step, as the service writes the log, until a version is taken back; the rest is written too."""
    session, seen = start(books, **({"stale_hours": 1e9} | params)), None
    for step in steps:
        step()
        if seen is None or seen.at is None:
            look = session.look(books.now)
            if look.word == "alarm":
                seen = Seen(seen.first if seen else books.now, books.now if look.took_back else None, look)
    assert seen is not None
    return seen


def replay(command: Command) -> tuple[list[dict[str, Any]], str]:
    told = command("watch", "--env", "prod", "--replay", "--json")[1]
    return told["entries"], command("watch", "--env", "prod", "--replay")[1]


def assert_same(entry: dict[str, Any], seen: Seen, target: str | None) -> None:
    """Check that a replayed entry is what the live watch saw and did; the replay knows the second of it."""
    action, failures = seen.look.action, seen.look.failures
    assert action is not None
    assert failures is not None
    assert datetime.fromisoformat(entry["alarm"]) == seen.first
    assert (entry["target"], seen.at is not None) == (target, target is not None)
    assert (entry["at"] and datetime.fromisoformat(entry["at"])) == (seen.at and seen.at + timedelta(seconds=1))
    assert entry["why_not"] == action.why_not
    tried = [(one.name, one.decided, one.asked, one.why_not) for one in action.trials]
    assert [tuple(one.values()) for one in entry["tried"]] == tried
    assert entry["failures"] == pytest.approx(failures._asdict())


@pytest.mark.parametrize("every", [1, 3])
def test_a_replay_takes_a_failing_version_back_when_the_watch_did(
    released: Store, books: Books, live: LedgerEntry, command: Command, every: int
) -> None:
    work(books, live, 90)
    begin = books.now
    steps: Steps = [
        lambda number=number: fail(books, live, 1) if number % every == 0 else work(books, live, 1)  # type: ignore[misc]
        for number in range(100 * every)
    ]
    seen = watch_steps(books, steps)
    assert timedelta(minutes=20) < seen.first - begin < timedelta(minutes=60 * every)
    assert (seen.look.took_back, read_newest(released).version) == (True, "v1.0.0")
    ((entry,), text) = replay(command)
    assert_same(entry, seen, "v1.0.0")
    assert seen.at == seen.first
    assert (entry["groups"], entry["timed_now"], MEASURED_NOW in text) == ([], False, False)
    assert f"alarm at {seen.first:%Y-%m-%d %H:%M:%S} UTC, would have gone to v1.0.0" in text
    assert "alarm:  the rule decided " in text
    assert "people since the model failed or was late, " in text
    assert "tried:  the same " in text
    assert command("watch", "--env", "prod", "--replay")[0] == 3
    assert read_newest(released).number == 3, "the replay wrote nothing"


def test_a_model_within_its_budget_is_no_alarm_of_a_replay(books: Books, live: LedgerEntry, command: Command) -> None:
    for _ in range(30):
        work(books, live, 48)
        fail(books, live, 2)
    ((entry,), text) = replay(command)
    assert (entry["alarm"], entry["failures"], entry["target"]) == (None, None, None)
    assert "no alarm" in text


def write_hold(books: Books, monkeypatch: pytest.MonkeyPatch, kind: HoldKind) -> None:
    """Hold or resume the environment at the moment of the newest decision."""
    moment = books.now
    with monkeypatch.context() as patched:
        patched.setattr(holds, "datetime", SimpleNamespace(now=lambda _: moment))
        holds.append_hold(books.town.store, "prod", kind, "a person looks", "counsel")


def test_what_failed_while_somebody_held_it_and_was_mended_is_not_taken_back(
    books: Books, live: LedgerEntry, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_once, work_once = lambda: fail(books, live, 1), lambda: work(books, live, 1)
    write_hold(books, monkeypatch, "hold")
    seen = watch_steps(books, [*[fail_once] * 60, *[work_once] * 10])
    write_hold(books, monkeypatch, "resume")
    work(books, live, 60)
    ((entry,), text) = replay(command)
    assert_same(entry, seen, None)
    assert "told people: counsel holds prod: a person looks" in text


def test_a_replay_acts_in_the_second_after_a_hold(
    books: Books, live: LedgerEntry, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[datetime] = []

    def resume() -> None:
        write_hold(books, monkeypatch, "resume")
        ended.append(books.now)

    fail_once = lambda: fail(books, live, 1)  # noqa: E731 -- as a step
    write_hold(books, monkeypatch, "hold")
    seen = watch_steps(books, [*[fail_once] * 63, resume, *[fail_once] * 10])
    ((entry,), _) = replay(command)
    assert_same(entry, seen, "v1.0.0")
    assert [seen.at] == ended


def test_a_replay_knows_pause_and_quarantine_whatever_the_cause(
    released: Store, books: Books, live: LedgerEntry, command: Command, tmp_path: Path
) -> None:
    """The first one for unequal treatment; the next one fails, within the days of the pause, and at their end."""
    harm(books, live)
    (third,) = deploy_versions(released, "v3.0.0")
    books.now += timedelta(hours=1)
    work(books, third, 10)
    fail(books, third, 60)
    (again,) = deploy_versions(released, "v2.0.0")
    books.now += timedelta(days=30)
    fail(books, again, 60)
    entries, _ = replay(command)
    assert [(one["entry"], one["target"], one["why_not"]) for one in entries] == [
        (2, "v1.0.0", ""),
        (3, None, "entry 2 would have been taken back less than 7 days ago"),
        (4, None, "v2.0.0 would have been taken back with entry 2 and put there again by a person"),
    ]
    change_params(tmp_path, pause_days=0.000001)
    entries, _ = replay(command)
    assert (entries[1]["target"], entries[1]["failures"]["failed"]) == ("v1.0.0", entries[1]["tried"][0]["asked"] - 10)


def test_the_pause_of_a_replay_ends_in_the_same_second(
    released: Store, books: Books, live: LedgerEntry, command: Command, tmp_path: Path
) -> None:
    fail(books, live, 60)
    acted = datetime.fromisoformat(replay(command)[0][0]["at"])
    (third,) = deploy_versions(released, "v3.0.0")
    begin = books.now
    fail(books, third, 120)
    days = (books.now - timedelta(minutes=30) - acted) / timedelta(days=1)
    change_params(tmp_path, pause_days=days)
    first, second = replay(command)[0]
    assert (first["target"], second["target"]) == ("v1.0.0", "v1.0.0")
    assert datetime.fromisoformat(second["alarm"]) < begin + timedelta(minutes=45)
    assert datetime.fromisoformat(second["at"]) == books.now - timedelta(minutes=30) + timedelta(seconds=1)


@pytest.mark.parametrize("slow", [("v2.0.0",), ()])
def test_a_replay_says_that_it_measured_lateness_now(
    books: Books, live: LedgerEntry, command: Command, monkeypatch: pytest.MonkeyPatch, slow: tuple[str, ...]
) -> None:
    """By the same rule as the watch: what is not shown to be the model's own is nobody's reason."""
    slow_down(monkeypatch, *slow)
    seen = watch_steps(books, [lambda: fail(books, live, 1, because=describe_late(0.5))] * 60)
    ((entry,), text) = replay(command)
    assert_same(entry, seen, "v1.0.0" if slow else None)
    assert (entry["timed_now"], MEASURED_NOW in text) == (True, True)
    assert bool(slow) or "as far as is known the machine has too much to do" in text


def test_where_the_version_before_is_damaged_a_replay_says_the_rule(
    books: Books, live: LedgerEntry, before: LedgerEntry, command: Command
) -> None:
    damage_bundle(books.town.store, before)
    seen = watch_steps(books, [lambda: fail(books, live, 1)] * 60)
    ((entry,), text) = replay(command)
    assert_same(entry, seen, "rule")
    assert "not v1.0.0: it cannot be loaded" in text


def test_where_nobody_was_better_it_is_looked_for_again_when_the_watch_did(
    books: Books, live: LedgerEntry, command: Command, tmp_path: Path
) -> None:
    """With a tenth more people; until then there is not enough evidence."""
    seen = watch_steps(books, [lambda: fail(books, live, 1)] * 90, better_alpha=1e-9)
    change_params(tmp_path, better_alpha=1e-9)
    assert seen.at is not None
    assert seen.at > seen.first + timedelta(minutes=5)
    ((entry,), _) = replay(command)
    assert_same(entry, seen, "v1.0.0")


def test_a_model_that_fails_and_treats_groups_as_nobody_treats_better_stays_as_by_the_watch(
    books: Books, live: LedgerEntry, command: Command
) -> None:
    harm(books, live, other="deny")
    seen = watch_steps(books, [lambda: fail(books, live, 1)] * 120)
    ((entry,), _) = replay(command)
    assert (seen.look.is_failing, [one["group"] for one in entry["groups"]]) == (True, ["Black"])
    assert datetime.fromisoformat(entry["alarm"]) < seen.first
    assert_same(entry | {"alarm": seen.first.isoformat()}, seen, None)


def test_a_replay_of_a_failing_model_with_a_gap_is_inconclusive(
    books: Books, live: LedgerEntry, command: Command
) -> None:
    fail(books, live)
    with books.log.database.begin_write() as connection:
        connection.execute(delete(DECISIONS_TABLE).where(DECISIONS_TABLE.c.sequence == 7))
    ((entry,), _) = replay(command)
    assert (entry["target"], entry["why_not"].startswith("inconclusive: 1 decisions of the writer ")) == (None, True)


def test_the_moments_of_alarms_are_those_of_looks_after_each_second_however_the_log_is_read(
    books: Books, live: LedgerEntry
) -> None:
    """More rows than are read at a time; failures come and go."""
    rng = np.random.default_rng(11)
    for share in (0.02, 0.4, 0.01, 0.0, 0.6, 0.03):
        for failed in rng.random(220) < share:
            (fail if failed else work)(books, live, 1)

    def read_groups(digest: str) -> Any:
        return read_watched_groups(books.town.store, digest)

    params, found = WatchParams.model_validate(PARAMS), []
    for batch_rows in (500, 50_000):
        stretches = FailingStretches(params, JUDGING)
        follower = Follower("prod", JUDGING, read_groups, note=stretches.note)
        follower.catch_up([books.log.database], batch_rows)
        found.append(list(stretches.iterate_alarms(follower.state.streams[live.number, live.digest])))
    for few, many in zip(*found, strict=True):
        assert few.finding == pytest.approx(many.finding)
        assert few[0] == many[0]
        assert few[2:] == many[2:]
    assert 50 < len(found[0]) < 440

"""A replay says what a watch would have done with a whole log, by the same rules, and writes nothing."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from filled_logs import change_params, harm, mix_people, read_newest
from sqlalchemy import delete, func, select

from credit.decision_log.tables import DECISIONS_TABLE
from credit.registry import holds
from credit.registry.holds import HoldKind
from credit.registry.ledger import LedgerEntry
from credit.registry.store import Store
from testing.releases import deploy_versions

Command = Callable[..., tuple[int, Any]]


def test_a_replay_says_what_would_have_been_done_and_writes_nothing(
    books: Any, live: LedgerEntry, released: Store, command: Command, tmp_path: Path
) -> None:
    approved = books.town.find(live, "approve", live, "approve")
    books.write(live, mix_people(300, approved, approved))
    changed = books.now = books.now + timedelta(days=1)
    harm(books, live)
    code, told = command("watch", "--env", "prod", "--replay", "--json")
    (entry,) = told["entries"]
    assert (code, entry["entry"], entry["target"]) == (3, 2, "v1.0.0")
    assert changed.isoformat() < entry["alarm"] < books.now.isoformat()
    assert entry["alarm"] < entry["at"] < books.now.isoformat()
    assert entry["tried"][0]["asked"] < 800, "no one who came later"
    assert not (tmp_path / ".watch").exists()
    assert read_newest(released) == live
    code, told = command("watch", "--env", "prod", "--replay")
    assert "would have gone to v1.0.0" in told
    code, told = command("watch", "--env", "prod", "--replay", "--since", "2027-01-01")
    assert (code, "the log has no decision" in told) == (0, True)


def replay(command: Command) -> tuple[list[tuple[int, str | None, str]], str]:
    """Replay; give the entry, the target and why none was tried of each entry, and what people are told."""
    told = command("watch", "--env", "prod", "--replay", "--json")[1]
    text = command("watch", "--env", "prod", "--replay")[1]
    return [(one["entry"], one["target"], one["why_not"]) for one in told["entries"]], text


def test_a_replay_knows_what_it_would_have_done_before(
    books: Any, live: LedgerEntry, released: Store, command: Command, tmp_path: Path
) -> None:
    """By the pause, and by the quarantine of a version that is there again."""
    change_params(tmp_path, pause_days=30_000)
    harm(books, live)
    (third,) = deploy_versions(released, "v3.0.0")
    books.now = max(books.now, third.time)
    harm(books, third)
    (again,) = deploy_versions(released, "v2.0.0")
    books.now = max(books.now + timedelta(days=30), again.time)
    harm(books, again)
    entries, text = replay(command)
    assert entries[0] == (2, "v1.0.0", "")
    assert entries[1:] == [
        (3, None, "entry 2 would have been taken back less than 30000 days ago"),
        (4, None, "v2.0.0 would have been taken back with entry 2 and put there again by a person"),
    ]
    assert "told people: entry 2 would have been taken back less than 30000 days ago" in text
    change_params(tmp_path, pause_days=0.000001)
    entries, text = replay(command)
    assert entries[1] == (3, "v1.0.0", ""), "v2.0.0 is in quarantine"
    assert "watch.acts is false" not in text
    change_params(tmp_path, acts=False)
    entries, text = replay(command)
    assert (entries[0][1], "note:   watch.acts is false in params.yaml" in text) == ("v1.0.0", True)


def test_a_replay_knows_the_hold_of_that_time(
    books: Any, live: LedgerEntry, released: Store, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = books.now
    harm(books, live)

    def write(kind: HoldKind, moment: datetime) -> None:
        monkeypatch.setattr(holds, "datetime", SimpleNamespace(now=lambda _: moment))
        holds.append_hold(released, "prod", kind, "a person looks", "counsel")

    write("hold", begin)
    assert replay(command)[0] == [(2, None, "counsel holds prod: a person looks")]
    write("resume", books.now + timedelta(hours=1))
    assert replay(command)[0] == [(2, None, "counsel holds prod: a person looks")], "it came later"
    ended = books.now - timedelta(minutes=100)
    write("resume", ended)
    assert replay(command)[0] == [(2, "v1.0.0", "")]
    (entry,) = command("watch", "--env", "prod", "--replay", "--json")[1]["entries"]
    assert datetime.fromisoformat(entry["at"]) == ended, "by those who came until then"
    assert entry["tried"][0]["asked"] == 400
    write("hold", books.now + timedelta(hours=2))
    assert replay(command)[0] == [(2, "v1.0.0", "")], "another one came later"


def test_a_replay_acts_on_groups_when_the_pause_ends(
    books: Any, live: LedgerEntry, released: Store, command: Command, tmp_path: Path
) -> None:
    harm(books, live)
    acted = datetime.fromisoformat(command("watch", "--env", "prod", "--replay", "--json")[1]["entries"][0]["at"])
    (third,) = deploy_versions(released, "v3.0.0")
    harm(books, third)
    ended = books.now - timedelta(minutes=30)
    change_params(tmp_path, pause_days=(ended - acted) / timedelta(days=1))
    first, second = command("watch", "--env", "prod", "--replay", "--json")[1]["entries"]
    assert (first["target"], second["target"]) == ("v1.0.0", "v1.0.0")
    assert abs(datetime.fromisoformat(second["at"]) - ended) < timedelta(seconds=1)
    assert second["tried"][0]["asked"] in (469, 470)
    change_params(tmp_path, pause_days=36_500)
    assert replay(command)[0][1][:2] == (3, None), "and no moment after the log"


def test_a_replay_with_a_gap_is_inconclusive(books: Any, live: LedgerEntry, command: Command) -> None:
    harm(books, live)
    with books.log.database.begin_write() as connection:
        connection.execute(delete(DECISIONS_TABLE).where(DECISIONS_TABLE.c.sequence == 7))
    ((entry, target, why_not),), _ = replay(command)
    assert (entry, target, why_not.startswith("inconclusive: 1 decisions of the writer ")) == (2, None, True)


@pytest.mark.parametrize("comes_before", [True, False])
def test_a_replay_misses_rows_from_the_moment_on_at_which_a_watch_would_have(
    books: Any, live: LedgerEntry, released: Store, command: Command, comes_before: bool
) -> None:
    """What is missing of days after the alarm was no reason not to act at it; the replay tells of it all the same."""
    harm(books, live)
    at = datetime.fromisoformat(command("watch", "--env", "prod", "--replay", "--json")[1]["entries"][0]["at"])
    approved = books.town.find(live, "approve", live, "approve")
    books.now += timedelta(days=1)
    books.write(live, mix_people(20, approved, approved))
    columns = DECISIONS_TABLE.c
    bound = columns.decided_at < at - timedelta(minutes=2) if comes_before else columns.decided_at > at
    with books.log.database.begin_write() as connection:
        sought = func.max(columns.sequence) if comes_before else func.min(columns.sequence)
        number = connection.execute(select(sought).where(bound)).scalar_one()
        connection.execute(delete(DECISIONS_TABLE).where(columns.sequence == number))
    ((entry, target, why_not),), text = replay(command)
    assert (entry, target) == (2, None if comes_before else "v1.0.0")
    assert why_not.startswith("inconclusive: 1 decisions of the writer ") == comes_before
    assert "1 decisions" in text

"""A split is begun for a share and a time, and the watch ends it where its challenger harms a group or fails."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from filled_logs import Books, harm, look, read_newest, start
from sqlalchemy import delete

from credit.bundle.rule_causes import describe_late
from credit.decision_log.tables import DECISIONS_TABLE
from credit.registry import holds
from credit.registry.challenges import Challenge, Challenges, SplitPlan
from credit.registry.holds import append_hold
from credit.registry.ledger import LedgerEntry
from credit.registry.store import Store
from credit.registry.versions import require_version
from release.watching.session import Look
from release.watching.taking_back.split import SplitWatch
from testing.releases import deploy_versions
from tests.template.release.watching.test_failing_model import fail

Command = Callable[..., tuple[int, Any]]
BEGIN = ("challenge", "v3.0.0", "--env", "prod", "--split", "0.1", "--days", "30", "--reason", "no harm in the shadow")
END = ("challenge", "--end", "--env", "prod", "--reason", "enough was seen")


@pytest.fixture
def challenger(released: Store, live: LedgerEntry) -> LedgerEntry:
    """What the rows say of whom v3.0.0 decides while its split is on."""
    record = require_version(released, "v3.0.0")
    plan = SplitPlan(
        share=0.1,
        until=datetime.now(UTC) + timedelta(days=1),
        difference=0.02,
        alpha=0.01,
        limit=0.8,
        breach_alpha=0.01,
    )
    of = (record.version, record.digest)
    Challenges(released, "prod").append("split", of, live.number, "a test", "tester", plan=plan)
    return live.model_copy(update={"version": record.version, "digest": record.digest})


def list_told(found: Look) -> dict[str, str]:
    return {one.what: one.words for one in found.told.concerns if one.what.startswith("split")}


def read_last(store: Store) -> Challenge:
    return Challenges(store, "prod").read(Challenges(store, "prod").find_last_number())


def test_a_split_is_one_record_with_a_plan_that_status_and_history_say(released: Store, command: Command) -> None:
    code, told = command(*BEGIN, "--dry-run")
    assert (code, "v3.0.0 would decide about 10.0% of the applicants until" in told) == (0, True)
    assert Challenges(released, "prod").read_newest() is None
    code, told = command(*BEGIN, "--json")
    plan = told["challenge"]["plan"]
    assert (code, plan["share"], plan["difference"], plan["limit"]) == (0, 0.1, 0.02, 0.8)
    until, begun = datetime.fromisoformat(plan["until"]), datetime.fromisoformat(told["challenge"]["time"])
    assert abs(until - begun - timedelta(days=30)) < timedelta(hours=1)
    code, told = command(*BEGIN)
    assert (code, "challenges v2.0.0 already, since record 1" in told) == (0, True)
    code, told = command("status", "--env", "prod")
    assert (code, "v3.0.0 decides about 10.0% of the applicants until" in told) == (0, True)
    deploy_versions(released, "v1.0.0")
    code, told = command("status", "--env", "prod")
    assert (code, "v3.0.0 decides about nobody any more, its split is of entry 2" in told) == (0, True)
    code, told = command(*END)
    assert (code, "what it decided stays in the log" in told) == (0, True)
    assert "release challenge v3.0.0 --env prod --split 0.1 --days" in told
    code, told = command("history", "--env", "prod")
    assert [line.split()[3:5] for line in told.splitlines()[2:4]] == [["split", "v3.0.0"], ["ended", "v3.0.0"]]


def test_a_shadow_is_ended_before_a_split_of_the_same_version_begins(released: Store, command: Command) -> None:
    assert command("challenge", "v3.0.0", "--env", "prod", "--shadow", "--reason", "first")[0] == 0
    code, told = command(*BEGIN)
    assert (code, "v3.0.0 challenges already, since record 1" in told) == (1, True)
    assert command(*END)[0] == 0
    assert command(*BEGIN)[0] == 0
    assert read_last(released).kind == "split"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("v3.0.0", "--split", "0.1"), "--split without an end"),
        (("v3.0.0", "--shadow", "--days", "3"), "--days without --split"),
        (("v3.0.0", "--split", "0.6", "--days", "3"), "0.6"),
        (("v3.0.0", "--split", "0", "--days", "3"), "0"),
        (("v3.0.0", "--split", "0.1", "--days", "-1"), "-1"),
        (("v3.0.0", "--split", "0.1", "--days", "3", "--shadow"), "neither a begin nor an end, or several"),
        (("v2.0.0", "--split", "0.1", "--days", "3"), "it is the live version"),
    ],
)
def test_what_cannot_be_a_split_is_refused(
    released: Store, command: Command, arguments: tuple[str, ...], expected: str
) -> None:
    code, told = command("challenge", *arguments, "--env", "prod", "--reason", "why not")
    assert code != 0
    assert expected in told
    assert Challenges(released, "prod").read_newest() is None


def test_a_challenger_that_harms_a_group_has_its_split_ended_and_the_live_version_stays(
    released: Store, books: Books, live: LedgerEntry, challenger: LedgerEntry, command: Command
) -> None:
    people = [(one, "white") for one in books.town.find(live, "approve", live, "approve")][:60]
    books.write(live, people)
    assert list_told(look(books)) == {}
    harm(books, challenger)
    found = look(books)
    assert (found.word, read_newest(released)) == ("quiet", live), "nothing is known against the live version"
    end = read_last(released)
    assert (end.kind, end.actor, end.number, end.version) == ("end", "watch", 2, "v3.0.0")
    assert end.reason.startswith("unequal treatment by v3.0.0: race Black was approved")
    assert end.reason in list_told(found)["split_ended"]
    assert Challenges(released, "prod").read_current() is None
    assert list_told(look(books)).keys() == {"split_ended"}, "it is told for a day"
    assert read_last(released) == end, "it is ended once"
    code, told = command("history", "--env", "prod")
    assert (code, "watch: unequal treatment by v3.0.0: race Black was approved" in told) == (0, True)
    code, told = command(*BEGIN)
    assert (code, "the watch ended its split, by record 2" in told) == (1, True)
    assert command("challenge", "v3.0.0", "--env", "prod", "--shadow", "--reason", "why")[0] == 0


def test_a_challenger_that_fails_has_its_split_ended(
    released: Store, books: Books, live: LedgerEntry, challenger: LedgerEntry
) -> None:
    fail(books, challenger)
    assert list_told(look(books)).keys() == {"split_ended"}
    assert read_last(released).reason.startswith(
        "failing model of v3.0.0: the rule decided 60 of the last 60 people since the model failed"
    )
    assert read_newest(released) == live


def test_a_hold_params_and_missing_rows_keep_a_split_and_it_is_told_why(
    released: Store, books: Books, live: LedgerEntry, challenger: LedgerEntry
) -> None:
    harm(books, challenger)
    assert "not ended: watch.acts is false" in list_told(look(books, acts=False))["split"]
    append_hold(released, "prod", "hold", "counsel looks at it", "on call")
    assert "not ended: on call holds prod: counsel looks at it" in list_told(look(books))["split"]
    append_hold(released, "prod", "resume", "seen", "on call")
    with books.log.database.begin_write() as connection:
        connection.execute(delete(DECISIONS_TABLE).where(DECISIONS_TABLE.c.sequence == 7))
    assert "not ended: inconclusive: 1 decisions of the writer" in list_told(look(books))["split"]
    assert read_last(released).kind == "split"
    assert read_newest(released) == live


def test_harm_by_the_live_version_is_its_own_and_the_split_is_over_with_its_entry(
    released: Store, books: Books, live: LedgerEntry, challenger: LedgerEntry
) -> None:
    people = [(one, "white") for one in books.town.find(live, "approve", live, "approve")][:60]
    books.write(challenger, people)
    harm(books, live)
    found = look(books)
    assert found.took_back
    assert read_newest(released).number == live.number + 1
    assert list_told(found) == {}
    harm(books, challenger)
    assert list_told(look(books)) == {}, "nobody is dealt to it any more"
    assert read_last(released).kind == "split"


def test_a_replay_says_when_a_split_would_have_been_ended_and_the_hold_that_keeps_it(
    released: Store,
    books: Books,
    live: LedgerEntry,
    challenger: LedgerEntry,
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    books.write(live, [(one, "white") for one in books.town.find(live, "approve", live, "approve")][:60])
    harm(books, challenger)
    code, told = command("watch", "--env", "prod", "--replay")
    assert (code, told.count("its split would have been ended at"), "would have gone" in told) == (3, 1, False)
    own, other = command("watch", "--env", "prod", "--replay", "--json")[1]["entries"]
    ended = {one["version"]: (one["alarm"], one["split_ended"]) for one in (own, other)}
    assert ended["v2.0.0"] == (None, None)
    alarm, end = map(datetime.fromisoformat, ended["v3.0.0"])
    assert end == alarm + timedelta(seconds=1)
    assert read_last(released).kind == "split", "a replay writes nothing"
    monkeypatch.setattr(holds, "datetime", SimpleNamespace(now=lambda _: books.now - timedelta(days=1)))
    append_hold(released, "prod", "hold", "counsel looks", "on call")
    told = command("watch", "--env", "prod", "--replay")[1]
    assert "would have gone nowhere, and told people: on call holds prod: counsel looks" in told


def test_of_a_watch_and_a_person_who_end_a_split_at_once_one_does(
    released: Store, books: Books, challenger: LedgerEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    harm(books, challenger)
    ask = SplitWatch._find_reason_not_to_end

    def end_meanwhile(self: SplitWatch, obstacles: list[str]) -> str:
        Challenges(released, "prod").append(
            "end", ("v3.0.0", challenger.digest), challenger.number, "enough", "a person"
        )
        return ask(self, obstacles)

    monkeypatch.setattr(SplitWatch, "_find_reason_not_to_end", end_meanwhile)
    assert "not ended: a person ended the challenge by v3.0.0 first" in list_told(look(books))["split"]
    monkeypatch.undo()
    assert list_told(look(books)) == {}
    assert read_last(released).actor == "a person"


def test_challenges_that_cannot_be_read_are_told_and_hide_no_alarm(
    released: Store, books: Books, live: LedgerEntry
) -> None:
    assert released.create("challenges/prod/000000001.json", b"{}")
    harm(books, live)
    found = start(books).look(books.now)
    assert found.took_back
    assert any("challenges" in one.words for one in found.told.concerns if one.what == "untold")


def test_where_the_live_version_fails_too_a_split_stays_and_it_is_told(
    released: Store, books: Books, live: LedgerEntry, challenger: LedgerEntry, command: Command
) -> None:
    """On a machine that has too much to do, say, both are late."""
    late = describe_late(0.5)
    for _ in range(3):
        fail(books, live, 20, because=late)
        fail(books, challenger, 20, because=late)
    assert "not ended: the live version fails too" in list_told(look(books))["split"]
    assert read_last(released).kind == "split"
    told = command("watch", "--env", "prod", "--replay")[1]
    assert "and told people: the live version fails too" in told


def test_a_version_that_failed_may_be_tried_again_and_nothing_is_told_of_a_split_that_is_over(
    released: Store, books: Books, challenger: LedgerEntry, command: Command
) -> None:
    fail(books, challenger)
    assert "not ended: watch.acts is false" in list_told(look(books, acts=False))["split"]
    session, plan = start(books, acts=False), Challenges(released, "prod").read(1).plan
    assert plan is not None
    concerns = session.look(plan.until + timedelta(seconds=1)).told.concerns
    assert [one for one in concerns if one.what == "split"] == []
    assert list_told(look(books)).keys() == {"split_ended"}
    assert command(*BEGIN)[0] == 0
    assert list_told(look(books)).keys() >= {"split_ended"}, "whatever is on by now"


@pytest.mark.parametrize("changed", [("--split", "0.2"), ("--days", "3"), ("--difference", "0.05")])
def test_another_plan_is_another_split_and_so_is_one_of_another_entry(
    released: Store, command: Command, changed: tuple[str, str]
) -> None:
    assert command(*BEGIN)[0] == 0
    assert "already, since record 1" in command(*BEGIN)[1]
    code, told = command(*BEGIN, *changed)
    assert (code, "v3.0.0 challenges already, since record 1" in told, "--end" in told) == (1, True, True)
    deploy_versions(released, "v1.0.0")
    code, told = command(*BEGIN)
    assert (code, "v3.0.0 challenges already, since record 1" in told) == (1, True)

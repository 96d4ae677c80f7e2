"""A challenge is begun for a version that may, judged by flips that were planted, and ended; nobody notices it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from filled_logs import Books, change_params

from credit.common.errors import Problem
from credit.registry.challenges import Challenge, Challenges
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.store import Store, StoreError
from credit.registry.versions import VersionRecord, require_version
from release.challenge import admission
from release.deployment.apply import apply_change
from release.deployment.change import Attribution
from release.deployment.clients import ClientEffects
from release.deployment.plan import plan_fallback, plan_rollback, plan_rollback_to
from testing.decisions import make_shadow
from testing.releases import WHY, deploy_versions

Command = Callable[..., tuple[int, Any]]
BEGIN = ("challenge", "v3.0.0", "--env", "prod", "--shadow", "--reason", "fewer denials")
END = ("challenge", "--end", "--env", "prod", "--reason", "enough was seen")
LIVE = ("compare", "--live", "--env", "prod")
NEWER = b'{"format": 3, "kind": "other", "version": "v3.0.0", "share": 0.1}'


def shadow(books: Books, live: LedgerEntry, people: list[tuple[int, str | None]], flipped: set[int]) -> None:
    """Decide people by the live version, and by a challenger that turns the decisions at these places around."""
    other = {"approve": "deny", "deny": "approve", "refer": "approve"}
    decided = books.write(live, people)
    rows = [
        make_shadow(one, other[one["decision"]] if place in flipped else one["decision"], version="v3.0.0")
        for place, one in enumerate(decided)
    ]
    books.log.shadows.write(rows, may_use_database=True)


def list_people(books: Books, live: LedgerEntry, number: int = 400) -> list[tuple[int, str | None]]:
    """List applicants of whom the live version approves all, every fourth of the protected group."""
    kinds = [one[0] for one in books.town.decide(live)]
    approved = [place for place, kind in enumerate(kinds) if kind == "approve"]
    return [(approved[i % len(approved)], "Black" if i % 4 == 0 else "white") for i in range(number)]


def test_a_challenge_is_one_record_that_status_and_history_say_and_nothing_else_changes(
    released: Store, command: Command
) -> None:
    code, told = command(*BEGIN, "--dry-run")
    assert (code, "would challenge v2.0.0" in told) == (0, True)
    assert Challenges(released, "prod").read_newest() is None
    code, told = command(*BEGIN, "--json")
    assert (code, told["challenge"]["version"], told["champion"], told["forecast"]) == (0, "v3.0.0", "v2.0.0", None)
    code, told = command(*BEGIN)
    assert (code, "challenges v2.0.0 already, since record 1" in told) == (0, True)
    assert [one.number for one in Challenges(released, "prod").read_all()] == [1]
    code, told = command("status", "--env", "prod")
    assert code == 0
    assert "v3.0.0 challenges as a shadow since" in told
    assert "on call: fewer denials" in told
    code, told = command("status", "--env", "prod", "--json")
    assert told["environments"]["prod"]["challenge"]["version"] == "v3.0.0"
    assert told["environments"]["prod"]["version"] == "v2.0.0"
    code, told = command(*END, "--dry-run")
    assert (code, "would end" in told) == (0, True)
    code, told = command(*END)
    assert (code, "the challenge by v3.0.0 is ended" in told) == (0, True)
    code, told = command("history", "--env", "prod")
    assert [line.split()[3:5] for line in told.splitlines()[1:3]] == [["challenge", "v3.0.0"], ["ended", "v3.0.0"]]
    code, told = command("history", "--env", "prod", "--json")
    newest = told["environments"]["prod"][0]
    assert [(one["kind"], one["entry"]) for one in newest["challenges"]] == [("shadow", 2), ("end", 2)]
    assert Ledger(released, "prod").find_last_number() == 2
    code, told = command(*END)
    assert (code, "no challenge" in told) == (1, True)


def test_a_record_that_is_not_valid_is_told_and_an_end_leaves_it_behind(released: Store, command: Command) -> None:
    assert command(*BEGIN)[0] == 0
    assert released.create("challenges/prod/000000002.json", b"{}")
    for arguments in (("status", "--env", "prod"), BEGIN):
        code, told = command(*arguments)
        assert (code, "challenges/prod/000000002.json" in told) == (1, True)
    assert command(*END)[0] == 0
    assert command("status", "--env", "prod")[0] == 0
    assert Challenges(released, "prod").read(3).version == "v3.0.0"


@pytest.mark.usefixtures("books")
@pytest.mark.parametrize("content", [b"{}", NEWER])
def test_a_first_record_that_nobody_here_can_read_is_left_behind_too(
    released: Store, command: Command, content: bytes
) -> None:
    """Such as that of newer code, in which a challenger may decide: whoever is on call can always end it."""
    assert released.create("challenges/prod/000000001.json", content)
    for arguments in (("status", "--env", "prod"), BEGIN):
        code, told = command(*arguments)
        assert (code, "challenges/prod/000000001.json" in told) == (1, True)
    code, told = command(*END, "--dry-run")
    assert (code, "would end: prod record 1" in told) == (0, True)
    code, told = command(*END, "--json")
    assert (code, told["ended"], told["challenge"]["number"], told["challenge"]["kind"]) == (0, None, 2, "end")
    assert command("status", "--env", "prod")[0] == 0
    assert command(*BEGIN)[0] == 0
    assert command(*END)[0] == 0
    assert released.create("challenges/prod/000000005.json", content)
    code, told = command(*END)
    assert (code, "record 5, which this code cannot read, is left behind" in told) == (0, True)
    assert "no challenge" in command(*LIVE)[1]
    assert "v3.0.0" not in told, "its challenge was ended before"
    code, told = command(*END)
    assert (code, "no challenge" in told) == (1, True)


@pytest.mark.usefixtures("books")
def test_a_store_that_fails_at_the_record_before_is_not_taken_for_no_challenge(
    released: Store, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    command(*BEGIN)
    command(*END)

    def fail(book: Challenges, number: int) -> Challenge:
        raise StoreError(Problem("the store", "does not answer"))

    assert "no challenge" in command(*LIVE)[1]
    monkeypatch.setattr(Challenges, "read", fail)
    code, told = command(*LIVE)
    assert (code, "does not answer" in told) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("v9.0.0", "--shadow"), "no v9.0.0"),
        (("v2.0.0", "--shadow"), "it is the live version"),
        (("v3.0.0",), "neither a begin nor an end"),
        (("v3.0.0", "--shadow", "--end"), "neither a begin nor an end"),
        ((), "neither a begin nor an end"),
    ],
)
def test_what_cannot_be_a_challenge_is_refused(
    released: Store, command: Command, arguments: tuple[str, ...], expected: str
) -> None:
    code, told = command("challenge", *arguments, "--env", "prod", "--reason", "why not")
    assert code == 1
    assert expected in told
    assert Challenges(released, "prod").read_newest() is None


def test_a_split_is_judged_by_whatever_limit_the_watch_has_and_no_difference_of_everybody(
    released: Store, command: Command, tmp_path: Path
) -> None:
    change_params(tmp_path, at_least=1.1)
    split = ("challenge", "v3.0.0", "--env", "prod", "--split", "0.1", "--days", "3", "--reason", "a limit of our own")
    code, told = command(*split, "--difference", "1")
    assert (code, "--difference" in told) == (2, True)
    code, told = command(*split, "--json")
    assert (code, told["plan"]["limit"]) == (0, 1.1)
    newest = Challenges(released, "prod").read_newest()
    assert newest is not None
    assert newest.plan is not None
    assert newest.plan.limit == 1.1


def test_a_version_that_was_taken_back_and_one_beside_the_rule_are_refused(released: Store, command: Command) -> None:
    ledger = Ledger(released, "prod")
    apply_change(released, plan_rollback(ledger, Attribution("unequal treatment by race", "watch")))
    code, told = command("challenge", "v2.0.0", "--env", "prod", "--shadow", "--reason", "again")
    assert (code, "in quarantine, the watch took it back by entry 3" in told) == (1, True)
    apply_change(released, plan_fallback(ledger, WHY))
    code, told = command(*BEGIN)
    assert (code, "the rule decides, by entry 4" in told) == (1, True)


def test_only_one_challenge_is_on_and_one_of_another_contract_is_refused(
    released: Store, command: Command, publish: Callable[..., VersionRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command(*BEGIN)[0] == 0
    code, told = command("challenge", "v1.0.0", "--env", "prod", "--shadow", "--reason", "another")
    assert (code, "v3.0.0 challenges already, since record 1" in told) == (1, True)
    assert command(*END)[0] == 0
    effects = ClientEffects(("without income",), ("with home other",), ("points",), (), ())
    monkeypatch.setattr(admission, "compare_clients", lambda *_: effects)
    code, told = command(*BEGIN)
    assert code == 1
    assert "what comes without income" in told
    assert "what comes with home other" in told
    assert Challenges(released, "prod").read_current() is None


def test_the_flips_that_were_planted_are_found_by_group_and_the_gate_closes(
    released: Store, books: Books, live: LedgerEntry, command: Command
) -> None:
    assert command(*BEGIN)[0] == 0
    people = list_people(books, live)
    members = [place for place, (_, race) in enumerate(people) if race == "Black"]
    shadow(books, live, people, set(members[::2]))
    code, told = command(*LIVE, "--json")
    assert (code, told["verdict"], told["missing"], told["undecided"]) == (0, "worse", 0, 0)
    groups = {one["group"]: one for one in told["groups"]}
    assert {name: (one["people"], one["gained"], one["lost"]) for name, one in groups.items()} == {
        "white": (300, 0, 0),
        "Black": (100, 0, 50),
    }
    assert (told["everybody"]["people"], told["everybody"]["lost"]) == (400, 50)
    assert told["worse"] == told["unlawful"] == [["race", "Black"]]
    assert groups["Black"]["ratio"]["champion"] == 1.0
    assert groups["Black"]["ratio"]["challenger"] == pytest.approx(0.5, abs=0.05)
    code, told = command(*LIVE, "--gate")
    assert code == 3
    assert "worse:  race Black" in told
    assert "0 more people and 50 fewer" in told
    assert "about" in told


def test_a_small_group_has_no_figures_and_missing_shadows_are_counted(
    released: Store, books: Books, live: LedgerEntry, command: Command
) -> None:
    assert command(*BEGIN)[0] == 0
    people = list_people(books, live, 36)
    shadow(books, live, people[:20], set())
    books.write(live, people[:10])
    shadow(books, live, people[20:], {0})
    code, told = command(*LIVE, "--json", "--gate")
    assert (code, told["verdict"], told["missing"]) == (4, "inconclusive", 10)
    (small,) = [one for one in told["groups"] if one["group"] == "Black"]
    assert small == {"attribute": "race", "group": "Black", "withheld": True}
    code, told = command(*LIVE)
    assert "race Black: too few people to show figures" in told
    assert "10 applications since its first one have none" in told


def test_a_challenger_that_comes_no_more_concludes_nothing(
    released: Store, books: Books, live: LedgerEntry, command: Command
) -> None:
    """What was decided before its first shadow is not its own fault, and what is new may still wait for it.

    New is here an hour ahead, so that no machine is slow enough to make it a minute old.
    """
    assert command(*BEGIN)[0] == 0
    people = list_people(books, live)
    members = [place for place, (_, race) in enumerate(people) if race == "Black"]
    books.write(live, people[:30])
    shadow(books, live, people, set(members[::2]))
    books.write(live, people[:40])
    code, told = command(*LIVE, "--json", "--gate")
    assert (code, told["verdict"], told["missing"]) == (3, "worse", 40), "that is fewer than one in ten"
    books.write(live, people[:10])
    books.write(live, people[:20], decided_at=datetime.now(UTC) + timedelta(hours=1))
    code, told = command(*LIVE, "--json", "--gate")
    assert (code, told["verdict"], told["missing"]) == (4, "inconclusive", 50)
    assert told["inconclusive"] == ["it decided 400 of 450 applications only, and which ones may be no chance"]


def test_each_entry_of_the_ledger_starts_anew(
    released: Store, books: Books, live: LedgerEntry, command: Command
) -> None:
    assert command(*BEGIN)[0] == 0
    shadow(books, live, list_people(books, live, 100), set(range(50)))
    assert command(*LIVE, "--json")[1]["everybody"]["people"] == 100
    apply_change(released, plan_rollback_to(Ledger(released, "prod"), require_version(released, "v1.0.0"), WHY))
    _, told = command(*LIVE, "--json")
    assert (told["verdict"], told["everybody"]["people"]) == ("inconclusive", 0)
    assert "nobody was decided by both yet" in command(*LIVE)[1]
    deploy_versions(released, "v3.0.0")
    assert "is live itself" in command(*LIVE)[1]


def test_it_says_beforehand_how_many_applications_it_will_take(
    released: Store, books: Books, live: LedgerEntry, command: Command
) -> None:
    """By both versions on the newest applicants, of whom there are 60 a minute apart: as many a day as minutes."""
    books.write(live, list_people(books, live, 120))
    code, told = command(*BEGIN, "--dry-run", "--json", "--difference", "0.05")
    assert code == 0
    forecast = told["forecast"]
    assert (forecast["tried"], round(forecast["daily"] / 1452)) == (120, 1)
    assert forecast["everybody"]["discordant"] >= 0.05
    assert forecast["everybody"]["any_look"] > forecast["everybody"]["one_look"] > 50
    assert {one["group"] for one in forecast["groups"]} == {"white", "Black"}
    needs = {one["group"]: one["any_look"] for one in forecast["groups"]}
    assert needs["Black"] > needs["white"], "one in four is of the group"
    begun = (*BEGIN, "--difference", "0.05")
    assert command(*begun, "--json")[1]["challenge"]["needed"] == forecast["everybody"]["any_look"], "for the page"
    code, told = command(*begun)
    assert "takes: about" in told
    assert "whenever you look" in told


def test_compare_takes_revisions_or_live_and_says_so(released: Store, command: Command) -> None:
    for arguments in (("compare",), ("compare", "main", "--live", "--env", "prod"), ("compare", "--live")):
        code, told = command(*arguments)
        assert (code, "neither revisions nor --live, or both" in told) == (1, True)
    code, told = command(*LIVE)
    assert code == 1

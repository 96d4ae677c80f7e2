"""A split is judged by its plan: a planted harm closes the gate, and nothing is concluded where it was not dealt so."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from filled_logs import Books, change_params

from credit.registry.challenges import Challenge, SplitPlan
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.store import Store
from credit.registry.versions import require_version
from release.challenge.split_forecast import predict_split_needs
from release.deployment.apply import apply_change
from release.deployment.change import Condition
from release.deployment.plan import plan_fallback, plan_rollback_to
from testing.decisions import make_record, write_each
from testing.releases import WHY
from watch.challenge.needed import count_arms_for_any_look, count_arms_for_one_look

Command = Callable[..., tuple[int, Any]]
LIVE = ("compare", "--live", "--env", "prod")
BEGIN = datetime(2026, 3, 1, 8, tzinfo=UTC)
SAME = {"white": (0.9, 0.9), "Black": (0.9, 0.9)}
HARM = {"white": (0.9, 0.9), "Black": (0.9, 0.4)}
FEWER = {"white": (0.9, 0.5), "Black": (0.9, 0.5)}
MORE = {"white": (0.5, 0.9), "Black": (0.5, 0.9)}
GAIN = {"white": (0.9, 0.9), "Black": (0.4, 0.9)}


def begin(store: Store, live: LedgerEntry, share: float = 0.5, days: float = 7) -> Challenge:
    """Begin a split by v3.0.0, long ago."""
    plan = SplitPlan(
        share=share, until=BEGIN + timedelta(days=days), difference=0.1, alpha=0.05, limit=0.8, breach_alpha=0.01
    )
    digest = require_version(store, "v3.0.0").digest
    of = {"environment": "prod", "number": 1, "kind": "split", "version": "v3.0.0", "digest": digest}
    made = Challenge(**of, format=2, entry=live.number, reason="fewer denials", actor="on call", time=BEGIN, plan=plan)
    assert store.create("challenges/prod/000000001.json", made.serialize())
    return made


def decide(
    books: Books,
    live: LedgerEntry,
    split: Challenge,
    chances: Mapping[str, tuple[float, float]],
    number: int = 2_000,
    share: float | Mapping[str, float] = 0.5,
    named: bool = True,
) -> list[dict[str, Any]]:
    """Decide people, one in four of the group, each by the arm that chance deals; none is referred."""
    shares = share if isinstance(share, Mapping) else dict.fromkeys(chances, share)
    rng, rows = np.random.default_rng(50), []
    for place in range(number):
        race, luck = ("white", "Black")[int(rng.random() < 0.25)], rng.random()
        is_its = luck < shares[race]
        kind = "approve" if rng.random() < chances[race][is_its] else "deny"
        made = {"entry": live.number, "digest": split.digest if is_its else live.digest, "decision": kind}
        made |= {"decided_at": BEGIN + timedelta(minutes=place), "protected": {"race": race}}
        rows.append(make_record(**made, applicant=f"{place:064x}" if named else None))
    return write_each(books.log, rows)


def count(rows: list[dict[str, Any]], digest: str, race: str) -> dict[str, int]:
    """Count the people of a race in an arm."""
    kinds = [one["decision"] for one in rows if (one["digest"], one["protected"]["race"]) == (digest, race)]
    return {"people": len(kinds), "approved": kinds.count("approve")}


def test_a_group_whose_ratio_falls_is_worse_and_the_gate_closes(
    released: Store, books: Books, live: LedgerEntry, command: Command
) -> None:
    split = begin(released, live)
    rows = decide(books, live, split, HARM)
    code, told = command(*LIVE, "--json")
    assert (code, told["verdict"], told["inconclusive"]) == (0, "worse", [])
    assert told["worse"] == told["unlawful"] == [["race", "Black"]]
    first = next(place for place, one in enumerate(rows) if one["digest"] == split.digest) + 1
    assert (told["undealt"], told["later"], told["unnamed"]) == (first, 0, 0)
    groups = {one["group"]: one for one in told["groups"]}
    for race, one in groups.items():
        assert one["champion"] == count(rows[first:], live.digest, race)
        assert one["challenger"] == count(rows[first:], split.digest, race)
    assert (groups["white"]["fewer"], groups["Black"]["fewer"]) == (False, True)
    assert groups["white"]["ratio"] is None
    assert groups["Black"]["ratio"]["champion"] == pytest.approx(1.0, abs=0.1)
    assert groups["Black"]["ratio"]["challenger"] == pytest.approx(0.44, abs=0.1)
    assert told["deal"]["people"] == 2_000 - first
    assert told["forecast"]["everybody"]["any_look"] > told["forecast"]["everybody"]["one_look"] > 100
    code, told = command(*LIVE, "--gate")
    assert code == 3
    assert "v3.0.0 decides beside v2.0.0, worse; " in told
    assert "\nunlawful: race Black\nworse:  race Black\nfewer:  race Black\n" in told
    assert "plan:   50.0% of the people until 2026-03-08 08:00 UTC" in told
    assert "note:   the plan ended at 2026-03-08 08:00 UTC" in told


@pytest.mark.parametrize(
    ("chances", "verdict", "better"),
    [
        (FEWER, "fewer people approved", []),
        (MORE, "more people approved", []),
        (GAIN, "better", [["race", "Black"]]),
        (SAME, "no difference beyond doubt", []),
    ],
)
def test_approvals_that_move_for_everybody_close_no_gate(
    chances: dict[str, tuple[float, float]],
    verdict: str,
    better: list[list[str]],
    released: Store,
    books: Books,
    live: LedgerEntry,
    command: Command,
) -> None:
    decide(books, live, begin(released, live), chances)
    code, told = command(*LIVE, "--json", "--gate")
    assert (code, told["verdict"], told["better"], told["worse"], told["unlawful"]) == (0, verdict, better, [], [])
    signs = {race: challenger - champion for race, (champion, challenger) in chances.items()}
    assert told["more"] == [["race", race] for race, sign in signs.items() if sign > 0]
    assert told["fewer"] == [["race", race] for race, sign in signs.items() if sign < 0]


def test_the_plan_judges_and_no_parameter_of_now(
    released: Store, books: Books, live: LedgerEntry, command: Command, tmp_path: Any
) -> None:
    decide(books, live, begin(released, live), HARM, 400)
    before = command(*LIVE, "--json")[1]
    change_params(tmp_path, at_least=0.1, alpha=0.4, better_alpha=0.4)
    assert command(*LIVE, "--json")[1] == before


def test_of_few_people_in_an_arm_there_are_no_figures(
    released: Store, books: Books, live: LedgerEntry, command: Command
) -> None:
    """Though the group has enough in both arms together."""
    split = begin(released, live, share=0.1)
    rows = decide(books, live, split, SAME, 200, share=0.1)
    assert sum(one["protected"]["race"] == "Black" for one in rows) > 30
    code, told = command(*LIVE, "--json")
    assert (code, told["everybody"]["challenger"]["people"] >= 10) == (0, True)
    (small,) = [one for one in told["groups"] if one["group"] == "Black"]
    assert small == {"attribute": "race", "group": "Black", "withheld": True}
    assert [one["group"] for one in told["forecast"]["groups"]] == ["white"]
    assert "race Black: too few people to show figures" in command(*LIVE)[1]


def test_of_few_people_in_all_there_are_no_figures_either(
    released: Store, books: Books, live: LedgerEntry, command: Command
) -> None:
    decide(books, live, begin(released, live), SAME, 16)
    _, told = command(*LIVE, "--json")
    assert (told["everybody"], told["forecast"]) == ({"withheld": True}, None)
    assert all(set(one) == {"attribute", "group", "withheld"} for one in told["groups"])
    _, told = command(*LIVE)
    assert "all:    too few people to show figures" in told
    assert "approved" not in told.split("plan:")[1]


def test_before_anybody_is_dealt_to_it_nothing_is_concluded(
    released: Store, books: Books, live: LedgerEntry, command: Command
) -> None:
    split = begin(released, live)
    code, told = command(*LIVE, "--json", "--gate")
    assert (code, told["verdict"], len(told["inconclusive"])) == (4, "inconclusive", 1)
    decide(books, live, split, SAME, 50, share=0)
    _, told = command(*LIVE)
    assert "inconclusive: nobody is there to compare yet: 50 applications by processes that dealt it none" in told


def test_a_deal_that_is_not_as_planned_concludes_nothing(
    released: Store, books: Books, live: LedgerEntry, command: Command
) -> None:
    decide(books, live, begin(released, live), HARM, share=0.35)
    code, told = command(*LIVE, "--json", "--gate")
    assert (code, told["verdict"], told["deal"]["differs"]) == (4, "inconclusive", True)
    assert "the deal is not as planned: it has " in told["inconclusive"][0]
    assert "in place of 50.0%" in told["inconclusive"][0]
    assert told["worse"] == [["race", "Black"]], "what was seen is told"


@pytest.mark.parametrize(
    ("black", "said"),
    [(0.7, "it has 3"), (0.0, "too few people to show figures; something lost or refused one arm's people")],
)
def test_a_deal_that_sends_the_people_of_a_group_to_one_arm_concludes_nothing_and_names_the_group(
    released: Store, books: Books, live: LedgerEntry, command: Command, black: float, said: str
) -> None:
    """However many of all people the challenger has."""
    decide(books, live, begin(released, live), HARM, share={"white": 0.5 + (0.5 - black) / 3, "Black": black})
    code, told = command(*LIVE, "--json", "--gate")
    assert (code, told["verdict"]) == (4, "inconclusive")
    assert told["deal"]["evidence"] < told["deal"]["threshold"]
    assert ["race", "Black"] in told["deal"]["groups"]
    (line,) = [one for one in told["inconclusive"] if one.startswith("the deal of race Black is not as planned: ")]
    assert line.removeprefix("the deal of race Black is not as planned: ").startswith(said)


@pytest.mark.parametrize("is_fallback", [False, True])
def test_when_another_entry_is_live_dealing_has_ended_and_the_people_of_before_are_judged(
    is_fallback: bool, released: Store, books: Books, live: LedgerEntry, command: Command
) -> None:
    """The first entry after it is named, whatever came later."""
    decide(books, live, begin(released, live), HARM, 2_000)
    ledger = Ledger(released, "prod")
    to_first = plan_rollback_to(ledger, require_version(released, "v1.0.0"), WHY)
    apply_change(released, plan_fallback(ledger, WHY) if is_fallback else to_first)
    back = require_version(released, "v2.0.0")
    apply_change(released, plan_rollback_to(ledger, back, WHY, Condition(after_rule=True)))
    code, told = command(*LIVE, "--json", "--gate")
    who = "the rule decides" if is_fallback else "v1.0.0 is live"
    assert (code, told["verdict"], told["champion"]["number"], told["inconclusive"]) == (3, "worse", live.number, [])
    (note,) = [one for one in told["notes"] if who in one]
    assert note.startswith(f"{who} since 20")
    assert note.endswith(f" UTC, by entry 3, and nobody is dealt: {WHY.reason}")


def test_a_split_that_was_ended_is_judged_up_to_its_end_until_another_challenge_begins(
    released: Store, books: Books, live: LedgerEntry, command: Command
) -> None:
    split = begin(released, live)
    decide(books, live, split, HARM)
    of = {"environment": "prod", "number": 2, "kind": "end", "version": "v3.0.0", "digest": split.digest}
    ended = BEGIN + timedelta(hours=30)
    made = Challenge(**of, entry=live.number, reason="enough was seen", actor="on call", time=ended)
    assert released.create("challenges/prod/000000002.json", made.serialize())
    code, told = command(*LIVE, "--json", "--gate")
    assert (code, told["verdict"]) == (3, "worse")
    assert "on call ended it at 2026-03-02 14:00 UTC: enough was seen" in told["notes"]
    arms = [told["everybody"][arm]["people"] for arm in ("champion", "challenger")]
    assert sum(arms) + told["undealt"] == 30 * 60
    begin_shadow = ("challenge", "v1.0.0", "--env", "prod", "--shadow", "--reason", "another one")
    assert command(*begin_shadow)[0] == 0
    assert "v1.0.0 beside v2.0.0" in command(*LIVE)[1]
    assert command("challenge", "--end", "--env", "prod", "--reason", "enough")[0] == 0
    assert "no challenge" in command(*LIVE)[1]


def test_who_comes_again_counts_once_and_who_has_no_reference_is_told(
    released: Store, books: Books, live: LedgerEntry, command: Command
) -> None:
    split = begin(released, live)
    rows = decide(books, live, split, SAME, 100)
    again = [one | {"id": make_record()["id"], "decided_at": BEGIN + timedelta(days=1)} for one in rows]
    write_each(books.log, [{**one, "idempotency_key": None} for one in again])
    _, told = command(*LIVE)
    assert "note:   100 applications are left out, of people who had one before" in told
    assert "without a reference" not in told
    write_each(books.log, [make_record(**one) for one in list_unnamed(live, 7)])
    assert "note:   7 people came without a reference" in command(*LIVE)[1]


def list_unnamed(live: LedgerEntry, number: int) -> list[dict[str, Any]]:
    made = {"entry": live.number, "digest": live.digest, "decided_at": BEGIN + timedelta(days=2)}
    return [dict(made) for _ in range(number)]


def test_it_says_beforehand_how_many_people_it_takes(
    released: Store, books: Books, live: LedgerEntry, command: Command
) -> None:
    """By the approvals of the newest applicants, whom the challenger decides too."""
    record = require_version(released, "v3.0.0")

    def predict(difference: float) -> Any:
        return predict_split_needs(released, books.log.database, "prod", live, record, 0.2, difference, 0.05)

    assert predict(0.1).everybody is None, "the log is empty"
    kinds = [one[0] for one in books.town.decide(live)]
    people = [(place, "Black" if place % 4 == 0 else "white") for place in range(120)]
    books.write(live, people)
    found = predict(0.1)
    approved = kinds[:120].count("approve") / 120
    assert (found.tried, found.everybody.approved) == (120, approved)
    each = 0.05 / 5  # everybody, white, Black, other and undisclosed
    assert found.everybody.any_look == count_arms_for_any_look(approved, 0.1, 0.2, each)
    assert found.everybody.one_look == count_arms_for_one_look(approved, 0.1, 0.2, each)
    assert found.everybody.discordant is None
    challenger = live.model_copy(update={"version": record.version, "digest": record.digest})
    by_it = [one[0] for one in books.town.decide(challenger)][:120].count("approve") / 120
    assert found.everybody.challenger_approved == by_it
    assert set(found.groups) == {("race", "white"), ("race", "Black")}
    members = kinds[:120:4].count("approve") / 30
    wanted = count_arms_for_one_look(members, 0.1, 0.2, each)
    assert found.groups["race", "Black"].one_look == 4 * wanted
    assert predict(0.99).everybody is None, "no share of approvals can differ so much"
    assert predict(0.001).everybody.any_look is None

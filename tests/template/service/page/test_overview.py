"""What the page says, from facts that are known."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from credit.bundle.application_fit import ApplicationFitter
from credit.bundle.bundle import load_bundle
from credit.common.dates import format_age
from credit.common.formatting import DASH
from credit.contract.columns import Column
from credit.decision_log.counting.hourly import Cell
from credit.decision_log.counting.summary import DecisionCounts, DecisionSummary
from credit.registry.ledger import LedgerEntry
from credit.scoring.derived_columns import DerivedColumns
from service.engine.live_version import LiveVersion
from service.engine.request_types import build_request_parser
from service.page.approvals import GroupApprovals, count_by_group
from service.page.decisions import count_by_decider, count_by_decision
from service.page.history import LedgerLine
from service.page.overview import ServiceSnapshot, build_overview
from service.page.ratio_limit import ShownLimit
from service.page.trend import begin_of_day

LIMIT = ShownLimit(0.8, "0.8, the limit of a test")
NOW = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)
RACE = Column.model_validate(
    {"type": "category", "role": "protected", "allowed": ["white", "Black"], "reference": "white", "description": "d"}
)


def entry(number: int, kind: Any = "deploy", version: str = "v2.0.0") -> LedgerEntry:
    moment = NOW - timedelta(minutes=100 - number)
    return LedgerEntry(
        number=number, kind=kind, version=version, digest="d" * 64, reason="why", actor="tester", time=moment
    )


def count(number: int, decision: str = "approve", group: str | None = None, **others: Any) -> DecisionCounts:
    """Count so many decisions about people of a group."""
    alike = {"environment": "prod", "hour": NOW.replace(minute=0), "entry": 2, "version": "v2.0.0"}
    cell = Cell(**alike | {"decided_by": "model", "rule_because": None, "decision": decision} | others)
    counts = Counter({cell: number})
    if group is not None:
        counts[cell._replace(attribute="race", value=group)] = number
    return counts


def add(*counts: DecisionCounts) -> DecisionCounts:
    return sum(counts, Counter())


def recent(*counts: DecisionCounts, **others: Any) -> DecisionSummary:
    return DecisionSummary(add(*counts), **others)


@pytest.fixture(scope="session")
def serving(bundles: Callable[[str], Path]) -> Callable[..., LiveVersion]:
    """What serves by an entry, from a bundle of the small lender."""

    def made(by: LedgerEntry | None, candidate: str = "logistic", unloaded: str | None = None) -> LiveVersion:
        bundle = load_bundle(bundles(candidate))
        return LiveVersion(
            by,
            bundle,
            build_request_parser(bundle, 10),
            DerivedColumns(bundle.contract, []),
            {},
            ApplicationFitter(bundle),
            unloaded,
        )

    return made


@pytest.fixture
def facts(serving: Callable[..., LiveVersion]) -> ServiceSnapshot:
    """All is well: entry 2 is live after entry 1."""
    history = [LedgerLine(2, entry(2)), LedgerLine(1, entry(1, version="v1.0.0"))]
    return ServiceSnapshot("prod", NOW, serving(entry(2)), {}, recent(), None, history, True, LIMIT)


def groups(*counts: DecisionCounts) -> dict[str, GroupApprovals]:
    (found,) = count_by_group(add(*counts), {"race": RACE}, 0.8)
    return {group.name: group for group in found.groups}


def test_a_group_that_is_a_code_is_shown_with_its_label() -> None:
    code = str(RACE.allowed[0]) if RACE.allowed else ""
    labelled = RACE.model_copy(update={"labels": ((code, "from here"),)})
    (found,) = count_by_group(Counter(), {"race": labelled}, 0.8)
    assert found.groups[0].name == f"from here [{code}]"


def test_it_says_what_is_live_since_when_by_whom_and_why(facts: ServiceSnapshot) -> None:
    said = build_overview(facts)
    assert (said.state, said.headline, said.version, said.what) == (
        "model",
        "The model decides",
        "v2.0.0",
        "logistic regression",
    )
    assert said.live
    assert (said.live.kind, said.live.actor, said.live.reason) == ("Deployed", "tester", "why")
    assert said.live.since == ("24 November 2026, 13:52 UTC", "2026-11-24T13:52:00+00:00", "1 hour ago")
    assert not said.wrong


def test_it_says_that_the_rule_decides_and_why(facts: ServiceSnapshot, serving: Callable[..., LiveVersion]) -> None:
    put_forward = build_overview(replace(facts, serving=serving(entry(3, "fallback"))))
    assert (put_forward.state, put_forward.lead) == ("rule", "It is the fallback for v2.0.0.")
    champion = build_overview(replace(facts, serving=serving(entry(3), "heuristic")))
    assert champion.state == "rule"
    assert "no candidate passed every gate" in champion.lead
    baked = build_overview(replace(facts, serving=serving(None, "heuristic"), history=[]))
    assert (baked.state, baked.version, baked.live) == ("rule", "of the image", None)
    assert "neither the store nor the disk has one" in baked.lead


def test_it_says_that_the_rule_decides_while_the_model_is_left_alone(facts: ServiceSnapshot) -> None:
    said = build_overview(replace(facts, is_left_alone=True))
    assert (said.state, said.headline) == ("rule", "The rule decides")
    assert said.lead == "The model of v2.0.0, a logistic regression, is left alone meanwhile."


def test_it_says_that_the_rule_of_another_version_stands_in(
    facts: ServiceSnapshot, serving: Callable[..., LiveVersion]
) -> None:
    said = build_overview(replace(facts, serving=serving(entry(3, "fallback"), unloaded="its own could not be loaded")))
    assert (said.state, said.version, said.lead) == ("rule", "v2.0.0, not loaded", "Fallback to the rule: why.")


def test_it_says_that_nothing_decides(facts: ServiceSnapshot) -> None:
    said = build_overview(
        replace(facts, serving=None, history=[], problems={"ledger": "nothing has been deployed here"})
    )
    assert (said.state, said.headline, said.live) == ("dark", "Nothing is decided", None)
    assert said.wrong == ["Nothing has been deployed here."]


def test_it_says_everything_that_is_wrong(facts: ServiceSnapshot) -> None:
    problems = {"store": "the store does not answer", "refused": "entry 3, v3.0.0, was refused"}
    away = recent(count(2), database_answered=False, spooled=1200)
    said = build_overview(replace(facts, problems=problems, recent=away, store=False))
    assert said.wrong == [
        "The store does not answer.",
        "Entry 3, v3.0.0, was refused.",
        "The database of the decision log does not answer; decisions go to the spool.",
        "1,200 decisions are in the spool, not in the database yet.",
    ]
    assert said.decisions.notes == ["The database does not answer: decisions that are in it are not in these figures."]
    unread = build_overview(replace(facts, recent=None))
    assert unread.wrong == ["The decision log cannot be read."]
    assert unread.decisions.notes == ["The decision log cannot be read: there are no figures."]


def test_it_says_when_not_all_decisions_are_counted(facts: ServiceSnapshot) -> None:
    known = recent(count(9), is_truncated=True, spooled=20_000, waiting=1234, has_unchained=True)
    assert build_overview(replace(facts, recent=known)).decisions.notes == [
        "Decisions in the spool are counted; until they are in the database, some may be counted twice.",
        "The spool has more: only its newest 10,000 are counted.",
        "1,234 decisions of the log, of any time, are not counted yet; it goes on.",
        "Decisions from before the log was chained are not counted.",
    ]


def test_each_hour_of_the_last_day_has_a_bar_of_its_decisions(facts: ServiceSnapshot) -> None:
    """The day has 24 full hours and the one that runs; an hour without decisions is there too."""
    early, late = (datetime(2026, 11, day, 15, tzinfo=UTC) for day in (23, 24))
    known = recent(count(30, hour=early), count(10, "deny", hour=early), count(5, "refer", "Black", hour=late))
    trend = build_overview(replace(facts, recent=known)).decisions.trend
    assert (len(trend.bars), trend.most) == (25, "40")
    assert trend.bars[0].said == "15:00: 30 approved, 0 referred, 10 denied"
    assert trend.bars[0].parts == [("approve", 25.0, 75.0), ("deny", 0.0, 25.0)]
    assert [bar.parts for bar in trend.bars[1:24]] == [[]] * 23
    assert trend.bars[24].parts == [("refer", 87.5, 12.5)]
    assert [bar.label for bar in trend.bars if bar.label] == ["18:00", "00:00", "06:00", "12:00"]
    assert begin_of_day(NOW) == early


def test_the_history_names_what_is_not_valid_and_marks_what_is_live(facts: ServiceSnapshot) -> None:
    lines = [
        LedgerLine(5, entry(5, "rollback")),
        LedgerLine(4, None),
        LedgerLine(3, entry(3, "fallback")),
        LedgerLine(2, entry(2)),
    ]
    said = build_overview(replace(facts, serving=replace(facts.serving, entry=entry(3, "fallback")), history=lines))  # type: ignore[type-var]
    assert [(one.number, one.valid, one.live, one.kind) for one in said.history] == [
        (5, True, "newer", "Rolled back"),
        (4, False, "newer", ""),
        (3, True, "live", "Fell back to the rule"),
        (2, True, "", "Deployed"),
    ]


def test_outcomes_are_counts_and_shares_of_all_decisions() -> None:
    found = count_by_decision(add(count(60), count(15), count(20, "deny"), count(5, "refer")))
    assert [(one.name, one.number, one.share) for one in found] == [
        ("Approved", "75", "75.0%"),
        ("Referred", "5", "5.0%"),
        ("Denied", "20", "20.0%"),
    ]


def test_shares_of_nothing_are_a_dash_and_not_nan(facts: ServiceSnapshot) -> None:
    assert {one.share for one in count_by_decision(Counter())} == {DASH}
    said = build_overview(facts).decisions
    assert (said.total, said.by_rule.share, said.deciders) == ("0", DASH, [])


def test_who_decided_adds_up_however_many_there_are() -> None:
    listed = count_by_decider(add(*(count(100 - i, version=f"v1.{i}.0") for i in range(14))))
    assert [one.version for one in listed] == [*(f"v1.{i}.0" for i in range(10)), "4 more"]
    assert sum(int(one.number) for one in listed) == sum(100 - i for i in range(14))


def test_each_group_has_its_rate_and_undisclosed_is_one() -> None:
    found = groups(
        count(90, group="white"),
        count(10, "deny", "white"),
        count(30, group="Black"),
        count(20, "refer", "Black"),
        count(40),
    )
    assert {name: (one.people, one.approved, one.note) for name, one in found.items()} == {
        "white": ("100", "90%", ""),
        "Black": ("50", "60%", ""),
        "undisclosed": ("40", "100%", ""),
    }


def test_groups_that_the_contract_does_not_list_count_together_and_are_not_dropped() -> None:
    assert list(groups(count(50, group="white"), count(50, group="Asian"))) == [
        "white",
        "Black",
        "other",
        "undisclosed",
    ]


def test_of_a_small_group_it_is_said_that_its_rate_says_little() -> None:
    found = groups(count(100, group="white"), count(29, group="Black"))
    assert found["white"].note == ""
    assert found["Black"].note == "few people: the rate says little"


def test_nobody_is_shown_who_is_in_a_group_of_fewer_than_five() -> None:
    found = groups(count(97, group="white"), count(4, "deny", group="Black"), count(5))
    assert found["Black"] == GroupApprovals("Black", "fewer than 5", "", 0.0, "too few to show")
    assert [found["white"].people, found["undisclosed"].people] == ["about 95", "about 5"]  # of 106


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-86_400, "in the future: somebody's clock was wrong"),
        (-61, "in the future: somebody's clock was wrong"),
        (-60, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (7_300, "2 hours ago"),
        (86_400, "1 day ago"),
    ],
)
def test_times_are_told_in_their_largest_unit(seconds: int, said: str) -> None:
    assert format_age(timedelta(seconds=seconds)) == said


def shares(group: str, people: int, approved: int) -> DecisionCounts:
    return count(approved, group=group) + count(people - approved, "deny", group)


@pytest.mark.parametrize(
    ("people", "approved", "ratio", "is_below"),
    [
        (100, 79, "0.79", True),
        (100, 80, "0.80", False),
        (1000, 799, "0.79", True),
        (300, 240, "0.80", False),
        (29, 1, "0.03", False),
        (4, 0, "", False),
        (30, 0, "0.00", True),
    ],
)
def test_a_group_below_the_limit_is_a_problem_unless_its_people_are_few(
    facts: ServiceSnapshot, people: int, approved: int, ratio: str, is_below: bool
) -> None:
    """It is never said that nothing is known to be wrong above a ratio below the limit; none is rounded up to it."""
    counts = shares("white", 100, 100) + shares("Black", people, approved)
    found = groups(counts)["Black"]
    assert (found.ratio, found.is_below) == (ratio, is_below)
    said = build_overview(replace(facts, recent=DecisionSummary(counts)))
    wrong = [f"Race: Black was approved {ratio} times as often as white; the limit is 0.8, the limit of a test."]
    assert said.wrong == (wrong if is_below else [])


def test_a_reference_group_that_is_too_small_to_show_gives_no_ratio() -> None:
    assert groups(shares("white", 4, 4), shares("Black", 100, 10))["Black"].ratio == ""


@pytest.mark.parametrize("decision", ["deny", "refer"])
def test_that_nobody_was_approved_is_a_problem_and_told_once(facts: ServiceSnapshot, decision: str) -> None:
    """No group has a ratio then, and "302 of 302 denied" stood above "Nothing is known to be wrong"."""
    counts = count(200, decision, "white") + count(102, decision, "Black")
    said = build_overview(replace(facts, recent=DecisionSummary(counts)))
    numbers = {"deny": "302 of 302 denied, 0 referred", "refer": "0 of 302 denied, 302 referred"}[decision]
    assert said.wrong == [f"Nobody was approved: {numbers}; no group can be compared with another."]
    unlimited = replace(facts, recent=DecisionSummary(counts), limit=ShownLimit(None, "no limit"))
    assert build_overview(unlimited).wrong == said.wrong
    for enough in (count(29, decision), counts + count(1)):
        assert not build_overview(replace(facts, recent=DecisionSummary(enough))).wrong[1:]
    assert not build_overview(replace(facts, recent=recent(count(29, decision)))).wrong


@pytest.mark.parametrize(("people", "is_told"), [(30, True), (29, False)])
def test_a_reference_group_of_whom_nobody_was_approved_is_a_problem(
    facts: ServiceSnapshot, people: int, is_told: bool
) -> None:
    """Others were: by no ratio can that be seen."""
    known = replace(facts, recent=DecisionSummary(shares("white", people, 0) + shares("Black", 100, 50)))
    told = ["Race: nobody of white was approved, so that no group can be compared with it; "]
    told[0] += "the limit is 0.8, the limit of a test."
    assert build_overview(known).wrong == (told if is_told else [])
    assert build_overview(replace(known, limit=ShownLimit(None, "no limit"))).wrong == []

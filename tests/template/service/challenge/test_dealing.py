"""Who is dealt to whom: by chance, the same person the same way, and to the challenger only while a split is on."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from credit.registry.challenges import Challenge, SplitPlan
from service.challenge.dealing import Dealer, find_place
from service.engine.live_version import LiveVersion
from service.engine.requests import ApplicationRequest

SHARE = 0.2


def make_split(number: int = 1, entry: int = 7, share: float = SHARE, hours: float = 1) -> Challenge:
    until = datetime.now(UTC) + timedelta(hours=hours)
    return Challenge(
        format=2,
        environment="prod",
        number=number,
        kind="split",
        version="v9.0.0",
        digest="9" * 64,
        entry=entry,
        reason="a test",
        actor="tester",
        time=datetime.now(UTC),
        id=f"{number:032x}",  # the same people are dealt to the same arm in each run of this test
        plan=SplitPlan(share=share, until=until, difference=0.02, alpha=0.05, limit=0.8, breach_alpha=0.01),
    )


def make_version(number: int = 7, fallback_reason: str | None = None) -> LiveVersion:
    return cast(LiveVersion, SimpleNamespace(number=number, fallback_reason=fallback_reason))


def ask(person: str | None) -> ApplicationRequest:
    return ApplicationRequest({}, {}, person)


LIVE, CHALLENGER = make_version(), make_version()


@pytest.fixture
def dealer() -> Dealer:
    made = Dealer()
    made.begin(make_split(), CHALLENGER)
    return made


def test_the_share_of_people_is_that_of_the_plan(dealer: Dealer) -> None:
    """As chance would have it, of which a hash is a source."""
    dealt = [dealer.deal(LIVE, ask(f"person {number}"), "bank", None) is CHALLENGER for number in range(20_000)]
    assert binomtest(sum(dealt), len(dealt), SHARE).pvalue > 1e-4
    assert dealer.counts == {"live": len(dealt) - sum(dealt), "challenger": sum(dealt)}


@given(person=st.text(min_size=1), key=st.none() | st.text(min_size=1))
def test_a_person_is_dealt_to_the_same_one_whatever_else_a_request_says(person: str, key: str | None) -> None:
    dealer = Dealer()
    dealer.begin(make_split(), CHALLENGER)
    seen = {dealer.deal(LIVE, ask(person), caller, key, place) is CHALLENGER for caller in "ab" for place in (0, 5)}
    assert len(seen) == 1


def test_without_a_reference_a_key_is_dealt_the_same_way_and_others_anew(dealer: Dealer) -> None:
    def deal(key: str | None, caller: str = "bank", place: int = 0) -> bool:
        return dealer.deal(LIVE, ask(None), caller, key, place) is CHALLENGER

    keys = [f"key {number}" for number in range(200)]
    first = [deal(key) for key in keys]
    assert first == [deal(key) for key in keys]
    assert first != [deal(key, caller="another") for key in keys]
    assert first != [deal(key, place=1) for key in keys]
    assert len({deal(None) for _ in range(200)}) == 2


def test_nobody_outside_can_foretell_an_arm_and_the_next_split_deals_anew() -> None:
    first, second = make_split(1), make_split(2)
    people = [f"person {number}" for number in range(2_000)]
    places = [[find_place(split, person) for person in people] for split in (first, second)]
    both = sum(one < 0.5 and other < 0.5 for one, other in zip(*places, strict=True))
    assert binomtest(both, len(people), 0.25).pvalue > 1e-4, "the arms of two splits have nothing to do with each other"


@pytest.mark.parametrize(
    ("live", "hours", "because"),
    [
        (make_version(8), 1, "entry 8 decides by now, and the split is of entry 7"),
        (make_version(6), 1, "entry 6 decides by now, and the split is of entry 7"),
        (make_version(7, "the bundle is damaged"), 1, "the rule stands in for the live version"),
        (LIVE, -1, "its time is over"),
    ],
)
def test_after_a_rollback_behind_the_rule_and_beyond_its_time_the_live_version_decides_about_everybody(
    live: LiveVersion, hours: float, because: str
) -> None:
    dealer = Dealer()
    dealer.begin(make_split(hours=hours, share=0.5), CHALLENGER)
    assert all(dealer.deal(live, ask(str(number)), "bank", None) is live for number in range(100))
    assert dealer.explain_rest(live) == because
    assert not dealer.counts


def test_an_end_and_a_challenger_that_is_lost_leave_the_live_version_alone(dealer: Dealer) -> None:
    challenge = dealer.challenge
    assert challenge is not None
    dealer.suspend("it cannot be loaded", challenge)
    assert dealer.explain_rest(LIVE) == "it cannot be loaded"
    assert all(dealer.deal(LIVE, ask(str(number)), "bank", None) is LIVE for number in range(100))
    dealer.begin(challenge, CHALLENGER)
    assert dealer.explain_rest(LIVE) is None
    dealer.end()
    assert (dealer.challenge, dealer.challenger, dealer.explain_rest(LIVE)) == (None, None, None)
    assert all(dealer.deal(LIVE, ask(str(number)), "bank", None) is LIVE for number in range(100))


def test_a_pause_lets_the_live_version_decide_and_a_challenger_that_could_not_be_loaded_is_none_of_a_time_that_is_over(
    dealer: Dealer,
) -> None:
    dealer.pause = "the store is away"
    assert {dealer.deal(LIVE, ask(str(number)), "bank", None) is LIVE for number in range(50)} == {True}
    assert dealer.explain_rest(LIVE) == "the store is away"
    dealer.pause = None
    assert len({dealer.deal(LIVE, ask(str(number)), "bank", None) is LIVE for number in range(50)}) == 2
    dealer.suspend("it cannot be loaded", make_split(hours=-1))
    assert dealer.explain_rest(LIVE) == "its time is over"

"""The arms of a split: a planted difference is seen by the number that was said, and none where there is none."""

import math

import numpy as np
import pytest
from dealt_people import Chances, deal, make_groups, make_plan
from pydantic_core import from_json

from watch.challenge import arms_judging
from watch.challenge.arms import Arms, weigh_arms, weigh_deal
from watch.challenge.arms_judging import DEAL_ALPHA, ArmsFinding, judge_arms
from watch.challenge.needed import POWER, count_arms_for_any_look, count_arms_for_one_look
from watch.evidence import BETS

ALPHA = 0.05
CASES = [(0.6, 0.1, 0.5), (0.85, 0.1, 0.2), (0.3, 0.2, 0.1)]
"""The share that the champion approves, the difference, and the share of the challenger's arm."""

WHITE, BLACK = ("race", "white"), ("race", "Black")


def weigh(rng: np.random.Generator, number: int, share: float, champion: float, challenger: float) -> Arms:
    dealt = rng.random(number) < share
    return weigh_arms(dealt, rng.random(number) < np.where(dealt, challenger, champion), share)


def list_seen(found: ArmsFinding) -> list[str]:
    """List the questions about approvals, everybody and each group, that are answered beyond doubt."""
    everybody = max(found.everybody.more, found.everybody.fewer) >= found.beyond
    return ["everybody"] * everybody + [group for _, group in found.list_more() + found.list_fewer()]


def count_alarms(chances: Chances, alpha: float, runs: int, rises: bool) -> int:
    """Count the runs in which anything was seen by anybody who looked after each person."""
    rng, groups, plan = np.random.default_rng(32), make_groups(), make_plan(0.3, alpha)
    drift = (lambda time: 0.5 + time / 2) if rises else (lambda _: 1.0)
    people = (deal(rng, 600, plan.share, chances, drift) for _ in range(runs))
    return sum(bool(list_seen(judge_arms(one, groups, plan))) for one in people)


@pytest.mark.parametrize(("approved", "difference", "share"), CASES)
def test_a_difference_is_seen_by_the_number_that_was_said_as_often_as_said(
    approved: float, difference: float, share: float
) -> None:
    """Up or down, of which one takes more people: the number is that one's."""
    number, runs = count_arms_for_any_look(approved, difference, share, ALPHA), 200
    assert number is not None

    def count_seen(people: int, sign: int) -> int:
        rng = np.random.default_rng(30)
        found = [weigh(rng, people, share, approved, approved + sign * difference) for _ in range(runs)]
        assert sum((one.fewer if sign > 0 else one.more) >= 2 / ALPHA for one in found) <= runs * ALPHA / 2
        return sum((one.more if sign > 0 else one.fewer) >= 2 / ALPHA for one in found)

    assert min(count_seen(number, sign) for sign in (-1, 1)) >= POWER * runs
    few = min(count_seen(number // 3, sign) for sign in (-1, 1))
    assert few < 0.7 * runs, "a third of them would not do: the number is no waste of time"


def test_the_evidence_is_that_of_the_formula_person_by_person() -> None:
    """Written again as a loop, with what is expected of each from those before only."""
    rng, share, number = np.random.default_rng(29), 0.2, 300
    dealt, approved = rng.random(number) < share, rng.random(number) < 0.7
    peaks = [1.0, 1.0]
    for side, sign in enumerate((1, -1)):
        stakes = [1.0] * len(BETS)
        for place in range(number):
            expected = (sum(approved[:place]) + 1) / (place + 2)
            gain = sign * (float(dealt[place]) - share) * (float(approved[place]) - expected) / 0.8
            stakes = [stake * (1 + bet * gain) for stake, bet in zip(stakes, BETS, strict=True)]
            peaks[side] = max(peaks[side], sum(stakes) / len(BETS))
    found = weigh_arms(dealt, approved, share)
    assert (found.more, found.fewer) == pytest.approx(peaks)
    assert max(peaks) > 1.1


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_where_both_approve_as_many_a_difference_is_seen_no_more_often_than_alpha(share: float) -> None:
    """The highest evidence ever counts, as if somebody looked after each of 4,000 people."""
    rng, runs, alpha = np.random.default_rng(31), 300, 0.2
    found = [weigh(rng, 4_000, share, 0.6, 0.6) for _ in range(runs)]
    assert 0 < sum(max(one.more, one.fewer) >= 2 / alpha for one in found) <= alpha * runs


@pytest.mark.parametrize("rises", [False, True])
def test_groups_that_fare_differently_and_approvals_that_rise_are_no_difference_of_arms(rises: bool) -> None:
    """Everybody and each group are asked about, and alpha is that of all of them together."""
    alpha, runs = 0.3, 100
    assert count_alarms({"white": (0.9, 0.9), "Black": (0.4, 0.4)}, alpha, runs, rises) <= alpha * runs
    assert count_alarms({"white": (0.9, 0.9), "Black": (0.6, 0.2)}, alpha, 20, rises) == 20


def test_people_who_come_again_are_counted_once() -> None:
    """Each comes ten times, to the same arm and with the same answer: counted ten times they would be evidence."""
    rng, groups, plan, runs, alpha = np.random.default_rng(33), make_groups(), make_plan(0.5, 0.2), 60, 0.2
    seen = {"by reference": 0, "without": 0}
    for _ in range(runs):
        first, *people = deal(rng, 100, 0.5, {"white": (0.5, 0.5), "Black": (0.5, 0.5)})
        again = [one._replace(applicant=f"{number}") for number, one in enumerate(people) for _ in range(10)]
        found = judge_arms([first, *again], groups, plan)
        assert (found.everybody.people, found.selected.later) == (100, 900)
        seen["by reference"] += bool(list_seen(found))
        seen["without"] += bool(
            list_seen(judge_arms([first, *(one._replace(applicant=None) for one in again)], groups, plan))
        )
    assert seen["by reference"] <= alpha * runs < seen["without"]


def test_a_person_who_came_before_a_process_dealt_is_known_and_counts_nowhere() -> None:
    """Of a process the first one for the challenger, and all before, are of a time at which it may not have dealt."""
    _, one, *_ = deal(np.random.default_rng(34), 1, 0.5, {"white": (0.5, 0.5)})
    champion, challenger = one._replace(is_challengers=False), one._replace(is_challengers=True)
    rows = [
        champion._replace(applicant="a", writer="first"),
        challenger._replace(applicant="b", writer="first"),
        champion._replace(applicant="a", writer="first"),
        champion._replace(applicant="c", writer="second"),
        champion._replace(applicant="d", writer="first"),
        challenger._replace(applicant="e", writer="second"),
        champion._replace(applicant="c", writer="second"),
        champion._replace(applicant="f", writer="second"),
    ]
    found = judge_arms(rows, make_groups(), make_plan())
    assert (found.everybody.champion.people, found.everybody.challenger.people) == (2, 0)
    assert (found.selected.later, found.selected.undealt) == (2, 4)


def test_a_worker_that_takes_the_challenge_up_later_is_no_broken_deal() -> None:
    people = deal(np.random.default_rng(35), 2_000, 0.1, {"white": (0.8, 0.8)})
    late = [people[0]._replace(is_challengers=False, writer="late")] * 500
    found = judge_arms([people[0], *late, *people], make_groups(), make_plan(0.1))
    assert not found.is_dealt_otherwise
    assert found.selected.undealt == 501
    assert found.everybody.people == 2_001


@pytest.mark.parametrize(("share", "real"), [(0.1, 0.07), (0.1, 0.13), (0.5, 0.45)])
def test_a_broken_deal_is_seen_and_one_as_planned_is_none(share: float, real: float) -> None:
    rng, chances = np.random.default_rng(36), {"white": (0.8, 0.8)}
    assert judge_arms(deal(rng, 6_000, real, chances), make_groups(), make_plan(share)).is_dealt_otherwise
    assert not judge_arms(deal(rng, 6_000, share, chances), make_groups(), make_plan(share)).is_dealt_otherwise
    alpha, runs = 0.2, 200
    minutes = 60.0 * np.arange(2_000)
    found = [weigh_deal(rng.random(2_000) < share, minutes, share).evidence for _ in range(runs)]
    assert sum(evidence >= 1 / alpha for evidence in found) <= alpha * runs


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_a_deal_that_is_crooked_for_a_group_is_found_though_all_together_have_the_planned_share(share: float) -> None:
    """Of the smaller group more come to the challenger than planned, and of the others as many fewer."""
    rng, plan = np.random.default_rng(44), make_plan(share)
    chances, share_of_group = {"white": (0.8, 0.8), "Black": (0.8, 0.8)}, 0.2
    members = min(2 * share, 0.75)
    others = (share - share_of_group * members) / (1 - share_of_group)
    people = deal(rng, 3_000, share, chances, share_of_group=share_of_group)
    real = {BLACK[1]: members, WHITE[1]: others}
    crooked = [
        one._replace(is_challengers=bool(rng.random() < real[from_json(one.protected).get("race", "white")]))
        for one in people
    ]
    found = judge_arms([people[0], *crooked], make_groups(), plan)
    assert found.deal.evidence < found.deal_beyond, "all together"
    assert found.is_dealt_otherwise
    assert BLACK in found.list_dealt_otherwise()
    assert judge_arms(people, make_groups(), plan).list_dealt_otherwise() == []


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_a_fair_deal_is_called_crooked_no_more_often_than_alpha(share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of everybody or of any group, at any moment; the highest evidence ever counts."""
    alpha, runs = 0.2, 150
    monkeypatch.setattr(arms_judging, "DEAL_ALPHA", alpha)
    rng, groups, plan = np.random.default_rng(45), make_groups(), make_plan(share)
    chances = {"white": (0.9, 0.7), "Black": (0.6, 0.4)}
    found = [judge_arms(deal(rng, 600, share, chances, share_of_group=0.3), groups, plan) for _ in range(runs)]
    assert sum(one.is_dealt_otherwise for one in found) <= alpha * runs
    assert max(one.evidence for finding in found for one in finding.deals.values()) > 1, "it was weighed"


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_a_busy_service_that_decides_an_arm_together_breaks_no_deal(share: float) -> None:
    """Of each 64 who come at once those of an arm stand together in the log, at any second."""
    rng, together, bursts, runs = np.random.default_rng(43), 64, 150, 40
    for _ in range(runs):
        dealt = np.sort(rng.random((bursts, together)) < share, axis=1)
        dealt[::2] = dealt[::2, ::-1]
        moments = np.repeat(np.cumsum(rng.exponential(1.0, bursts)), together)
        assert weigh_deal(dealt.ravel(), moments, share).evidence < 1 / DEAL_ALPHA
        broken = np.sort(rng.random((bursts, together)) < share * 0.6, axis=1)
        assert weigh_deal(broken.ravel(), 30 * moments, share).evidence >= 1 / DEAL_ALPHA


@pytest.mark.parametrize(
    ("chances", "expected"),
    [
        ({"white": (0.9, 0.9), "Black": (0.8, 0.5)}, ("worse", "breach")),
        ({"white": (0.9, 0.9), "Black": (0.5, 0.8)}, ("better", "")),
        ({"white": (0.9, 0.6), "Black": (0.9, 0.6)}, ("", "")),
        ({"white": (0.9, 0.8), "Black": (0.8, 0.3)}, ("worse", "breach")),
        ({"white": (0.5, 0.9), "Black": (0.3, 0.8)}, ("better", "")),
        ({"white": (0.6, 0.95), "Black": (0.5, 0.6)}, ("worse", "breach")),
        ({"white": (0.8, 0.8), "Black": (0.8, 0.8)}, ("", "")),
        ({"white": (0.9, 0.9), "Black": (0.4, 0.4)}, ("", "breach")),
    ],
)
def test_a_group_is_worse_off_where_its_ratio_falls(chances: Chances, expected: tuple[str, str]) -> None:
    """That all are approved less is the lender's business; that a group is by more than the others is a harm."""
    found = judge_arms(deal(np.random.default_rng(37), 4_000, 0.5, chances), make_groups(), make_plan())
    verdict, breach = expected
    assert found.ratios.list_better() == ([BLACK] if verdict == "better" else [])
    assert found.ratios.list_worse() == ([BLACK] if verdict == "worse" else [])
    assert found.ratios.list_breaches() == ([BLACK] if breach else [])
    moved = {name: challenger - champion for name, (champion, challenger) in chances.items()}
    assert found.list_more() == [("race", name) for name, by in moved.items() if by > 0]
    assert found.list_fewer() == [("race", name) for name, by in moved.items() if by < 0]
    ratios = [chances["Black"][arm] / chances["white"][arm] for arm in (0, 1)]
    assert found.ratios.changes[BLACK][:2] == pytest.approx(ratios, abs=0.08)
    assert WHITE not in found.ratios.changes, "it is the reference"


def test_a_few_fewer_approvals_that_all_share_are_no_harm_to_the_larger_group() -> None:
    """Of which they are beyond doubt first."""
    rng, groups, plan, runs = np.random.default_rng(42), make_groups(), make_plan(0.3, 0.3), 40
    chances = {"white": (0.7, 0.63), "Black": (0.7, 0.63)}
    found = [judge_arms(deal(rng, 3_000, 0.3, chances, share_of_group=0.7), groups, plan) for _ in range(runs)]
    assert sum(BLACK in one.list_fewer() for one in found) > runs / 2
    assert sum(bool(one.ratios.list_worse()) for one in found) <= 0.3 * runs


def test_where_all_are_approved_less_by_as_much_a_group_is_called_worse_no_more_often_than_alpha() -> None:
    """Nor better; both ratios are 2/3, and approvals rise meanwhile."""
    rng, groups, plan, runs = np.random.default_rng(40), make_groups(), make_plan(0.3, 0.3), 100
    chances = {"white": (0.9, 0.6), "Black": (0.6, 0.4)}
    found = [judge_arms(deal(rng, 600, 0.3, chances, lambda time: 0.5 + time / 2), groups, plan) for _ in range(runs)]
    assert sum(bool(one.ratios.list_worse() or one.ratios.list_better()) for one in found) <= 0.3 * runs
    assert all(max(one.ratios.changes[BLACK][2:]) > 1 for one in found), "it was bet on"


def test_a_ratio_at_the_limit_is_called_a_breach_no_more_often_than_alpha() -> None:
    rng, groups, plan, runs = np.random.default_rng(38), make_groups(), make_plan(breach_alpha=0.3), 100
    chances = {"white": (0.9, 0.9), "Black": (0.9, 0.72)}
    found = [judge_arms(deal(rng, 500, 0.5, chances), groups, plan) for _ in range(runs)]
    assert sum(bool(one.ratios.list_breaches()) for one in found) <= 0.3 * runs


def test_nobody_is_no_evidence() -> None:
    found = judge_arms([], make_groups(), make_plan())
    assert (found.everybody.people, found.everybody.champion.share) == (0, None)
    assert (found.ratios.list_better(), found.ratios.list_worse(), found.ratios.list_breaches(), list_seen(found)) == (
        [],
        [],
        [],
        [],
    )
    assert found.ratios.changes[BLACK][:2] == (None, None)
    assert not found.is_dealt_otherwise


def test_for_one_look_the_number_is_that_of_the_test_of_two_shares() -> None:
    """By the z-test of two proportions: as often as said, and alpha where there is no difference."""
    approved, difference, share = CASES[1]
    number, runs = count_arms_for_one_look(approved, difference, share, ALPHA), 1_000
    rng = np.random.default_rng(39)

    def reject(other: float) -> float:
        people = np.array([round(share * number), number - round(share * number)])
        shares = rng.binomial(people, [other, approved], (runs, 2)) / people
        both = shares @ people / number
        z = np.abs(shares[:, 0] - shares[:, 1]) / np.sqrt(both * (1 - both) * (1 / people).sum())
        return float((z > 1.959964).mean())

    assert count_arms_for_one_look(0.5, 0.25, 0.5, 0.05) == 154, "R's power.prop.test says 76.7 in each arm"
    assert reject(approved - difference) == pytest.approx(POWER, abs=0.03)
    assert reject(approved) == pytest.approx(ALPHA, abs=0.025)


def test_any_look_takes_more_than_one_and_so_does_a_smaller_arm() -> None:
    for approved, difference, share in CASES:
        numbers = [
            count(approved, difference, share, ALPHA) for count in (count_arms_for_one_look, count_arms_for_any_look)
        ]
        assert numbers[0] < numbers[1] < 3 * numbers[0]
        assert numbers[0] < count_arms_for_one_look(approved, difference, share / 2, ALPHA)


def test_a_difference_that_cannot_be_is_refused_and_one_too_small_has_no_number() -> None:
    for approved, difference in ((0.5, 0.0), (0.5, 0.6)):
        for count in (count_arms_for_one_look, count_arms_for_any_look):
            with pytest.raises(ValueError, match="difference"):
                count(approved, difference, 0.5, ALPHA)
    assert count_arms_for_any_look(0.5, 0.001, 0.5, ALPHA) is None
    assert count_arms_for_one_look(0.5, 0.001, 0.5, ALPHA) > 1_000_000
    assert math.isfinite(count_arms_for_one_look(1.0, 0.5, 0.5, ALPHA))

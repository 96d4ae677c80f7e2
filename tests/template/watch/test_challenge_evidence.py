"""A challenger's flips: a planted difference is seen by the number that was said, and none where there is none."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest

from credit.contract.columns import Column
from watch.challenge.flips import weigh_flips
from watch.challenge.judging import Alphas, judge_challenger
from watch.challenge.needed import POWER, count_for_any_look, count_for_one_look
from watch.challenge.reading import ShadowedApplication
from watch.groups import WatchedGroups, list_watched_groups

ALPHA = 0.05
CASES = [(0.05, 0.02), (0.2, 0.05), (0.1, 0.1)]


def draw_pairs(
    rng: np.random.Generator, number: int, discordant: float, difference: float
) -> tuple[np.ndarray, np.ndarray]:
    """Draw who is approved by the champion, and by a challenger that approves so many more on balance."""
    chance = rng.random(number)
    champion = rng.random(number) < 0.6
    gained, lost = chance < (discordant + difference) / 2, chance > 1 - (discordant - difference) / 2
    return np.where(gained, False, np.where(lost, True, champion)), np.where(
        gained, True, np.where(lost, False, champion)
    )


def count_seen(number: int, discordant: float, difference: float, runs: int = 300) -> int:
    rng = np.random.default_rng(20)
    return sum(weigh_flips(*draw_pairs(rng, number, discordant, difference)).peak >= 1 / ALPHA for _ in range(runs))


@pytest.mark.parametrize(("discordant", "difference"), CASES)
def test_a_difference_is_seen_by_the_number_that_was_said_as_often_as_said(
    discordant: float, difference: float
) -> None:
    runs = 300
    seen = count_seen(count_for_any_look(discordant, difference, ALPHA), discordant, difference, runs)
    assert seen >= POWER * runs - 3 * math.sqrt(runs * POWER * (1 - POWER))
    few = count_seen(count_for_any_look(discordant, difference, ALPHA) // 3, discordant, difference, runs)
    assert few < 0.7 * runs, "a third of them would not do: the number is no waste of time"


@pytest.mark.parametrize("discordant", [0.02, 0.3])
def test_where_both_approve_as_many_a_difference_is_seen_no_more_often_than_alpha(discordant: float) -> None:
    """The highest evidence ever counts, as if somebody looked after each of 4,000 applications."""
    runs = 400
    assert count_seen(4_000, discordant, 0.0, runs) <= ALPHA * runs


def test_for_one_look_the_number_is_that_of_the_test_of_mcnemar() -> None:
    """Against the exact test, by scipy: as often as said, and alpha where there is no difference."""
    (discordant, difference), runs = CASES[1], 200
    rng, number = np.random.default_rng(21), count_for_one_look(discordant, difference, ALPHA)

    def reject(by: float) -> float:
        found = (weigh_flips(*draw_pairs(rng, number, discordant, by)) for _ in range(runs))
        return sum(binomtest(one.gained, one.gained + one.lost).pvalue < ALPHA for one in found) / runs

    assert reject(difference) == pytest.approx(POWER, abs=0.07)
    assert reject(0.0) <= ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / runs)


def test_a_difference_that_cannot_be_is_refused() -> None:
    for discordant, difference in ((0.1, 0.0), (0.1, 0.2), (1.1, 0.5)):
        with pytest.raises(ValueError, match="difference"):
            count_for_any_look(discordant, difference, ALPHA)


def test_looking_at_any_time_takes_more_than_looking_once() -> None:
    for discordant, difference in CASES:
        once, any_time = (count(discordant, difference, ALPHA) for count in (count_for_one_look, count_for_any_look))
        assert once < any_time < 3 * once


def make_groups() -> WatchedGroups:
    column = Column.model_validate(
        {
            "type": "category",
            "role": "protected",
            "allowed": ["white", "Black"],
            "reference": "white",
            "description": "d",
        }
    )
    return list_watched_groups({"race": column}, {"race": ["white", "Black"]})


def make_applications(number: int, champion: float, challenger: float, seed: int) -> list[ShadowedApplication]:
    """Applicants, one in four of a group of which the two approve these shares; of all others both approve 0.8."""
    rng = np.random.default_rng(seed)
    moment = np.datetime64("2026-01-01").astype(object)
    found = []
    for _ in range(number):
        member, luck = rng.random() < 0.25, rng.random()
        shares = (champion, challenger) if member else (0.8, 0.8)
        kinds = ["approve" if luck < share else "deny" for share in shares]
        found.append(ShadowedApplication(moment, *kinds, '{"race": "%s"}' % ("Black" if member else "white")))
    return found


@pytest.mark.parametrize(
    ("champion", "challenger", "expected"),
    [(0.5, 0.75, ("better", "gained")), (0.75, 0.5, ("worse", "lost")), (0.75, 0.75, ("", ""))],
)
def test_a_challenger_that_treats_a_group_otherwise_is_told_so(
    champion: float, challenger: float, expected: tuple[str, str]
) -> None:
    applications = make_applications(2_000, champion, challenger, 22)
    found = judge_challenger(applications, make_groups(), 0.8, Alphas(0.01, 0.01))
    group = ("race", "Black")
    verdict, side = expected
    assert found.ratios.list_better() == ([group] if verdict == "better" else [])
    assert found.ratios.list_worse() == ([group] if verdict == "worse" else [])
    assert found.ratios.list_breaches() == ([group] if verdict == "worse" else [])
    flips = found.groups[group]
    assert (flips.gained > 0, flips.lost > 0) == (side == "gained", side == "lost")
    assert (flips.peak >= found.flips_beyond) == bool(verdict)
    others = found.groups["race", "white"]
    assert (others.gained, others.lost, others.people + flips.people) == (0, 0, 2_000)


def test_what_the_challenger_could_not_decide_is_counted_and_compared_with_nobody() -> None:
    applications = make_applications(100, 0.5, 0.5, 23)
    without = [one._replace(challenger=None) if place % 4 == 0 else one for place, one in enumerate(applications)]
    found = judge_challenger(without, make_groups(), 0.8, Alphas(0.01, 0.01))
    assert (found.undecided, found.everybody.people) == (25, 75)
    nobody = judge_challenger([], make_groups(), 0.8, Alphas(0.01, 0.01))
    assert (nobody.everybody.people, nobody.ratios.list_worse(), nobody.ratios.list_breaches()) == (0, [], [])


@pytest.mark.parametrize("shares", [(0.5, 0.75), (0.75, 0.5)])
def test_evidence_that_would_do_for_one_of_two_words_is_not_enough_for_either(shares: tuple[float, float]) -> None:
    """Where either of two words may be wrong, one of them has half of the alpha: twice the evidence is asked for."""
    groups, group, applications = make_groups(), ("race", "Black"), make_applications(400, *shares, 22)
    beyond, evidence, found = groups.number / 0.01, 0.0, None
    for number in range(10, 400):
        found = judge_challenger(applications[:number], groups, 0.8, Alphas(0.01, 0.01))
        change = found.ratios.changes[group]
        evidence = max(change.higher, change.lower)
        if evidence > beyond:
            break
    assert found is not None
    assert beyond < evidence < 2 * beyond
    assert (found.ratios.list_better(), found.ratios.list_worse()) == ([], [])
    more = judge_challenger(applications, groups, 0.8, Alphas(0.01, 0.01))
    assert more.ratios.list_better() + more.ratios.list_worse() == [group]


@pytest.mark.parametrize("shares", [(0.9, 0.6), (0.6, 0.9)])
def test_approvals_that_fall_or_rise_for_all_alike_treat_nobody_worse_or_better(shares: tuple[float, float]) -> None:
    rng, number = np.random.default_rng(25), 20_000
    is_member, luck = rng.random(number) < 0.25, rng.random(number)
    moment = np.datetime64("2026-01-01").astype(object)
    kinds = [np.where(luck < share, "approve", "deny").tolist() for share in shares]
    race = np.where(is_member, '{"race": "Black"}', '{"race": "white"}').tolist()
    applications = [ShadowedApplication(moment, *one) for one in zip(*kinds, race, strict=True)]
    found = judge_challenger(applications, make_groups(), 0.8, Alphas(0.01, 0.01))
    assert (found.ratios.list_better(), found.ratios.list_worse(), found.ratios.list_breaches()) == ([], [], [])
    assert found.everybody.peak > found.flips_beyond, "it is seen that it approves others"


def test_where_both_treat_a_group_alike_either_word_is_said_no_more_often_than_alpha() -> None:
    """Half of the group is decided otherwise, as often for the better as for the worse; looked at three times."""
    alpha, runs, said = 0.3, 50, 0
    rng, moment = np.random.default_rng(24), np.datetime64("2026-01-01").astype(object)
    for _ in range(runs):
        is_member = rng.random(600) < 0.5
        approved = rng.random((2, 600)) < np.where(is_member, 0.4, 0.8)
        kinds = np.where(np.where(is_member, approved, approved[0]), "approve", "deny").T.tolist()
        race = np.where(is_member, '{"race": "Black"}', '{"race": "white"}').tolist()
        applications = [ShadowedApplication(moment, *pair, text) for pair, text in zip(kinds, race, strict=True)]
        looks = [judge_challenger(applications[:n], make_groups(), 0.8, Alphas(alpha, 0.01)) for n in (200, 400, 600)]
        said += any(look.ratios.list_better() or look.ratios.list_worse() for look in looks)
    assert said <= alpha * runs

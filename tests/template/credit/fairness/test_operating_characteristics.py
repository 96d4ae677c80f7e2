"""How often the gate is wrong, by the product's own code: random tables judged one by one, and many at once."""

import re

import numpy as np
import pytest
from fairness_rows import PARAMS, SCREEN, TODAY, counted, policy, rules

from credit.fairness.counts import PeopleCounts
from credit.fairness.findings import judge_fairness
from credit.fairness.policies import Limit
from credit.fairness.power.operating_characteristics import (
    compute_operating_characteristics,
    draw_fair_tables,
    judge_tables,
    thin_approvals,
)
from credit.fairness.verdicts import judge_groups
from testing.lenders.frozen import ROOT

SHARES = {
    "race": [0.60, 0.12, 0.15, 0.07, 0.02, 0.02, 0.02],
    "gender": [0.50, 0.48, 0.01, 0.01],
    "schooling": [0.40, 0.30, 0.20, 0.06, 0.04],
    "age": [0.70, 0.20, 0.10],
}
"""15 groups beside the references, in 4 attributes."""


def fair(n: int, approval: float) -> PeopleCounts:
    """A table in which everybody is treated alike; as many have a favourable outcome as are approved."""
    people, groups = {}, {}
    cells = np.array([[0.4 * (1 - approval), 0, 0.6 * (1 - approval)], [approval - 0.4 * (1 - approval), 0, 0]])
    cells[1, 2] = 1 - cells.sum()
    for name, shares in SHARES.items():
        sizes = np.round(np.array(shares) * n)
        people[name,] = np.round(sizes[:, None, None] * cells).astype(np.int64)
        groups[name] = tuple(f"{name} {number}" for number in range(len(shares)))
    return PeopleCounts(groups, people, {key: np.zeros((len(table), 2, 3)) for key, table in people.items()})


@pytest.mark.parametrize("n", [600, 2000, 6000])
@pytest.mark.parametrize("approval", [0.5, 0.75, 0.9])
def test_a_fair_candidate_is_hardly_ever_stopped(n: int, approval: float) -> None:
    """The point rule stopped 79% at 600 people and an approval of 50%; promised is 5% at most."""
    found = compute_operating_characteristics(fair(n, approval), SCREEN, rules(), tables=1000)
    assert found is not None
    assert found.fair_blocked <= 0.05


def test_the_table_in_the_documentation_has_these_figures() -> None:
    shown = re.findall(
        r"^\| ([\d,]+) \| (\d+)% ((?:\| \d+% ){4})\|$", (ROOT / "docs/fairness.md").read_text(), re.MULTILINE
    )
    assert len(shown) == 5
    for people, approval, cells in shown:
        counts = fair(int(people.replace(",", "")), int(approval) / 100)
        found, point = (
            compute_operating_characteristics(counts, SCREEN, rules(block_from=start))
            for start in ("unequal", "beyond")
        )
        assert found is not None
        assert point is not None
        of = {one.group: one.found for one in found.detected}
        figures = (found.fair_blocked, point.fair_blocked, of["race 1"], of["race 4"])
        assert [f"{figure:.0%}" for figure in figures] == re.findall(r"\d+%", cells)


@pytest.mark.parametrize(
    ("ratio", "group", "at_least"), [(0.75, "race 1", 0.89), (0.70, "race 1", 0.98), (0.60, "race 4", 0.89)]
)
def test_unequal_treatment_is_found(ratio: float, group: str, at_least: float) -> None:
    """Of 2,000 people at an approval of 75%: groups of 12% and of 2%; a quarter of the tables, 2 standard errors."""
    found = compute_operating_characteristics(fair(2000, 0.75), SCREEN, rules(planned_ratio=ratio), tables=4000)
    assert found is not None
    (detected,) = [one.found for one in found.detected if one.group == group]
    assert detected >= at_least - 2 * np.sqrt(at_least * (1 - at_least) / 1000)


@pytest.mark.parametrize("block_from", ["unequal", "beyond", "undecided"])
@pytest.mark.parametrize("ratio", [1.0, 0.75])
def test_many_tables_at_once_are_judged_as_each_by_itself(block_from: str, ratio: float) -> None:
    """Also with a limit on the other side, groups of few people, and some that nobody of is approved."""
    limits = {
        "adverse_impact_ratio": Limit(at_least=0.8, at_most=1.25, source="a test"),
        "true_positive_rate_difference": Limit(at_least=-0.1, source="a test"),
    }
    counts, chosen = fair(300, 0.6), rules(block_from=block_from)
    rng = np.random.default_rng(1)
    drawn = draw_fair_tables(counts, ("race",), 60, rng)
    drawn[:2] = thin_approvals(drawn[:2], ratio, rng)
    blocking = judge_tables(drawn, limits, chosen, 0.0).find_blocking(chosen)
    names = counts.groups["race"]
    for number, blocks in enumerate(blocking):
        table = PeopleCounts({"race": names}, {("race",): drawn[:, number]}, {("race",): np.zeros((len(names), 2, 3))})
        judged = judge_groups(table, [("race",)], policy(**limits), chosen)
        assert [one.action == "block" for one in judged] == blocks.tolist()


def test_drawn_tables_have_the_people_and_the_rates_of_the_table_at_hand() -> None:
    counts = counted((300, 400), (150, 200), (0, 0), (45, 60))
    drawn = draw_fair_tables(counts, ("race",), 500, np.random.default_rng(0))
    assert (drawn.sum((-1, -2)) == np.array([[400], [200], [60]])).all()
    assert drawn[..., 1, 0].sum() / drawn.sum() == pytest.approx(0.75, abs=0.003)
    thinned = thin_approvals(drawn, 0.5, np.random.default_rng(0))
    assert (thinned.sum((-1, -2)) == drawn.sum((-1, -2))).all()
    assert thinned[1, ..., 0].sum() / drawn[1, ..., 0].sum() == pytest.approx(0.5, abs=0.01)
    assert (thinned[[0, 2]] == drawn[[0, 2]]).all()


def test_where_nothing_gates_or_nobody_is_compared_there_is_nothing_to_tell() -> None:
    scores = policy(standardized_mean_difference=Limit(at_least=-0.5, source="a test"))
    assert compute_operating_characteristics(fair(600, 0.5), policy("nothing"), rules()) is None
    assert compute_operating_characteristics(fair(600, 0.5), scores, rules()) is None
    assert compute_operating_characteristics(counted((30, 50)), policy(), rules()) is None
    assert compute_operating_characteristics(counted((0, 0), (0, 0)), policy(), rules()) is None


def test_the_same_table_gives_the_same_figures_and_pairs_count_where_they_gate() -> None:
    counts = fair(600, 0.75)
    twice = [compute_operating_characteristics(counts, SCREEN, PARAMS.rules, tables=200) for _ in range(2)]
    assert twice[0] == twice[1]
    assert twice[0] is not None
    assert len(twice[0].detected) == 15


def test_a_policy_that_stops_everything_is_told_to_stop_everything() -> None:
    """A reference of eight people blocks; so does each figure where a third do not disclose and only a pass goes."""
    for counts, chosen in (
        (counted((6, 8), (700, 900)), rules()),
        (hide(counted((700, 900), (150, 200)), 550), rules(block_from="undecided")),
    ):
        assert judge_fairness(counts, policy(), chosen, "a", {}, TODAY).blocks
        found = compute_operating_characteristics(counts, policy(), chosen, tables=100)
        assert found is not None
        assert found.fair_blocked == 1.0


def hide(counts: PeopleCounts, people: int) -> PeopleCounts:
    """Add so many people who do not disclose, all approved."""
    table = np.concatenate([counts.people["race",], np.array([[[0, 0, 0], [people, 0, 0]]])])
    scores = np.concatenate([counts.scores["race",], np.zeros((1, 2, 3))])
    return PeopleCounts({"race": (*counts.groups["race"], "undisclosed")}, {("race",): table}, {("race",): scores})

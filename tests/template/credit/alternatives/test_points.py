"""A point is measured like a candidate, by every limit, and its worst group is one that is surely treated worse."""

from collections.abc import Sequence

import numpy as np
import pytest
import yaml

from credit.alternatives.choice import confirm_choice
from credit.alternatives.models import reweigh
from credit.alternatives.params import FindAlternativesParams
from credit.alternatives.points import (
    Gates,
    GroupFigure,
    JudgedPeople,
    average_counts,
    compute_headroom,
    count_judged,
    find_worst_groups,
)
from credit.alternatives.sweep import MeasuredPoint, measure_sweep
from credit.alternatives.variants import list_blends, list_variants
from credit.contract import load_contract
from credit.evaluation.metrics import UnitValues
from credit.fairness.counts import PeopleCounts
from credit.fairness.policies import Fairness
from credit.reports.alternatives import GatedFigure, PointFigures
from credit.training.train import TrainParams
from testing.lenders.frozen import LENDER

PARAMS = yaml.safe_load((LENDER / "params.yaml").read_text())
FAIRNESS = Fairness.model_validate(PARAMS["fairness"])
GATES = Gates(FAIRNESS.chosen_policy, FAIRNESS.rules, UnitValues(**PARAMS["evaluate"]["unit_values"]))
SEARCH = FindAlternativesParams.model_validate(PARAMS["find_alternatives"])
TRAIN = TrainParams.model_validate(PARAMS["train"])
CONTRACT = load_contract(LENDER / "data/contracts/loanapp.yaml")
GROUPS = {"race": ("white", "Black", "other", "undisclosed")}


def draw_people(sizes: Sequence[int]) -> JudgedPeople:
    codes = np.repeat(np.arange(len(sizes)), sizes).astype(np.int8)
    return JudgedPeople(GROUPS, {"race": codes}, np.arange(len(codes)) % 10 > 0)


def decide(people: JudgedPeople, shares: Sequence[float]) -> np.ndarray:
    """Approve this share of each group, favourable labels first."""
    decisions = np.full(len(people.favourable), 2)
    for code, share in enumerate(shares):
        members = np.flatnonzero(people.codes["race"] == code)
        first = members[np.argsort(~people.favourable[members], kind="stable")]
        decisions[first[: round(share * len(members))]] = 0
    return decisions


def find_worst(counts: PeopleCounts) -> tuple[GroupFigure | None, tuple[GatedFigure, ...]]:
    return find_worst_groups([counts], GATES)[0]


def test_thirteen_people_decide_nothing() -> None:
    """Of 13 people 8 are approved, .68 of the rate of white ones: by chance, as .75 of 400 people is not."""
    people = draw_people([2000, 400, 13])
    decisions = decide(people, [0.9, 0.675, 0.62])
    ratio, gated = find_worst(count_judged(people, decisions * -0.1 + 1, decisions, GATES.policy))
    assert ratio is not None
    assert ratio.name == "race: Black"
    assert ratio.value == pytest.approx(0.75)
    assert gated[0].group == "race: Black"
    assert not gated[0].within
    fair = decide(people, [0.9, 0.9, 0.62])
    ratio, _ = find_worst(count_judged(people, fair * -0.1 + 1, fair, GATES.policy))
    assert ratio is not None
    assert ratio.name == "race: other"  # nobody else fares worse


def test_undisclosed_people_and_groups_below_the_smallest_denominator_are_no_worst_group() -> None:
    people = draw_people([2000, 400, 9, 300])
    decisions = decide(people, [0.9, 0.8, 0.0, 0.1])
    ratio, _ = find_worst(count_judged(people, decisions * -0.1 + 1, decisions, GATES.policy))
    assert ratio is not None
    assert ratio.name == "race: Black"


def test_every_limit_of_the_policy_has_a_figure() -> None:
    people = draw_people([2000, 400, 100])
    decisions = decide(people, [0.9, 0.8, 0.7])
    _, gated = find_worst(count_judged(people, decisions * -0.1 + 1, decisions, GATES.policy))
    assert {one.measure for one in gated} == {name for name, limit in GATES.policy.limits.items() if limit.gated}


@pytest.mark.parametrize(
    ("measure", "value", "limit", "headroom"),
    [
        ("adverse_impact_ratio", 1, 0.8, 1),
        ("adverse_impact_ratio", 0.8, 0.8, 0),
        ("adverse_impact_ratio", 1.25, 0.8, 0),
        ("adverse_impact_ratio", 0.7, 0.8, -0.5),
        ("adverse_impact_ratio", 1.25, 1.25, 0),
        ("true_positive_rate_difference", 0, -0.1, 1),
        ("true_positive_rate_difference", -0.1, -0.1, 0),
        ("true_positive_rate_difference", 0.05, -0.1, 0.5),
        ("true_positive_rate_difference", -0.2, -0.1, -1),
    ],
)
def test_headroom_is_1_at_parity_and_0_at_the_limit(measure: str, value: float, limit: float, headroom: float) -> None:
    assert compute_headroom(measure, value, limit) == pytest.approx(headroom)


def test_several_partitions_are_averaged_and_are_not_more_people() -> None:
    people = draw_people([2000, 400])
    counts = [
        count_judged(people, decisions * -0.1 + 1, decisions, GATES.policy)
        for decisions in (decide(people, [0.9, 0.6]), decide(people, [0.9, 0.8]))
    ]
    (ratio, _), (alone, _) = find_worst_groups([average_counts(counts), counts[1]], GATES)
    assert ratio is not None
    assert alone is not None
    assert ratio.value == pytest.approx(0.7 / 0.9)
    assert ratio.high - ratio.low > 0.9 * (alone.high - alone.low)


def test_the_whole_is_measured_beside_both_halves() -> None:
    people = draw_people([2000, 400, 100])
    scores = np.random.default_rng(0).random(2500)
    half = np.arange(2500) % 2 == 0
    (point,) = measure_sweep(people, half, [scores, scores], [0.8], 0.05, GATES)
    (alone,) = measure_sweep(people, half, [scores], [0.8], 0.05, GATES)
    assert point == alone
    mean = np.mean([one.expected_value for one in point.halves])
    assert point.whole.expected_value == pytest.approx(mean)
    assert point.whole.approval_rate == pytest.approx(0.8, abs=0.001)


def figures(quality: float, ratio: float) -> PointFigures:
    return PointFigures(
        roc_auc=None,
        approval_rate=0.8,
        referral_rate=0,
        expected_value=quality,
        accuracy=0.8,
        adverse_impact_ratio=ratio,
        adverse_impact_ratio_interval=(0.1, 1.0),
        group="race: Black",
    )


def test_a_choice_that_was_luck_on_one_half_is_measured_on_the_other() -> None:
    """Two points, each of which looks fair on one half only: chosen there, they are measured where they are not."""
    trained = MeasuredPoint(figures(0.6, 0.7), (figures(0.6, 0.7), figures(0.6, 0.7)))
    lucky = [
        MeasuredPoint(figures(0.59, 0.8), (figures(0.59, 0.95), figures(0.59, 0.65))),
        MeasuredPoint(figures(0.59, 0.8), (figures(0.59, 0.65), figures(0.59, 0.95))),
    ]
    (confirmed,) = confirm_choice([trained, *lucky], 1, SEARCH)
    assert confirmed.mark == "alternative"
    assert confirmed.adverse_impact_ratio == pytest.approx(0.65)
    assert confirmed.loss == pytest.approx(0.01)


def test_reweighed_people_show_no_relation_of_group_and_label() -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(-1, 3, 1000)
    y = rng.random(1000) < 0.3 + 0.2 * codes
    weights = reweigh(codes, y)
    assert (weights[codes == -1] == 1).all()
    for code in range(3):
        assert np.average(y[codes == code], weights=weights[codes == code]) == pytest.approx(y.mean(), abs=1e-12)


def test_without_leave_nothing_is_searched_whose_training_reads_protected_attributes() -> None:
    allowed = {one.candidate for one in list_variants(SEARCH, TRAIN, CONTRACT)}
    assert {"fair_logistic", "reweighed_logistic"} <= allowed
    refused = SEARCH.model_copy(update={"read_protected": False})
    variants = list_variants(refused, TRAIN, CONTRACT)
    assert {one.candidate for one in variants} == {"logistic", "random_forest"}
    assert list_blends(refused, variants) == []

import json

import numpy as np
import pytest
from scenario_files import changed

from scenario.expected import compute_expected
from scenario.params import Bias, ScenarioParams

STORIES = {
    "no bias": changed(),
    "the default story": changed(bias={}),
    "strong bias, more non-binary people, half the risk gap": changed(
        bias={"score": {"woman": 25, "non-binary": 60, "Asian": 15}, "label": {"woman": 0.1, "no degree": 0.05}},
        risk_gap=0.5,
        non_binary=0.1,
        undisclosed=0.2,
    ),
    "every drift": changed(
        drift={"covariate": -0.6, "concept": 0.5, "group_mix": 0.6, "missingness": 0.3, "starts": 0.2}
    ),
}


@pytest.mark.parametrize("story", STORIES)
def test_the_expected_figures_are_found_in_a_big_draw(draw, story):
    knobs = STORIES[story]
    frame = draw(knobs)
    truth = compute_expected(knobs)
    for attribute, groups in truth["groups"].items():
        labels = frame[attribute].fillna("undisclosed")
        for group, told in groups.items():
            own = frame[labels == group]
            repaid = own[own.repaid == 1]
            for key, found, count in (
                ("share", len(own) / len(frame), len(frame)),
                ("favourable_rate", own.repaid.mean(), len(own)),
                ("really_repaid_rate", own.really_repaid.mean(), len(own)),
                ("selection_rate", own.approved.mean(), len(own)),
                ("referral_rate", own.credit_score.isna().mean(), len(own)),
                ("true_positive_rate", repaid.approved.mean(), len(repaid)),
            ):
                error = np.sqrt(told[key] * (1 - told[key]) / count)
                assert abs(found - told[key]) < 4.5 * error, (attribute, group, key, found, told[key])


def test_without_bias_every_group_is_at_parity_at_equal_risk():
    for attribute, groups in compute_expected(ScenarioParams(bias=Bias.parity()))["groups"].items():
        for group, told in groups.items():
            assert told["at_equal_risk"]["adverse_impact_ratio"] == pytest.approx(1, abs=1e-9), (attribute, group)
            assert told["at_equal_risk"]["true_positive_rate_gap"] == pytest.approx(0, abs=1e-9), (attribute, group)


def test_without_bias_races_differ_only_because_risks_do():
    races = compute_expected(ScenarioParams(bias=Bias.parity()))["groups"]["race"]
    assert races["Black"]["adverse_impact_ratio"] < 0.8
    assert compute_expected(ScenarioParams(bias=Bias.parity(), risk_gap=0))["groups"]["race"]["Black"][
        "adverse_impact_ratio"
    ] == pytest.approx(1)


@pytest.mark.parametrize(
    ("attribute", "group"),
    [("race", "Black"), ("gender", "non-binary"), ("gender", "woman"), ("education", "no degree")],
)
def test_more_score_bias_is_a_lower_ratio_and_a_wider_gap_for_that_group(attribute, group):
    def figures(points):
        knobs = ScenarioParams(bias={**Bias.parity().model_dump(), "score": {group: points}})
        return compute_expected(knobs)["groups"][attribute][group]["at_equal_risk"]

    told = [figures(points) for points in (0, 15, 30, 60)]
    assert sorted((t["adverse_impact_ratio"] for t in told), reverse=True) == [t["adverse_impact_ratio"] for t in told]
    assert told[-1]["true_positive_rate_gap"] < -0.15


def test_undisclosed_is_a_group_like_everybody():
    truth = compute_expected(ScenarioParams())
    told = truth["groups"]["race"]["undisclosed"]
    assert told["share"] == pytest.approx(0.03)
    assert told["selection_rate"] == pytest.approx(truth["overall"]["selection_rate"])
    assert set(truth["groups"]["education"]) == {"degree", "no degree"}


def test_a_group_of_nobody_has_no_rate_instead_of_zero():
    groups = compute_expected(ScenarioParams(non_binary=0, undisclosed=0))["groups"]["gender"]
    for name in ("non-binary", "undisclosed"):
        assert groups[name]["share"] == 0
        assert groups[name]["selection_rate"] is None
        assert groups[name]["adverse_impact_ratio"] is None


def test_expected_figures_do_not_depend_on_rows_or_seed_and_are_json():
    assert compute_expected(ScenarioParams(rows=10, seed=1)) == compute_expected(ScenarioParams(rows=999, seed=2))
    assert json.loads(json.dumps(compute_expected(ScenarioParams()))) == compute_expected(ScenarioParams())


def test_shares_of_the_groups_of_an_attribute_add_up_to_one():
    for groups in compute_expected(ScenarioParams())["groups"].values():
        assert sum(told["share"] for told in groups.values()) == pytest.approx(1)

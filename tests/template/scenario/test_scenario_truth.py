import json
from collections import Counter

import numpy as np
import pytest
from scenario_files import changed

from credit.reports.figures import group_key, split_group_key
from credit.reports.provenance import ExpectedMeasurement
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
    params = STORIES[story]
    frame = draw(params)
    truth = compute_expected(params)
    for key, expected in truth.groups.items():
        attribute, group = split_group_key(key)
        own = frame[frame[attribute].fillna("undisclosed") == group]
        repaid = own[own.repaid == 1]
        for figure, found, count in (
            ("share", len(own) / len(frame), len(frame)),
            ("favourable_rate", own.repaid.mean(), len(own)),
            ("really_repaid_rate", own.really_repaid.mean(), len(own)),
            ("selection_rate", own.approved.mean(), len(own)),
            ("referral_rate", own.credit_score.isna().mean(), len(own)),
            ("true_positive_rate", repaid.approved.mean(), len(repaid)),
        ):
            value = getattr(expected, figure)
            assert abs(found - value) < 4.5 * np.sqrt(value * (1 - value) / count), (key, figure, found, value)


def test_without_bias_every_group_is_at_parity_at_equal_risk():
    for key, expected in compute_expected(ScenarioParams(bias=Bias.parity())).groups.items():
        assert expected.at_equal_risk.adverse_impact_ratio == pytest.approx(1, abs=1e-9), key
        assert expected.at_equal_risk.true_positive_rate_gap == pytest.approx(0, abs=1e-9), key


def test_without_bias_races_differ_only_because_risks_do():
    as_published, equal = (
        compute_expected(ScenarioParams(bias=Bias.parity(), risk_gap=gap)).groups["race: Black"] for gap in (1, 0)
    )
    assert as_published.adverse_impact_ratio < 0.8
    assert equal.adverse_impact_ratio == pytest.approx(1)


@pytest.mark.parametrize(
    ("attribute", "group"),
    [("race", "Black"), ("gender", "non-binary"), ("gender", "woman"), ("education", "no degree")],
)
def test_more_score_bias_is_a_lower_ratio_and_a_wider_gap_for_that_group(attribute, group):
    def figures(points):
        params = ScenarioParams(bias={**Bias.parity().model_dump(), "score": {group: points}})
        return compute_expected(params).groups[group_key(attribute, group)].at_equal_risk

    found = [figures(points) for points in (0, 15, 30, 60)]
    ratios = [one.adverse_impact_ratio for one in found]
    assert sorted(ratios, reverse=True) == ratios
    assert found[-1].true_positive_rate_gap < -0.15


def test_undisclosed_is_a_group_like_everybody():
    truth = compute_expected(ScenarioParams())
    expected = truth.groups["race: undisclosed"]
    assert expected.share == pytest.approx(0.03)
    assert expected.selection_rate == pytest.approx(truth.everybody.selection_rate)
    assert [key for key in truth.groups if key.startswith("education")] == ["education: degree", "education: no degree"]


def test_a_group_of_nobody_has_no_rate_instead_of_zero():
    groups = compute_expected(ScenarioParams(non_binary=0, undisclosed=0)).groups
    for key in ("gender: non-binary", "gender: undisclosed"):
        assert groups[key].share == 0
        assert groups[key].selection_rate is None
        assert groups[key].adverse_impact_ratio is None


def test_expected_figures_do_not_depend_on_rows_or_seed_and_are_json():
    assert compute_expected(ScenarioParams(rows=10, seed=1)) == compute_expected(ScenarioParams(rows=999, seed=2))
    expected = compute_expected(ScenarioParams())
    assert ExpectedMeasurement.model_validate(json.loads(json.dumps(expected.dump()))) == expected


def test_shares_of_the_groups_of_an_attribute_add_up_to_one():
    shares = Counter()
    for key, expected in compute_expected(ScenarioParams()).groups.items():
        shares[split_group_key(key)[0]] += expected.share
    assert shares == pytest.approx({"race": 1, "gender": 1, "education": 1, "age_band": 1})

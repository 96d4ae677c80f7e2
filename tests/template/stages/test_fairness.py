"""Each candidate is judged on the people that it decided about, whatever the group."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from credit.common.errors import CreditError
from credit.evaluation.predictions import Predictions
from credit.fairness.counts import count_predictions
from credit.fairness.policies import Fairness
from credit.fairness.waivers import Waiver
from credit.reports.fairness import FairnessReport
from stages.fairness import judge_candidate
from testing.lenders.frozen import LENDER
from testing.lenders.people import SCORE, make_contract
from testing.projects import Project

PARAMS = Fairness.model_validate(yaml.safe_load((LENDER / "params.yaml").read_text())["fairness"])
CONTRACT = make_contract(score=SCORE)
TODAY = date(2026, 1, 1)


GROUPS = ["white", "Black"]


def people(white: int, black: int, each: int = 1000) -> Predictions:
    """So many of each 100 people approved in each group; nine in ten of everybody pay."""
    approved = np.array([i % 100 < rate for rate in (white, black) for i in range(each)])
    return Predictions(
        pd.DataFrame({"race": np.repeat(GROUPS, each)}),
        np.zeros(2 * each, np.int64),
        np.arange(2 * each) % 10 > 0,
        np.where(approved, 0.9, 0.4),
        np.where(approved, "approve", "deny"),
    )


def judge(told: Predictions, **waivers: Waiver) -> FairnessReport:
    content = judge_candidate(count_predictions(CONTRACT, told), PARAMS, "heuristic", waivers, TODAY, "test rows")
    json.dumps(content.dump(), allow_nan=False)
    return content


def test_a_known_ratio_is_found_and_a_gap_that_large_blocks() -> None:
    content = judge(people(90, 45))
    assert content.blocks
    assert content.verdict == content.attributes["race"].verdict == "fail"
    assert content.groups["race: Black"].adverse_impact_ratio == pytest.approx(0.5)
    assert (ratio := content.lowest_adverse_impact_ratio)
    assert ratio.group == "Black"
    failed = [finding for finding in content.findings if finding.verdict == "fail"]
    assert {finding.group for finding in failed} == {"Black"}


def test_equal_treatment_of_enough_people_passes() -> None:
    content = judge(people(80, 80))
    assert not content.blocks
    assert content.verdict == "pass"
    verdicts = {(f.group, f.measure): f.verdict for f in content.findings}
    assert verdicts["Black", "adverse_impact_ratio"] == "pass"


def test_the_report_has_everybody_and_no_figure_that_is_not_a_number() -> None:
    told = people(90, 60)
    told.people.loc[:49, "race"] = None
    content = judge(told)
    assert sum(of.people for of in content.groups.values()) == 2000
    assert content.groups["race: undisclosed"].people == 50


@pytest.mark.parametrize(("white", "black", "verdict"), [(100, 100, "pass"), (0, 0, "not assessable")])
def test_a_candidate_that_approves_everybody_or_nobody_has_a_verdict(white: int, black: int, verdict: str) -> None:
    """Of nobody there is no ratio: the true positive rates, 0 and 0, are alike, but one figure is missing."""
    content = judge(people(white, black))
    assert content.verdict == verdict
    if not white:
        assert content.lowest_adverse_impact_ratio is None
        assert "nobody of the reference white is approved" in content.findings[0].reason


def test_a_group_without_a_favourable_outcome_has_no_true_positive_rate() -> None:
    told = people(80, 80)
    told.favourable[1000:] = False
    content = judge(told)
    assert content.groups["race: Black"].true_positive_rate is None
    assert content.verdict == "not assessable"
    assert content.attributes["race"].not_assessable == ("Black",)


def test_an_attribute_with_one_group_has_nothing_to_compare() -> None:
    told = people(80, 80)
    told.people["race"] = "white"
    content = judge(told)
    assert content.verdict == "not assessable"
    assert content.lowest_adverse_impact_ratio is None


def test_people_without_a_score_are_counted_and_must_have_been_referred() -> None:
    told = people(80, 80)
    told.scores[:100] = np.nan
    with pytest.raises(CreditError, match="100 people without a score who were not referred"):
        judge(told)
    told.decisions[:100] = "refer"
    content = judge(told)
    assert content.groups["race: white"].unscored == 100
    assert content.groups["race: white"].mean_score is not None


def test_an_expired_waiver_stops_the_stage() -> None:
    waiver = Waiver(
        candidate="heuristic",
        attribute="race",
        group="Black",
        measure="adverse_impact_ratio",
        who="the committee",
        why="more data is on its way",
        until=date(2025, 12, 31),
    )
    with pytest.raises(CreditError, match="2025-12-31, which is past"):
        judge(people(80, 70, each=20), **{"waivers/a.yaml": waiver})


def test_a_policy_that_does_not_exist_is_an_error_of_one_line(finished: Project, tmp_path: Path) -> None:
    finished.edit("params.yaml", "policy: four_fifths_screen ", "policy: five_sixths ")
    command = ["data/contracts/loanapp.yaml", "data/predictions", "reports/predictions.json", "waivers", str(tmp_path)]
    done = finished.run("python", "-m", "stages", "fairness", *command, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: params.yaml: fairness")
    assert (
        "found the policy five_sixths, expected one of four_fifths_screen, equal_opportunity, report_only"
        in done.stderr
    )
    assert done.stderr.count("\n") == 1

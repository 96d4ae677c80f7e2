"""Quality gates: a figure that is missing never passes."""

import re
from typing import Any

import pytest

from credit.common.errors import CreditError
from credit.common.files import read_yaml
from credit.evaluation.gates import QualityGates, judge_quality
from credit.reports.metrics import CandidateMetrics, Metrics
from testing.lenders.frozen import LENDER

GATES = QualityGates.model_validate(
    {
        "lowest_roc_auc": 0.7,
        "highest_calibration_error": 0.05,
        "gain_over_rule": {"metric": "roc_auc", "by": 0.02},
        "against_production": {"metric": "roc_auc", "by": -0.01},
    }
)
FIGURES = Metrics.read(LENDER / Metrics.PATH).candidates["logistic"]


def figures(**changes: Any) -> CandidateMetrics:
    return FIGURES.model_copy(update=changes)


METRICS = {
    "heuristic": figures(roc_auc=0.75, calibration_error=0.02),
    "logistic": figures(roc_auc=0.80, calibration_error=0.03),
}


def judged(production: CandidateMetrics | None = None, **changes: Any) -> dict[str, bool]:
    own = METRICS["logistic"].model_copy(update=changes)
    return {one.gate: one.passes for one in judge_quality("logistic", METRICS | {"logistic": own}, GATES, production)}


def test_a_good_candidate_passes_every_gate() -> None:
    assert all(judged(figures(roc_auc=0.805)).values())
    assert len(judged(figures(roc_auc=0.805))) == 4


@pytest.mark.parametrize(
    ("change", "gate"),
    [
        ({"roc_auc": 0.69}, "roc_auc"),
        ({"calibration_error": 0.06}, "calibration_error"),
        ({"roc_auc": 0.76}, "roc_auc, gain over the rule"),
        ({"roc_auc": 0.78}, "roc_auc, change against production"),
    ],
)
def test_each_gate_stops_what_it_is_for(change: dict[str, float], gate: str) -> None:
    assert judged(figures(roc_auc=0.8), **change)[gate] is False


def test_a_missing_figure_fails() -> None:
    assert not judged(roc_auc=None)["roc_auc"]
    assert not judged(roc_auc=None)["roc_auc, gain over the rule"]


@pytest.mark.parametrize("value", ["NaN", "Infinity", '"0.9"', "true"])
def test_a_figure_that_is_no_number_never_comes_to_a_gate(value: str) -> None:
    text = (LENDER / Metrics.PATH).read_text()
    changed = re.sub(r'"roc_auc": [0-9.]+', f'"roc_auc": {value}', text, count=1)
    with pytest.raises(CreditError, match=r"metrics\.json"):
        Metrics.parse(changed, Metrics.PATH)


def test_a_candidate_without_figures_fails() -> None:
    found = judge_quality("forest", METRICS, GATES, None)
    assert not any(one.passes for one in found)
    assert "missing" in found[0].reason


def test_a_version_in_production_without_the_figure_fails_the_comparison() -> None:
    assert not judged(figures(roc_auc=None))["roc_auc, change against production"]


def test_without_a_version_in_production_there_is_no_such_gate() -> None:
    assert "roc_auc, change against production" not in judged()


def test_the_rule_need_not_be_better_than_itself() -> None:
    assert all(one.passes for one in judge_quality("heuristic", METRICS, GATES, None))


def test_a_figure_exactly_at_its_limit_passes() -> None:
    assert judged(roc_auc=0.77)["roc_auc, gain over the rule"]


def test_the_block_of_params_is_one() -> None:
    block = read_yaml(LENDER / "params.yaml")["choose"]["gates"]
    assert all(one.passes for one in judge_quality("logistic", METRICS, QualityGates.model_validate(block), None))

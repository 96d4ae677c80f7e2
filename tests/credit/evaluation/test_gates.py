"""Quality gates: a figure that is missing never passes."""

import json
from pathlib import Path
from typing import Any

import pytest

from credit.common.files import read_yaml
from credit.evaluation.gates import QualityGates, judge_quality

ROOT = Path(__file__).parents[3]
GATES = QualityGates.model_validate(
    {
        "lowest_roc_auc": 0.7,
        "highest_calibration_error": 0.05,
        "gain_over_rule": {"metric": "roc_auc", "by": 0.02},
        "against_production": {"metric": "roc_auc", "by": -0.01},
        "rule": "heuristic",
    }
)
METRICS: dict[str, dict[str, Any]] = {
    "heuristic": {"roc_auc": 0.75, "calibration_error": 0.02},
    "logistic": {"roc_auc": 0.80, "calibration_error": 0.03},
}


def judged(production: dict[str, Any] | None = None, **changes: Any) -> dict[str, bool]:
    made = judge_quality("logistic", METRICS | {"logistic": METRICS["logistic"] | changes}, GATES, production)
    json.dumps(made, allow_nan=False)
    assert made["passes"] == all(item["passes"] for item in made["findings"])
    return {item["gate"]: item["passes"] for item in made["findings"]}


def test_a_good_candidate_passes_every_gate() -> None:
    assert all(judged({"roc_auc": 0.805}).values())
    assert len(judged({"roc_auc": 0.805})) == 4


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
    assert judged({"roc_auc": 0.8}, **change)[gate] is False


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), "0.9", True])
def test_a_missing_figure_fails(value: object) -> None:
    assert not judged(roc_auc=value)["roc_auc"]
    assert not judged(roc_auc=value)["roc_auc, gain over the rule"]


def test_a_candidate_without_figures_fails() -> None:
    made = judge_quality("forest", METRICS, GATES, None)
    assert not made["passes"]
    assert "missing" in made["findings"][0]["reason"]


def test_a_version_in_production_without_the_figure_fails_the_comparison() -> None:
    assert not judged({})["roc_auc, change against production"]


def test_without_a_version_in_production_there_is_no_such_gate() -> None:
    assert "roc_auc, change against production" not in judged()


def test_the_rule_need_not_be_better_than_itself() -> None:
    assert judge_quality("heuristic", METRICS, GATES, None)["passes"]


def test_a_figure_exactly_at_its_limit_passes() -> None:
    assert judged(roc_auc=0.77)["roc_auc, gain over the rule"]


def test_the_block_of_params_is_one() -> None:
    block = read_yaml(ROOT / "params.yaml")["choose"]["gates"]
    assert judge_quality("logistic", METRICS, QualityGates.model_validate(block), None)["passes"]

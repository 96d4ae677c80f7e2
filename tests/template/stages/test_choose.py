"""The champion, and why the others are out."""

import pytest
import yaml
from pydantic import ValidationError

from credit.choice.champion import ChooseParams, choose_champion
from credit.reports.fairness import FairnessReport
from credit.reports.metrics import CandidateMetrics, Metrics
from testing.lenders.frozen import LENDER

PARAMS = ChooseParams.model_validate(yaml.safe_load((LENDER / "params.yaml").read_text())["choose"])
FIGURES = Metrics.read(LENDER / Metrics.PATH).candidates["logistic"]
JUDGED = FairnessReport.read(LENDER / FairnessReport.locate("logistic"))
RATIO = JUDGED.lowest_adverse_impact_ratio


def metrics(**auc: float | None) -> dict[str, CandidateMetrics]:
    values = {"heuristic": 0.7, "logistic": 0.8, "random_forest": 0.9} | auc
    rest = {"calibration_error": 0.02, "approval_rate": 0.8}
    return {name: FIGURES.model_copy(update={"roc_auc": value} | rest) for name, value in values.items()}


def fairness(*blocked: str) -> dict[str, FairnessReport]:
    assert RATIO is not None
    ratios = {"heuristic": 0.9, "logistic": 0.8, "random_forest": 0.7}
    return {
        name: JUDGED.model_copy(
            update={
                "verdict": "fail" if name in blocked else "pass",
                "findings": (
                    JUDGED.findings[0].model_copy(
                        update={"blocks": name in blocked, "reason": f"{name} is unequal."},
                    ),
                ),
                "lowest_adverse_impact_ratio": RATIO.model_copy(update={"value": ratio}),
            }
        )
        for name, ratio in ratios.items()
    }


def test_the_best_that_passes_every_gate_goes_forward() -> None:
    choice = choose_champion(PARAMS, metrics(), fairness())
    assert choice.champion == "random_forest"
    assert choice.why == "the best roc_auc of those that pass every gate"


def test_the_most_accurate_does_not_go_forward_when_it_treats_groups_unequally() -> None:
    choice = choose_champion(PARAMS, metrics(), fairness("random_forest"))
    assert choice.champion == "logistic"
    assert choice.candidates["random_forest"].against == ("random_forest is unequal.",)


def test_the_rule_goes_forward_when_nobody_may_and_the_report_says_why_each_is_out() -> None:
    choice = choose_champion(PARAMS, metrics(), fairness("heuristic", "logistic", "random_forest"))
    assert choice.champion == "heuristic"
    assert choice.why == "the incumbent: no candidate passes every gate"
    assert all(told.against for told in choice.candidates.values())


def test_a_model_that_is_no_better_than_the_rule_has_not_earned_its_place() -> None:
    choice = choose_champion(PARAMS, metrics(logistic=0.69, random_forest=0.5), fairness())
    assert choice.champion == "heuristic"
    assert len(choice.candidates["logistic"].against) == 1


def test_a_missing_figure_is_a_gate_that_fails() -> None:
    choice = choose_champion(PARAMS, metrics(random_forest=None), fairness())
    assert choice.champion == "logistic"
    assert "roc_auc is missing." in choice.candidates["random_forest"].against


def test_a_model_that_approves_nobody_does_not_go_forward_because_nothing_speaks_against_it() -> None:
    figures = metrics()
    figures["random_forest"] = figures["random_forest"].model_copy(update={"approval_rate": 0.0})
    choice = choose_champion(PARAMS, figures, fairness())
    assert choice.champion == "logistic"
    assert choice.candidates["random_forest"].against[0].startswith("it approves nobody")


@pytest.mark.parametrize("metric", ["log_loss", "brier", "bad_rate", "roc_auc_interval", "rows", "nonsense"])
def test_only_figures_of_which_more_is_better_choose(metric: str) -> None:
    for block in ({"metric": metric}, {"gates": {"gain_over_rule": {"metric": metric, "by": 0.0}}}):
        content = PARAMS.model_dump()
        content |= {"metric": metric} if "metric" in block else {"gates": content["gates"] | block["gates"]}
        with pytest.raises(ValidationError, match="expected_value"):
            ChooseParams.model_validate(content)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_limit_that_is_no_number_is_an_error(value: float) -> None:
    content = PARAMS.model_dump()
    content["gates"]["gain_over_rule"] = {"metric": "roc_auc", "by": value}
    with pytest.raises(ValidationError, match="finite"):
        ChooseParams.model_validate(content)


def test_the_best_and_the_fairest_stand_side_by_side() -> None:
    best, fairest = choose_champion(PARAMS, metrics(), fairness()).side_by_side
    assert (best.candidate, best.stands_out) == ("random_forest", ("the best roc_auc",))
    assert (best.roc_auc, best.lowest_adverse_impact_ratio, best.group) == (0.9, 0.7, "race: Black")
    assert (fairest.candidate, fairest.lowest_adverse_impact_ratio) == ("heuristic", 0.9)


def test_one_that_is_both_stands_alone() -> None:
    (only,) = choose_champion(PARAMS, metrics(heuristic=0.95), fairness()).side_by_side
    assert len(only.stands_out) == 2


def test_without_groups_to_compare_only_the_best_stands_out() -> None:
    unknown = {name: told.model_copy(update={"lowest_adverse_impact_ratio": None}) for name, told in fairness().items()}
    (only,) = choose_champion(PARAMS, metrics(), unknown).side_by_side
    assert only.group is None

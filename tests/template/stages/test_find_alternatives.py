"""The frontier is what nothing beats, and what it says of the candidates is what fairness says."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import ParameterGrid

from credit.common.candidate_names import CANDIDATE_NAMES, CandidateName
from credit.common.errors import CreditError
from credit.reports.alternatives import AlternativesReport, Point, PointFigures
from credit.reports.predictions import PredictionsReport
from credit.training.alternatives import (
    ApprovalShares,
    FindAlternativesParams,
    describe_point,
    expand_grid,
    find_baseline,
    find_fairest,
    format_command,
    mark_frontier,
    measure_auc,
    sweep_thresholds,
)
from credit.training.candidates import LogisticParams
from stages.find_alternatives import build_alternatives_report
from testing.lenders.frozen import LENDER
from testing.projects import Project

PARAMS = FindAlternativesParams(
    metric="accuracy",
    tolerated_loss=0.05,
    approval_shares=ApprovalShares(lowest=0.5, highest=0.9, step=0.1),
    logistic={"C": [0.1, 1]},
    random_forest={},
)


TRIED = AlternativesReport.read(LENDER / AlternativesReport.PATH).points[-1]
PREDICTED = PredictionsReport.read(LENDER / PredictionsReport.PATH)


def point(accuracy: float, ratio: float | None, **more: Any) -> Point:
    figures = {"accuracy": accuracy, "adverse_impact_ratio": ratio, "group": None if ratio is None else "race: Black"}
    settings = {"candidate": "logistic", "hyperparameters": {"C": 1.0}, "approval_share": 0.9, "mark": None}
    return TRIED.model_copy(update=settings | figures | more)


def figures(accuracy: float, ratio: float | None, **more: Any) -> PointFigures:
    of = point(accuracy, ratio, **more)
    return PointFigures(**{name: getattr(of, name) for name in PointFigures.model_fields})


@given(st.lists(st.tuples(st.booleans(), st.one_of(st.none(), st.integers(0, 5))), max_size=30))
def test_the_auc_is_that_of_scikit_learn_on_the_people_with_a_score(people: list[tuple[bool, int | None]]) -> None:
    y = np.array([favourable for favourable, _ in people], dtype=np.bool_)
    scores = np.array([np.nan if score is None else score for _, score in people])
    known = ~np.isnan(scores)
    auc = measure_auc(y, scores)
    if len(set(y[known])) < 2:
        assert auc is None
    else:
        assert auc == pytest.approx(roc_auc_score(y[known], scores[known]), abs=1e-12)


@pytest.mark.parametrize("grid", [{}, {"C": [1, 0.1]}, {"class_weight": [None, "balanced"], "C": [0.01, 0.1]}])
def test_the_grid_is_tried_in_the_order_of_scikit_learn(grid: dict[str, list[Any]]) -> None:
    trained = LogisticParams(C=9, class_weight=None)
    tried = [LogisticParams.model_validate(trained.model_dump() | values) for values in ParameterGrid(grid)]
    assert expand_grid("logistic", trained, grid) == [trained, *(one for one in tried if one != trained)]


@given(st.lists(st.tuples(st.integers(0, 5), st.one_of(st.none(), st.integers(0, 5))), max_size=30))
def test_the_frontier_is_what_no_point_beats(figures: list[tuple[int, int | None]]) -> None:
    """Against the definition itself, pair by pair; of equal points one is enough."""
    points = mark_frontier([point(a, r) for a, r in figures], "accuracy")
    on = {(p.accuracy, p.adverse_impact_ratio) for p in points if p.on_frontier}
    known = [(a, r) for a, r in figures if r is not None]
    unbeaten = {one for one in known if not any(o != one and o[0] >= one[0] and o[1] >= one[1] for o in known)}
    assert on == unbeaten


def test_the_fairest_within_the_tolerated_loss_is_suggested() -> None:
    baseline = point(0.9, 0.7)
    points = [baseline, point(0.85, 0.8), point(0.86, 0.75), point(0.84, 0.95), point(0.95, None)]
    assert find_fairest(points, baseline, PARAMS) == points[1]


def test_nothing_is_suggested_that_is_no_fairer_or_cannot_be_compared() -> None:
    baseline = point(0.9, 0.7)
    assert find_fairest([baseline, point(0.9, 0.7), point(0.7, 0.9)], baseline, PARAMS) is None
    assert find_fairest([point(0.9, 0.9)], point(0.9, None), PARAMS) is None


def test_better_than_the_reference_is_no_more_alike_than_worse() -> None:
    """Where the reference fares worst, treating people more alike lowers the ratio."""
    baseline = point(0.9, 1.2)
    points = [baseline, point(0.9, 1.5), point(0.88, 1.1), point(0.88, 0.8)]
    assert find_fairest(points, baseline, PARAMS) == points[2]
    assert find_fairest(points[:2], baseline, PARAMS) is None
    assert find_fairest([point(0.9, 0.0)], baseline, PARAMS) is None


def report(
    as_trained: Mapping[CandidateName, PointFigures], others: Sequence[Point], champion: str
) -> AlternativesReport:
    return build_alternatives_report(PARAMS, PREDICTED, as_trained, others, champion, {})


def trained(heuristic: float) -> dict[CandidateName, PointFigures]:
    """Figures of the candidates, the rule's accuracy as given; its lowest ratio is 0.9."""
    return {
        "heuristic": figures(heuristic, 0.9),
        "logistic": figures(0.9, 0.7),
        "random_forest": figures(0.8, 0.75),
    }


def test_the_report_says_what_was_found_and_how_to_try_it() -> None:
    content = report(trained(0.7), [point(0.88, 0.82)], "heuristic")
    assert "logistic has the best accuracy, 0.900" in content.finding
    assert "approving 90%, reaches 0.820 (race: Black) at accuracy 0.880" in content.finding
    assert content.command == "dvc exp run -S train.policy.approval_share=0.9 -S train.logistic.C=1.0"
    assert [one.mark for one in content.points] == ["champion", "candidate", "candidate", "alternative"]


def test_a_candidate_as_trained_can_be_the_fairest_and_needs_no_training() -> None:
    content = report(trained(0.89), [], "logistic")
    assert "heuristic as trained reaches 0.900" in content.finding
    assert content.command is None
    assert [one.mark for one in content.points] == ["candidate", "champion", "candidate"]


def test_without_a_group_to_compare_the_report_says_so() -> None:
    def told(approval_rate: float) -> str:
        same = figures(0.9, None, approval_rate=approval_rate)
        return report(dict.fromkeys(CANDIDATE_NAMES, same), [], "heuristic").finding

    assert told(0.5).endswith("; no group is large enough to compare.")
    assert told(0.0).endswith("; it approves nobody.")


def test_a_point_without_the_figure_is_worse_than_any_that_has_it() -> None:
    """A model that has scored people of one class alone has no AUC."""
    unknown, known = point(0.9, 0.9, roc_auc=None), point(0.9, 0.8, roc_auc=0.6)
    assert [one.on_frontier for one in mark_frontier([unknown, known], "roc_auc")] == [False, True]
    assert find_baseline([unknown, known], "roc_auc") is known


def test_a_sweep_approves_each_share_and_refers_no_more_than_the_budget() -> None:
    scores = np.random.default_rng(0).random(1000)
    for share, decisions in sweep_thresholds(scores, PARAMS.approval_shares.values, 0.15):
        assert (decisions == "approve").mean() == pytest.approx(share, abs=0.001)
        assert (decisions == "refer").mean() == pytest.approx(min(0.15, 1 - share), abs=0.001)


def test_shares_are_those_between_the_ends() -> None:
    assert PARAMS.approval_shares.values == [0.5, 0.6, 0.7, 0.8, 0.9]


def test_what_was_trained_is_tried_first_and_once() -> None:
    trained = LogisticParams(C=0.1, class_weight=None)
    assert [one.C for one in expand_grid("logistic", trained, {"C": [1, 0.1]})] == [0.1, 1]  # type: ignore[union-attr]
    with pytest.raises(CreditError, match=r"find_alternatives\.logistic"):
        expand_grid("logistic", trained, {"Cc": [1]})


def test_a_command_names_every_hyperparameter() -> None:
    assert format_command(point(1, 1, candidate="random_forest", hyperparameters={"min_samples_leaf": 5})) == (
        "dvc exp run -S train.policy.approval_share=0.9 -S train.random_forest.min_samples_leaf=5"
    )


def test_a_hyperparameter_that_is_not_set_is_null_in_the_command_and_not_a_word_of_python() -> None:
    one = point(1, 0.8, candidate="random_forest", hyperparameters={"max_depth": None, "class_weight": "balanced"})
    assert "train.random_forest.max_depth=null -S train.random_forest.class_weight=balanced" in str(format_command(one))
    assert "None" not in str(format_command(one)) + describe_point(one)


def test_candidates_as_trained_have_the_ratios_that_fairness_reports() -> None:
    content = json.loads((LENDER / "reports/alternatives.json").read_text())
    candidates = {one["candidate"]: one for one in content["points"] if one["mark"] in {"champion", "candidate"}}
    assert set(candidates) == set(CANDIDATE_NAMES)
    for name, one in candidates.items():
        fairness = json.loads((LENDER / f"reports/fairness/{name}.json").read_text())
        assert one["adverse_impact_ratio"] == fairness["lowest_adverse_impact_ratio"]["value"]
        assert one["adverse_impact_ratio_interval"] == fairness["lowest_adverse_impact_ratio"]["interval"]


def test_on_test_rows_the_search_trains_once_and_judges_those(finished: Project) -> None:
    finished.edit("params.yaml", "out_of_fold_up_to: 10000 ", "out_of_fold_up_to: 100 ")
    finished.edit("params.yaml", "min_samples_leaf: [5, 15]", "min_samples_leaf: [5]")
    finished.run("dvc", "repro", "--quiet", "find_alternatives")
    content = json.loads((finished.folder / "reports/alternatives.json").read_text())
    metrics = json.loads((finished.folder / "reports/metrics.json").read_text())
    assert (content["predictions"], content["rows"]) == ("test rows", metrics["logistic"]["rows"])
    as_trained = next(p for p in content["points"] if p["candidate"] == "logistic" and p["mark"])
    same = next(p for p in content["points"] if p["hyperparameters"] == {"C": 0.1})
    assert as_trained["roc_auc"] == same["roc_auc"] == metrics["logistic"]["roc_auc"]
    assert as_trained["expected_value"] == metrics["logistic"]["expected_value"]


def test_an_empty_list_of_values_is_told_and_an_empty_grid_tries_what_was_trained() -> None:
    block = PARAMS.model_dump()
    with pytest.raises(ValidationError, match="at least 1 item"):
        FindAlternativesParams.model_validate(block | {"logistic": {"C": []}})
    assert FindAlternativesParams.model_validate(block | {"logistic": {}}).logistic == {}

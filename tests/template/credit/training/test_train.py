"""Training: known coefficients found again, one interface, honest thresholds."""

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from credit.common.candidate_definition import list_definitions
from credit.common.errors import CreditError
from credit.contract import Contract, DataSource
from credit.contract.columns import Column
from credit.contract.rule import ApprovedSide, Rule
from credit.training.agreement import prove_shippable
from credit.training.skops_files import dump_estimator
from credit.training.train import TrainParams, list_candidate_features, train_candidate
from testing.lenders.small import PARAMS

RNG = np.random.default_rng(0)
ROWS = 4000
X = np.column_stack([RNG.normal(size=ROWS), RNG.normal(size=ROWS), RNG.normal(size=ROWS)]).astype(np.float32)
LOGIT = 1.0 + 1.5 * X[:, 0] - 0.7 * X[:, 1]
Y = RNG.random(ROWS) < 1 / (1 + np.exp(-LOGIT))


def make_rule(threshold: float, approve: ApprovedSide = "at_least") -> Rule:
    return Rule(sql="x", threshold=threshold, approve=approve)


def params(**changes: Any) -> TrainParams:
    small = {"random_forest": PARAMS["random_forest"] | {"n_estimators": 30}}
    return TrainParams.model_validate(PARAMS | small | changes)


@pytest.mark.parametrize("name", list_definitions())
def test_every_candidate_answers_with_probabilities_and_a_policy(name: str) -> None:
    groups = (X[:, [1]] > 0).astype(np.int64)
    trained = train_candidate(name, params(), X, Y, make_rule(0.0), groups=groups)
    scores = trained.estimator.predict_proba(X)[:, 1]
    assert scores.min() >= 0
    assert scores.max() <= 1
    policy = trained.policy
    assert policy.approve_from is not None
    assert 0 <= policy.refer_from <= policy.approve_from <= 1


def test_known_coefficients_are_found_again() -> None:
    trained = train_candidate("logistic", params(logistic={"C": 1e6, "class_weight": None}), X, Y, None)
    scaler, model = trained.estimator.named_steps["standardscaler"], trained.estimator.named_steps["logisticregression"]
    assert model.coef_[0] / scaler.scale_ == pytest.approx([1.5, -0.7, 0.0], abs=0.15)


def test_thresholds_are_set_on_scores_that_the_model_has_not_seen() -> None:
    """A forest of single leaves knows its training rows by heart: thresholds made on them would refuse too many."""
    settings = PARAMS["random_forest"] | {"n_estimators": 30, "min_samples_leaf": 1}
    trained = train_candidate("random_forest", params(random_forest=settings), X, Y, None)
    fresh = np.random.default_rng(1).normal(size=X.shape).astype(np.float32)
    approved = trained.estimator.predict_proba(fresh)[:, 1] >= trained.policy.approve_from
    assert approved.mean() == pytest.approx(Y.mean(), abs=0.02)
    in_sample = np.quantile(trained.estimator.predict_proba(X)[:, 1], 1 - Y.mean())
    assert (trained.estimator.predict_proba(fresh)[:, 1] >= in_sample).mean() != pytest.approx(Y.mean(), abs=0.02)


def test_the_approval_share_is_kept() -> None:
    policy = {"approval_share": 0.5, "referral_budget": 0.1}
    told = train_candidate("logistic", params(policy=policy), X, Y, None).cross_validated
    assert told.approved == pytest.approx(0.5, abs=0.002)
    assert told.referred == pytest.approx(0.1, abs=0.002)


def test_the_rule_takes_the_contracts_threshold_unless_params_say_otherwise() -> None:
    assert train_candidate("heuristic", params(), X, Y, make_rule(0.25)).hyperparameters.threshold == 0.25
    own = {"threshold": -1.0, "from_threshold": "approve"}
    assert train_candidate("heuristic", params(heuristic=own), X, Y, make_rule(0.25)).estimator.threshold == -1


def test_the_rule_denies_below_refers_without_a_score_and_approves_from_the_threshold_on() -> None:
    trained = train_candidate("heuristic", params(), X, Y, make_rule(0.0))
    scores = trained.estimator.predict_proba([[-1, 0, 0], [np.nan, 0, 0], [0, 0, 0]])[:, 1]
    assert trained.policy.decide(scores).tolist() == ["deny", "refer", "approve"]


def test_the_rule_can_leave_every_approval_to_an_analyst() -> None:
    own = {"threshold": None, "from_threshold": "refer"}
    trained = train_candidate("heuristic", params(heuristic=own), X, Y, make_rule(0.0))
    assert trained.policy.approve_from is None
    assert trained.cross_validated.approved == 0


def test_a_score_that_is_upside_down_is_an_error_that_says_what_to_write() -> None:
    with pytest.raises(CreditError, match=r"larger share of those who pass; .* may say `approve: at_most`"):
        train_candidate("heuristic", params(), -X, Y, make_rule(0.0))


def test_a_rule_by_which_less_is_better_is_the_rule_of_the_score_turned_round() -> None:
    up = train_candidate("heuristic", params(), X, Y, make_rule(0.25))
    down = train_candidate("heuristic", params(), -X, Y, make_rule(-0.25, "at_most"))
    assert (down.policy, down.cross_validated) == (up.policy, up.cross_validated)
    scores = down.estimator.predict_proba([[1, 0, 0], [np.nan, 0, 0], [-0.25, 0, 0]])[:, 1]
    assert down.policy.decide(scores).tolist() == ["deny", "refer", "approve"]
    with pytest.raises(CreditError, match=r"`approve: at_least`"):
        train_candidate("heuristic", params(), X, Y, make_rule(0.25, "at_most"))


def test_too_few_rows_of_a_class_for_the_folds_is_an_error() -> None:
    with pytest.raises(CreditError, match="found 3 rows of the rarer class, expected at least 5"):
        train_candidate("logistic", params(), X, np.arange(ROWS) > 2, None)


def test_a_search_finds_a_better_forest_and_tells_what_it_tried() -> None:
    grid = {"min_samples_leaf": [1, 1500], "n_estimators": [20]}
    search = PARAMS["search"] | {"enabled": True, "folds": 3, "random_forest": grid}
    trained = train_candidate("random_forest", params(search=search), X, Y, None)
    assert trained.hyperparameters.min_samples_leaf == 1
    assert trained.search.best == {"min_samples_leaf": 1, "n_estimators": 20}
    assert {row["min_samples_leaf"] for row in trained.search.tried} == {1, 1500}


def test_a_search_for_a_hyperparameter_that_is_not_there_is_an_error_before_it_starts() -> None:
    search = PARAMS["search"] | {"enabled": True, "logistic": {"Cc": [1]}}
    with pytest.raises(CreditError, match=r"train\.search\.logistic"):
        train_candidate("logistic", params(search=search), X, Y, None)


def test_without_a_score_there_is_no_rule() -> None:
    columns = {
        "x": Column(type="number", role="feature", description="d"),
        "paid": Column(type="boolean", role="label", favourable=True, description="d"),
    }
    contract = Contract(name="t", row="r", source=DataSource(title="t", licence="l", citation="c"), columns=columns)
    with pytest.raises(CreditError, match="found no column of role score and no rule, expected one of them"):
        list_candidate_features("heuristic", contract, ["x"], "contract.yaml")


def test_a_candidate_whose_training_reads_groups_is_stored_without_them() -> None:
    """The estimator is a plain regression that never saw a group; another choice of groups is another regression."""
    block = {"C": 0.1, "strength": 50, "class_weight": None}
    given = params(fair_logistic=block)
    groups = (X[:, [1]] > 0).astype(np.int64)
    trained = train_candidate("fair_logistic", given, X, Y, None, groups=groups)
    other = train_candidate("fair_logistic", given, X, Y, None, groups=(X[:, [2]] > 0).astype(np.int64))
    model = trained.estimator.steps[-1][1]
    assert type(model).__module__.startswith("sklearn.")
    assert not hasattr(model, "strength")
    assert abs(model.coef_[0][1]) < abs(other.estimator.steps[-1][1].coef_[0][1]) / 2
    prove_shippable("fair_logistic", trained.estimator, dump_estimator(trained.estimator), trained.policy, X, 0)


def test_a_candidate_whose_training_reads_groups_needs_leave() -> None:
    named = {"candidates": ["heuristic", "logistic", "fair_logistic"]}
    assert params(**named).candidates[-1] == "fair_logistic"
    with pytest.raises(ValidationError, match="whose training reads protected attributes"):
        params(**named, read_protected=False)


@pytest.mark.parametrize("searched", [False, True])
def test_folds_of_training_divide_no_group(searched: bool) -> None:
    """Each customer has four rows, one label by chance, and numbers by which a forest knows them again."""
    rng = np.random.default_rng(0)
    customers = np.repeat(np.arange(150), 4)
    known_by, label = rng.normal(size=(150, 3)), rng.random(150) < 0.6
    X, y = known_by[customers].astype(np.float32), label[customers]
    grids = {"random_forest": {"max_depth": [None, 12]}}
    search = {"enabled": searched, "folds": 3, "factor": 2, **grids}
    settings = PARAMS["random_forest"] | {"n_estimators": 50, "min_samples_leaf": 1}
    given = params(random_forest=settings, search=search)
    divided = train_candidate("random_forest", given, X, y, None)
    whole = train_candidate("random_forest", given, X, y, None, row_groups=customers)
    assert divided.cross_validated.roc_auc > 0.95
    assert whole.cross_validated.roc_auc == pytest.approx(0.5, abs=0.12)
    if searched:
        best = max(one["roc_auc"] for one in whole.search.tried)  # type: ignore[union-attr]
        assert best < 0.7

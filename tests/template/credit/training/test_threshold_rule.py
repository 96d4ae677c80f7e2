"""The heuristic is a scikit-learn estimator like the others."""

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from credit.training.threshold_rule import ThresholdRule


@parametrize_with_checks([ThresholdRule(), ThresholdRule(approve="at_most")])
def test_the_rule_passes_scikit_learns_own_checks(estimator: object, check: object) -> None:
    check(estimator)  # type: ignore[operator]


def test_the_rule_learns_the_shares_below_and_from_the_threshold_on() -> None:
    score = np.array([500, 500, 500, 500, 700, 700, 700, 700, 620])
    paid = np.array([1, 0, 0, 0, 1, 1, 1, 0, 1])
    rule = ThresholdRule(620).fit(score[:, None], paid)
    assert rule.share_failed_ == 0.25
    assert rule.share_passed_ == 0.8  # the threshold itself passes


def test_a_rule_by_which_less_is_better_passes_from_the_threshold_down() -> None:
    share = np.array([50, 50, 50, 50, 20, 20, 20, 20, 36.1, np.nan])
    paid = np.array([1, 0, 0, 0, 1, 1, 1, 0, 1, 0])
    rule = ThresholdRule(36.1, approve="at_most").fit(share[:, None], paid)
    assert (rule.share_failed_, rule.share_passed_) == (0.25, 0.8)
    assert rule.predict_proba([[36.2], [36.1], [np.nan]])[:, 1].tolist() == [0.25, 0.8, 0.525]


def test_a_missing_score_stands_halfway() -> None:
    rule = ThresholdRule(1).fit([[0], [0], [1], [1]], [0, 0, 1, 1])
    assert rule.predict_proba([[0], [np.nan], [1]])[:, 1].tolist() == [0, 0.5, 1]


def test_a_side_without_people_gets_the_share_of_all() -> None:
    rule = ThresholdRule(10).fit([[1], [2], [3], [4]], [0, 0, 0, 1])
    assert rule.share_passed_ == pytest.approx(0.25)


def test_the_rule_reads_only_its_column() -> None:
    X = np.array([[0.0, 5.0], [1.0, 5.0]])
    rule = ThresholdRule(1, column=0).fit(X, [0, 1])
    assert (rule.predict_proba([[1.0, -99.0]]) == rule.predict_proba([[1.0, 99.0]])).all()

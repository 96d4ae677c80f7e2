"""Figures of a ranking are scikit-learn's, whatever ties there are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from credit.evaluation.intervals import compute_roc_auc
from credit.evaluation.metrics import compute_ks
from credit.evaluation.ranking import compute_average_precision, count_at_thresholds

PEOPLE = st.lists(st.tuples(st.booleans(), st.integers(0, 8)), min_size=2, max_size=40).filter(
    lambda people: len({favourable for favourable, _ in people}) == 2
)


@given(PEOPLE)
def test_figures_of_a_ranking_are_those_of_scikit_learn(people: list[tuple[bool, int]]) -> None:
    y, scores = np.array([one for one, _ in people]), np.array([score / 8 for _, score in people])
    assert compute_average_precision(y, scores) == pytest.approx(average_precision_score(y, scores), abs=1e-12)
    assert compute_roc_auc(y, scores) == pytest.approx(roc_auc_score(y, scores), abs=1e-12)
    false_positive, true_positive, _ = roc_curve(y, scores)
    assert compute_ks(y, scores).value == pytest.approx((true_positive - false_positive).max(), abs=1e-12)


def test_equal_scores_are_one_threshold() -> None:
    counts = count_at_thresholds(np.array([True, False, True, False]), np.array([0.5, 0.9, 0.5, 0.1]))
    assert (counts.favourable.tolist(), counts.unfavourable.tolist()) == ([0, 2, 2], [1, 1, 2])

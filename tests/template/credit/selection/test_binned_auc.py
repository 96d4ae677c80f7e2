"""Cross-fitted AUCs from counts."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from credit.contract.columns import Column
from credit.selection.binned_auc import (
    AUC_BINS,
    AUC_FOLDS,
    assign_bins,
    compute_class_auc,
    compute_class_aucs,
    compute_rank_auc,
    count_bins,
    draw_folds,
    measure_guess,
)

NUMBER = Column(type="number", role="feature", description="a number", missing="allowed")
CATEGORY = Column(type="category", role="feature", description="letters", allowed=("a", "b"), missing="allowed")


def guess(values: pd.Series, classes: np.ndarray, column: Column = NUMBER) -> float:
    codes = assign_bins(values, column)
    return compute_class_auc(count_bins(codes, classes, int(classes.max()) + 1, draw_folds(len(classes), 0)), 1)


@pytest.mark.parametrize("gap", [0.0, 0.5, 1.0, 2.0])
def test_a_known_distance_between_two_normals_is_found_again(gap: float) -> None:
    """Two normals `gap` standard deviations apart have an AUC of Phi(gap / sqrt 2)."""
    rng = np.random.default_rng(1)
    classes = rng.integers(0, 2, 40_000)
    values = pd.Series(rng.normal(size=len(classes)) + gap * classes)
    assert guess(values, classes) == pytest.approx(norm.cdf(gap / np.sqrt(2)), abs=0.01)


def test_chance_scores_one_half_even_for_a_group_of_thirty() -> None:
    """Without cross-fitting, twenty bins would find a pattern in any thirty people."""
    aucs = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        classes = (np.arange(600) < 30).astype(np.int64)
        aucs.append(guess(pd.Series(rng.normal(size=600)), classes))
    assert np.mean(aucs) == pytest.approx(0.5, abs=3 * np.std(aucs) / np.sqrt(len(aucs)))


def test_a_relation_that_goes_up_and_down_is_found() -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(size=20_000)
    assert guess(pd.Series(values), (np.abs(values) > 1).astype(np.int64)) > 0.95


def test_missing_values_are_a_bin_of_their_own() -> None:
    rng = np.random.default_rng(3)
    classes = rng.integers(0, 2, 5_000)
    assert guess(pd.Series(np.where(classes == 1, np.nan, rng.normal(size=5_000))), classes) == pytest.approx(
        1, abs=1e-3
    )


def test_a_rare_value_is_not_merged_into_the_common_one() -> None:
    codes = assign_bins(pd.Series([0.0] * 990 + [1.0] * 10), NUMBER)
    assert sorted(np.bincount(codes)[1:]) == [10, 990]


def test_many_values_are_cut_into_about_equal_bins() -> None:
    sizes = np.bincount(assign_bins(pd.Series(np.random.default_rng(0).exponential(size=10_000)), NUMBER))
    assert len(sizes) == AUC_BINS + 1
    assert sizes[0] == 0
    assert sizes[1:].min() > 400


def test_a_category_is_coded_by_its_allowed_values_and_zero_is_missing() -> None:
    assert assign_bins(pd.Series(["b", None, "a"]), CATEGORY).tolist() == [2, 0, 1]


def test_a_column_without_any_value_has_one_bin() -> None:
    assert assign_bins(pd.Series([np.nan, np.nan]), NUMBER).tolist() == [0, 0]


def test_counts_of_two_partitions_add_up_to_the_counts_of_the_whole() -> None:
    rng = np.random.default_rng(4)
    codes, classes, folds = rng.integers(0, 5, 1000), rng.integers(0, 3, 1000), draw_folds(1000, 0)
    codes[[0, 500]] = 4  # the highest bin in both parts
    parts = [count_bins(codes[part], classes[part], 3, folds[part]) for part in (slice(0, 500), slice(500, None))]
    assert (parts[0] + parts[1] == count_bins(codes, classes, 3, folds)).all()


def test_folds_are_of_equal_size_and_the_same_again() -> None:
    assert np.bincount(draw_folds(1000, 7)).tolist() == [1000 // AUC_FOLDS] * AUC_FOLDS
    assert (draw_folds(1000, 7) == draw_folds(1000, 7)).all()


def test_a_class_without_rows_has_no_auc() -> None:
    counts = count_bins(np.array([1, 1]), np.array([0, 0]), 2, np.array([0, 1]))
    assert np.isnan(compute_class_auc(counts, 1))


def test_the_auc_of_ranks_is_that_of_scikit_learn_where_nothing_is_missing() -> None:
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(5)
    members, numbers = rng.random(500) < 0.3, rng.integers(0, 9, 500).astype(float)
    assert compute_rank_auc(numbers, members) == pytest.approx(roc_auc_score(members, numbers), abs=1e-12)
    assert compute_rank_auc(-numbers, members) == pytest.approx(1 - compute_rank_auc(numbers, members), abs=1e-12)


def test_a_missing_number_ties_with_every_other() -> None:
    numbers, members = np.array([1, 2, np.nan, np.nan]), np.array([False, True, False, True])
    assert compute_rank_auc(numbers, members) == (1 + 3 * 0.5) / 4
    assert np.isnan(compute_rank_auc(numbers, np.ones(4, bool)))
    assert compute_rank_auc(np.full(4, np.nan), members) == 0.5


@pytest.mark.parametrize("rows", [21, 70, 700])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_column_that_gives_a_class_away_is_certain_at_any_size_and_either_way(rows: int, sign: int) -> None:
    rng = np.random.default_rng(6)
    members = rng.random(rows) < 0.5
    numbers = sign * (members + rng.normal(0, 0.05, rows))
    codes = assign_bins(pd.Series(numbers), NUMBER)
    assert measure_guess(codes, numbers, members, 0) == 1
    assert (measure_guess(codes, None, members, 0) < 0.95) == (rows == 21)


def test_chance_is_one_half_or_little_more() -> None:
    rng = np.random.default_rng(7)
    members, numbers = rng.random(5000) < 0.5, rng.normal(size=5000)
    assert 0.5 <= measure_guess(assign_bins(pd.Series(numbers), NUMBER), numbers, members, 0) < 0.53


@pytest.mark.parametrize("bins", [3, 21, 60])
def test_all_classes_at_once_have_the_aucs_of_each_by_itself_however_many_bins_there_are(bins: int) -> None:
    rng = np.random.default_rng(bins)
    codes = rng.integers(0, bins, 900)
    classes = np.where(rng.random(900) < 0.5, codes % 3, 4)  # nobody is of class 3
    counts = count_bins(codes, classes, 5, draw_folds(900, 1))
    together = compute_class_aucs(counts, np.arange(5))
    assert together.tolist()[:3] == [compute_class_auc(counts, place) for place in range(3)]
    assert np.isnan(together[3])
    assert together[:3].min() > 0.6

"""Metrics: agreement with scikit-learn, known truths, and answers where there is nothing to divide by."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, brier_score_loss, log_loss

from credit.evaluation.metrics import (
    UnitValues,
    calibration_error,
    compute_curves,
    compute_ks,
    compute_metrics,
    tabulate_calibration,
)

VALUES = UnitValues(approve_favourable=1, approve_unfavourable=-5, refer=-0.1, deny=0)
RNG = np.random.default_rng(0)
P = RNG.beta(4, 1, 20_000)
Y = RNG.random(20_000) < P  # perfectly calibrated by construction
DECISIONS = np.where(P > 0.8, "approve", np.where(P > 0.7, "refer", "deny"))


def test_figures_agree_with_scikit_learn() -> None:
    found = compute_metrics(Y, P, DECISIONS, VALUES)
    assert found.brier == pytest.approx(brier_score_loss(Y, P), abs=1e-12)
    assert found.log_loss == pytest.approx(log_loss(Y, P), abs=1e-12)
    assert found.accuracy == accuracy_score(Y, DECISIONS == "approve")
    assert found.bad_rate == pytest.approx(1 - Y[DECISIONS == "approve"].mean(), abs=1e-12)


def test_every_headline_figure_lies_in_its_interval() -> None:
    found = compute_metrics(Y, P, DECISIONS, VALUES)
    intervals = {name: found.get_interval(name) for name in found.list_names() if found.get_interval(name)}
    assert len(intervals) == 10
    for name, (low, high) in intervals.items():
        assert low < found.get_value(name) < high, name


def test_calibrated_scores_have_next_to_no_calibration_error_and_shifted_ones_their_shift() -> None:
    assert calibration_error(Y, P) < 0.01
    assert calibration_error(Y, np.clip(P - 0.2, 0, 1)) == pytest.approx(0.2, abs=0.01)


def test_the_expected_value_is_counted_by_hand() -> None:
    y = np.array([True, False, True, False])
    decisions = np.array(["approve", "approve", "refer", "deny"])
    assert compute_metrics(y, np.array([0.9, 0.8, 0.5, 0.1]), decisions, VALUES).expected_value == (1 - 5 - 0.1 + 0) / 4


def test_where_nobody_is_approved_the_bad_rate_is_absent_and_not_zero() -> None:
    found = compute_metrics(Y, P, np.full(len(Y), "deny"), VALUES)
    assert found.bad_rate is None
    assert found.bad_rate_interval is None
    assert found.approval_rate == 0


def test_ks_is_one_without_overlap_and_known_for_uniform_scores() -> None:
    y = np.arange(1000) < 500
    assert compute_ks(y, y + 0.0).value == 1
    shifted = np.concatenate([np.linspace(0.25, 1.25, 500), np.linspace(0, 1, 500)])
    assert compute_ks(y, shifted).value == pytest.approx(0.25, abs=0.01)


def test_tied_scores_share_a_bin_of_the_calibration_table() -> None:
    table = tabulate_calibration(np.array([True, False, True, True]), np.array([0.5, 0.5, 0.5, 0.9]))
    assert table["rows"].tolist() == [3, 1]
    assert table["favourable_rate"].tolist() == pytest.approx([2 / 3, 1])


def test_curves_are_short_and_keep_their_ends() -> None:
    tables = compute_curves(Y, P, points=50)
    assert len(tables["roc"]) <= 50
    assert tables["roc"].iloc[[0, -1]].to_numpy().tolist() == [[0, 0], [1, 1]]
    assert tables["scores"][["favourable", "unfavourable"]].sum().tolist() == pytest.approx([1, 1])

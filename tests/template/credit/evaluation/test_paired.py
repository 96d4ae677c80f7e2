"""The change of a figure between two candidates about the same people, against resampling and known differences."""

from typing import get_args

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from credit.evaluation.metrics import UnitValues, compute_ks
from credit.evaluation.paired import Judged, estimate_quality_change
from credit.reports.metrics import RankingMetric

VALUES = UnitValues(approve_favourable=1.0, approve_unfavourable=-5.0, refer=-0.1, deny=0.0)
METRICS: tuple[RankingMetric, ...] = get_args(RankingMetric)


def make_people(rows: int, seed: int, better: float = 0.0) -> tuple[NDArray[np.bool_], Judged, Judged]:
    """Two noisy readings of the same truth, of which the second is less noisy by `better`."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=rows)
    y = rng.random(rows) < 1 / (1 + np.exp(-2 * truth - 1))
    shared = 0.5 * rng.normal(size=rows)
    judged = []
    for noise in (1.0, 1.0 - better):
        scores = truth + shared + noise * rng.normal(size=rows)
        judged.append(Judged(scores, np.where(scores > -0.5, "approve", "deny")))
    return y, judged[0], judged[1]


def measure(metric: str, y: NDArray[np.bool_], one: Judged) -> float:
    worth = VALUES.compute_decision_values(y, one.decisions)
    return {
        "roc_auc": lambda: float(roc_auc_score(y, one.scores)),
        "average_precision": lambda: float(average_precision_score(y, one.scores)),
        "ks": lambda: compute_ks(y, one.scores).value,
        "accuracy": lambda: float(((one.decisions == "approve") == y).mean()),
        "expected_value": lambda: float(worth.mean()),
    }[metric]()


@pytest.mark.parametrize("metric", METRICS)
def test_the_change_is_that_of_the_figures_and_its_spread_that_of_resampling(metric: RankingMetric) -> None:
    y, first, second = make_people(1500, 1, better=0.4)
    found = estimate_quality_change(metric, y, first, second, VALUES, 0.9)
    assert found.value == pytest.approx(measure(metric, y, second) - measure(metric, y, first))
    rng = np.random.default_rng(2)
    resampled = []
    for _ in range(200):
        rows = rng.integers(0, len(y), len(y))
        one, two = (Judged(of.scores[rows], of.decisions[rows]) for of in (first, second))
        resampled.append(measure(metric, y[rows], two) - measure(metric, y[rows], one))
    # KS is no smooth function of the rows: left-out groups spread less evenly than resampled ones
    apart = 0.3 if metric == "ks" else 0.15
    assert (found.high - found.low) / (2 * 1.645) == pytest.approx(np.std(resampled), rel=apart)


@pytest.mark.parametrize("metric", METRICS)
def test_an_interval_covers_no_change_as_often_as_it_says(metric: RankingMetric) -> None:
    """At 90%, within three standard deviations; KS errs on the wide side. The slow jackknife gets fewer tables."""
    tables = 40 if metric in ("ks", "average_precision") else 200
    found = [estimate_quality_change(metric, *make_people(400, seed), VALUES, 0.9) for seed in range(tables)]
    covered = sum(one.low <= 0 <= one.high for one in found)
    apart = 3 * np.sqrt(0.9 * 0.1 * tables)
    assert 0.9 * tables - apart <= covered <= (tables if metric == "ks" else 0.9 * tables + apart)


@pytest.mark.parametrize("metric", METRICS)
def test_the_same_candidate_twice_does_not_differ(metric: RankingMetric) -> None:
    y, first, _ = make_people(300, 3)
    found = estimate_quality_change(metric, y, first, first, VALUES, 0.9)
    assert found == (0.0, 0.0, 0.0)


def test_paired_people_tell_more_than_two_intervals_side_by_side() -> None:
    y, first, second = make_people(1500, 4, better=0.2)
    paired = estimate_quality_change("roc_auc", y, first, second, VALUES, 0.9)
    shuffled = np.random.default_rng(5).permutation(len(y))
    other = Judged(second.scores[shuffled], second.decisions[shuffled])
    unpaired = estimate_quality_change("roc_auc", y, first, other, VALUES, 0.9)
    assert paired.high - paired.low < 0.75 * (unpaired.high - unpaired.low)

"""Intervals: published examples, and coverage by simulation."""

from collections.abc import Callable

import numpy as np
import pytest

from credit.evaluation.intervals import (
    average_precision_interval,
    mean_interval,
    mover_r_interval,
    newcombe_interval,
    roc_auc_interval,
    wilson_interval,
)


def test_wilson_gives_newcombes_published_example() -> None:
    """Newcombe (1998), Statistics in Medicine 17, 857-872, table I: 81 of 263, score method: 0.2553 to 0.3662."""
    assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)


def test_wilson_gives_newcombes_published_example_without_events() -> None:
    """The same table: 0 of 20, 0 to 0.1611."""
    assert wilson_interval(0, 20) == pytest.approx((0, 0.1611), abs=1e-4)


def test_newcombe_gives_the_published_example() -> None:
    """Newcombe (1998), Statistics in Medicine 17, 873-890, table II, 56/70 - 48/80, method 10: 0.0524 to 0.3339."""
    assert newcombe_interval(56, 70, 48, 80) == pytest.approx((0.0524, 0.3339), abs=1e-4)


def coverage(truth: float, draw: Callable[[np.random.Generator], tuple[float, float]], times: int) -> float:
    rng = np.random.default_rng(0)
    hits = [low <= truth <= high for low, high in (draw(rng) for _ in range(times))]
    return float(np.mean(hits))


@pytest.mark.parametrize("n", [30, 500])
def test_wilson_covers_a_known_rate(n: int) -> None:
    assert 0.93 <= coverage(0.8, lambda rng: wilson_interval(rng.binomial(n, 0.8), n), 4000) <= 0.98


def test_newcombe_covers_a_known_gap() -> None:
    def draw(rng: np.random.Generator) -> tuple[float, float]:
        return newcombe_interval(rng.binomial(40, 0.7), 40, rng.binomial(400, 0.85), 400)

    assert 0.93 <= coverage(-0.15, draw, 4000) <= 0.98


def test_the_interval_of_a_mean_covers_it() -> None:
    assert 0.93 <= coverage(1.0, lambda rng: mean_interval(rng.exponential(size=200)), 4000) <= 0.97


def test_delong_covers_a_known_auc() -> None:
    """Normals one standard deviation apart have an AUC of Phi(1 / sqrt 2) = 0.7602."""

    def draw(rng: np.random.Generator) -> tuple[float, float]:
        y = np.arange(300) < 90
        return roc_auc_interval(y, rng.normal(size=300) + y)

    assert 0.93 <= coverage(0.7602, draw, 1500) <= 0.97


def test_the_interval_of_average_precision_covers_it() -> None:
    from sklearn.metrics import average_precision_score

    rng = np.random.default_rng(5)
    y = rng.random(200_000) < 0.3
    truth = average_precision_score(y, rng.normal(size=len(y)) + y)

    def draw(rng: np.random.Generator) -> tuple[float, float]:
        y = rng.random(400) < 0.3
        return average_precision_interval(average_precision_score(y, rng.normal(size=400) + y), int(y.sum()))

    assert coverage(truth, draw, 600) >= 0.93


def test_delong_agrees_with_its_definition_on_a_case_with_ties() -> None:
    y = np.array([True, True, True, False, False])
    scores = np.array([0.9, 0.5, 0.5, 0.5, 0.1])
    kernel = (scores[y][:, None] > scores[~y]) + 0.5 * (scores[y][:, None] == scores[~y])
    variance = kernel.mean(axis=1).var(ddof=1) / 3 + kernel.mean(axis=0).var(ddof=1) / 2
    low, _ = roc_auc_interval(y, scores)
    assert low == pytest.approx(kernel.mean() - 1.959964 * np.sqrt(variance), abs=1e-6)


def test_an_average_precision_of_one_has_no_width() -> None:
    assert average_precision_interval(1.0, 10) == (1.0, 1.0)


def test_mover_r_is_the_published_formula() -> None:
    """The ratio of Donner and Zou (2012), as written there; the code has it in a form without poles."""
    (l1, u1), (l2, u2) = wilson_interval(17, 30), wilson_interval(3750, 5000)
    p, q = 17 / 30, 3750 / 5000
    low = (p * q - np.sqrt((p * q) ** 2 - l1 * u2 * (2 * p - l1) * (2 * q - u2))) / (u2 * (2 * q - u2))
    high = (p * q + np.sqrt((p * q) ** 2 - u1 * l2 * (2 * p - u1) * (2 * q - l2))) / (l2 * (2 * q - l2))
    assert mover_r_interval(17, 30, 3750, 5000) == pytest.approx((low, high), abs=1e-12)


def test_mover_r_covers_a_known_ratio() -> None:
    def draw(rng: np.random.Generator) -> tuple[float, float]:
        return mover_r_interval(rng.binomial(40, 0.6), 40, rng.binomial(400, 0.8), 400)

    assert 0.93 <= coverage(0.75, draw, 4000) <= 0.98


def test_mover_r_has_an_answer_for_every_zero() -> None:
    assert mover_r_interval(0, 30, 20, 30)[0] == 0
    assert 0 < mover_r_interval(0, 30, 20, 30)[1] < 1
    assert mover_r_interval(5, 30, 0, 30)[0] > 0
    assert mover_r_interval(5, 30, 0, 30)[1] == np.inf
    assert mover_r_interval(0, 30, 0, 30) == (0, np.inf)
    assert np.isnan(mover_r_interval(0, 0, 20, 30)).all()
    assert np.isnan(mover_r_interval(20, 30, 0, 0)).all()
    assert mover_r_interval(5, 30, 1, 1)[0] > 0  # v = 2q and the formula's own denominator is 0 near here


def test_arrays_give_the_intervals_of_their_cells() -> None:
    counts, n = np.array([0, 3, 10, 0]), np.array([10, 10, 10, 0])
    for interval in (newcombe_interval, mover_r_interval):
        low, high = interval(counts, n, 20, 40)
        for i in range(3):
            assert (low[i], high[i]) == interval(float(counts[i]), float(n[i]), 20.0, 40.0)
        assert np.isnan([low[3], high[3]]).all()
    low, high = wilson_interval(counts, n)
    assert (low[1], high[1]) == wilson_interval(3, 10)
    assert np.isnan([low[3], high[3]]).all()

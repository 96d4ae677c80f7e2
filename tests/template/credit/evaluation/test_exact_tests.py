"""Exact tests of two rates: those of SciPy, and errors that are kept whatever the reference's true rate is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, fisher_exact

from credit.evaluation.exact_tests import compute_limit_p_value, compute_parity_p_value

ALTERNATIVES = {"lower": "less", "upper": "greater"}


@given(st.data(), st.sampled_from(["lower", "upper"]), st.integers(0, 60), st.integers(0, 60))
def test_equal_rates_are_tested_by_fishers_exact_test(data: st.DataObject, tail: str, n: int, of_n: int) -> None:
    count, of_count = data.draw(st.integers(0, n)), data.draw(st.integers(0, of_n))
    table = [[count, n - count], [of_count, of_n - of_count]]
    expected = fisher_exact(table, alternative=ALTERNATIVES[tail]).pvalue if n and of_n else 1.0
    found = compute_parity_p_value(count, n, of_count, of_n, tail)  # type: ignore[arg-type]
    assert float(found) == pytest.approx(expected, abs=1e-9)


def test_both_tails_are_twice_the_smaller() -> None:
    lower, upper, both = (
        float(compute_parity_p_value(20, 50, 30, 50, tail))  # type: ignore[arg-type]
        for tail in ("lower", "upper", "both")
    )
    assert both == pytest.approx(2 * min(lower, upper))
    assert float(compute_parity_p_value(25, 50, 25, 50, "both")) == 1


def test_arrays_broadcast() -> None:
    found = compute_parity_p_value(np.array([[1], [5]]), 9, np.array([30, 40, 50]), 60, "lower")
    assert found.shape == (2, 3)
    assert found[0, 1] == compute_parity_p_value(1, 9, 40, 60, "lower")


@pytest.mark.parametrize("of_rate", [0.3, 0.75, 0.95])
@pytest.mark.parametrize(("n", "of_n"), [(5, 40), (9, 200), (9, 12)])
@pytest.mark.parametrize(
    ("limit", "ratio", "tail"), [(0.8, True, "lower"), (-0.1, False, "lower"), (1.05, True, "upper")]
)
def test_a_group_at_its_limit_is_rejected_no_more_often_than_promised(
    of_rate: float, n: int, of_n: int, limit: float, ratio: bool, tail: str
) -> None:
    """By exact enumeration of every count of both sides."""
    rate = of_rate * limit if ratio else of_rate + limit
    chance = np.outer(binom.pmf(np.arange(n + 1), n, rate), binom.pmf(np.arange(of_n + 1), of_n, of_rate))
    p = np.array(
        [
            [compute_limit_p_value(count, n, of_count, of_n, limit, ratio, tail) for of_count in range(of_n + 1)]  # type: ignore[arg-type]
            for count in range(n + 1)
        ]
    )
    for error in (0.05, 0.01):
        assert chance[p <= error].sum() <= error


def test_nine_of_nine_denied_is_a_breach_and_five_of_nine_approved_is_none() -> None:
    assert compute_limit_p_value(0, 9, 3750, 5000, 0.8, True, "lower") < 0.001
    assert compute_limit_p_value(5, 9, 3750, 5000, 0.8, True, "lower") > 0.3

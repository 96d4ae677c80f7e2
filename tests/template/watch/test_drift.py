"""Drift is told no more often than it may be without any, and is found where the usual index stays silent."""

import numpy as np
import pytest

from credit.reports.reference import Distribution
from watch.outcomes.drift import BinCounts, count_distribution, judge_drift

ALPHA, MOVED = 0.05, 0.05


def draw(rng: np.random.Generator, shares: np.ndarray, reference: int, live: int) -> BinCounts:
    return BinCounts(rng.multinomial(reference, shares) * 1.0, rng.multinomial(live, shares) * 1.0)


@pytest.mark.parametrize("live", [100, 1_000])
def test_without_drift_a_week_is_told_no_more_often_than_alpha(live: int) -> None:
    """Ten figures, of deciles and of rare values, and no least share of people: 400 weeks, within 3 SD."""
    rng = np.random.default_rng(1)
    kinds = [np.full(10, 0.1), np.array([0.9, 0.06, 0.03, 0.009, 0.001])]
    weeks = 400
    told = 0
    for _ in range(weeks):
        figures = {str(i): draw(rng, kinds[i % 2], 1_500, live) for i in range(10)}
        told += any(one.statistic > one.limit for one in judge_drift(figures, ALPHA, 0))
    assert told <= weeks * ALPHA + 3 * np.sqrt(weeks * ALPHA * (1 - ALPHA))
    assert told > 0, "a limit that is never reached would find nothing either"


@pytest.mark.parametrize(("live", "share"), [(100, 0.45), (200, 0.05), (400, 0.0005)])
def test_the_stability_index_is_above_its_limit_by_chance_where_few_people_came(live: int, share: float) -> None:
    """Without any drift, ten bins; beside 1,500 people of the reference."""
    rng, weeks, shares = np.random.default_rng(3), 40_000, np.full(10, 0.1)
    before, now = (np.maximum(rng.multinomial(of, shares, weeks), 0.5) / of for of in (1_500, live))
    index = ((now - before) * np.log(now / before)).sum(axis=1)
    assert (index > 0.1).mean() == pytest.approx(share, rel=0.1, abs=0.0005)


def test_a_decile_that_doubles_is_found_where_the_stability_index_is_below_its_limit() -> None:
    shares = np.array([0.2, *[0.8 / 9] * 9])
    before, live = np.full(10, 2_000.0), shares * 2_000
    index = float(((shares - 0.1) * np.log(shares / 0.1)).sum())
    (found,) = judge_drift({"score": BinCounts(before, live)}, 0.01, MOVED)
    assert index == pytest.approx(0.081, abs=0.001)
    assert (found.is_drift, found.people, found.moved) == (True, 2_000, pytest.approx(0.1))


def test_a_difference_that_matters_to_nobody_is_not_told_of_a_million_people() -> None:
    before, live = np.array([500_000.0, 500_000.0]), np.array([510_000.0, 490_000.0])
    (found,) = judge_drift({"score": BinCounts(before, live)}, 0.01, MOVED)
    assert found.statistic > 10 * found.limit
    assert not found.is_drift


def test_values_are_counted_in_the_bins_of_the_reference_and_missing_ones_beside() -> None:
    numbers = Distribution(edges=(1.0, 2.0), counts=(1, 2, 3), missing=4)
    counted = count_distribution(numbers, [0.5, 1, 1.5, 2.0, 9, None, None])
    assert counted[""].live.tolist() == [1, 2, 2]
    assert counted["missing"].live.tolist() == [2, 5]
    assert counted["missing"].reference.tolist() == [4, 6]
    words = Distribution(values=("own", "rent"), counts=(5, 5, 0), missing=0)
    assert count_distribution(words, ["own", "boat", "boat", None])[""].live.tolist() == [1, 0, 2]
    assert count_distribution(words, ["own", "boat", "boat", None])["unknown"].live.tolist() == [2, 1]
    assert count_distribution(words, [])[""].live.tolist() == [0, 0, 0]
    assert "unknown" not in counted, "of a number"


def test_a_category_that_the_version_does_not_know_is_told_by_its_field() -> None:
    words = Distribution(values=("own", "rent"), counts=(600, 400, 0), missing=0)
    found = count_distribution(words, ["own"] * 160 + ["rent"] * 100 + ["boat"] * 40)
    told = {one.figure for one in judge_drift(found, ALPHA, MOVED) if one.is_drift}
    assert told == {"", "unknown"}


def test_a_value_that_the_reference_never_had_is_found_and_one_bin_says_nothing() -> None:
    figures = {
        "home": BinCounts(np.array([700.0, 300, 0]), np.array([400.0, 200, 400])),
        "constant": BinCounts(np.array([1000.0, 0]), np.array([1000.0, 0])),
        "all missing": BinCounts(np.array([500.0, 500]), np.array([0.0, 0])),
    }
    home, constant, missing = judge_drift(figures, 0.01, MOVED)
    assert home.is_drift
    assert home.moved == pytest.approx(0.4)
    assert not constant.is_drift
    assert not missing.is_drift

"""Methods that were rejected cry wolf about a lawful version, on the very logs on which the evidence keeps quiet.

The reference group is approved in 83 of 100 cases. Each method looks once a day, for half a year.
"""

from typing import NamedTuple

import numpy as np
from decided_streams import MEMBERS_A_DAY, REFERENCES_EACH, find_alarm, simulate_rows
from numpy.typing import NDArray
from scipy.stats import binom, norm

from watch.evidence import DecidedRows, Floats

LIMIT, DAYS, RUNS, WEEK = 0.8, 180, 300, 7


class Looks(NamedTuple):
    """Approvals of members and of reference applicants, of whom there are so many, at each look."""

    approved: Floats
    members: Floats
    reference_approved: Floats
    references: Floats

    @property
    def shares(self) -> tuple[Floats, Floats]:
        return self.approved / self.members, self.reference_approved / self.references


def count_looks(rows: DecidedRows, days: int) -> Looks:
    """Count in windows of so many days, one ending with each day that has so many before it."""
    by_day = rows.approved.reshape(DAYS, MEMBERS_A_DAY, REFERENCES_EACH + 1)

    def add_up(daily: NDArray[np.int64]) -> Floats:
        until = np.concatenate([[0], np.cumsum(daily)])
        return (until[days:] - until[:-days]).astype(float)

    members = np.full(DAYS + 1 - days, float(days * MEMBERS_A_DAY))
    approved, of_reference = by_day[:, :, -1].sum(axis=1), by_day[:, :, :-1].sum(axis=(1, 2))
    return Looks(add_up(approved), members, add_up(of_reference), members * REFERENCES_EACH)


def accumulate_looks(rows: DecidedRows) -> Looks:
    """Count all since the first day, at the end of each."""
    return Looks(*(np.cumsum(counts) for counts in count_looks(rows, 1)))


def is_found_by_z_test(looks: Looks, alpha: float) -> bool:
    """Tell whether any look finds the ratio below the limit, by the one-sided test of two shares."""
    share, reference = looks.shares
    variance = share * (1 - share) / looks.members + LIMIT**2 * reference * (1 - reference) / looks.references
    return bool((share - LIMIT * reference < norm.ppf(alpha) * np.sqrt(variance)).any())


def is_found_by_ratio(looks: Looks) -> bool:
    share, reference = looks.shares
    return bool((share / reference < LIMIT).any())


def is_near(alarms: int, expected: float) -> bool:
    """Tell whether alarms are as many as of so many runs by such a chance, but for one seed of a thousand."""
    low, high = binom.ppf([0.0005, 0.9995], RUNS, expected)
    return bool(low <= alarms <= high)


def test_z_tests_that_are_looked_at_daily_cry_wolf_where_the_evidence_does_not() -> None:
    """The worst lawful case, a ratio of exactly the limit: 32% by all since the deploy, 51% by those of a week."""
    rng = np.random.default_rng(18)
    by_all = by_week = by_evidence = 0
    for _ in range(RUNS):
        rows = simulate_rows(rng, [LIMIT] * DAYS, regular=True)
        by_all += is_found_by_z_test(accumulate_looks(rows), 0.05)
        by_week += is_found_by_z_test(count_looks(rows, WEEK), 0.01)
        by_evidence += find_alarm(rows, LIMIT, DAYS, 0.01) is not None
    assert is_near(by_all, 0.32)
    assert is_near(by_week, 0.51)
    assert is_near(by_evidence, 0.005)
    assert by_evidence < 0.05 * min(by_all, by_week)


def test_a_ratio_that_is_read_off_each_day_or_week_cries_wolf_always_though_it_is_well_above_the_limit() -> None:
    rng, runs = np.random.default_rng(19), RUNS // 3
    logs = [simulate_rows(rng, [0.85] * DAYS, regular=True) for _ in range(runs)]
    assert all(is_found_by_ratio(count_looks(rows, days)) for rows in logs for days in (1, WEEK))
    assert not any(find_alarm(rows, LIMIT, DAYS, 0.01) for rows in logs)


def test_each_of_them_finds_a_version_that_is_far_below_the_limit() -> None:
    """So that their alarms are about the methods, and not about how they are written here."""
    rows = simulate_rows(np.random.default_rng(20), [0.5] * DAYS, regular=True)
    assert is_found_by_z_test(accumulate_looks(rows), 1e-6)
    assert is_found_by_z_test(count_looks(rows, WEEK), 1e-6)
    assert is_found_by_ratio(count_looks(rows, WEEK))
    fair = simulate_rows(np.random.default_rng(21), [1.0] * DAYS, regular=True)
    assert not is_found_by_z_test(accumulate_looks(fair), 1e-6)
    assert not is_found_by_ratio(count_looks(fair, WEEK))

"""Whoever might decide instead passes for better no more often than it may, at the moment of an alarm too."""

import numpy as np
import pytest
from decided_streams import simulate_rows

from watch.evidence import DecidedRows
from watch.paired import Starts, compare_paired, list_starts

LIMIT, ALPHA, DAYS = 0.8, 0.05, 180
HOUR, DAY = 3_600.0, 86_400.0


def compare(rows: DecidedRows, other: np.ndarray, days: int = DAYS) -> float:
    starts = [Starts(rows.days, 0, 1 / days)]
    return compare_paired(rows.groups, 1, rows.approved, other, starts, LIMIT).better


def decide_alike(rng: np.random.Generator, rows: DecidedRows, ratio: float) -> np.ndarray:
    """Decide the same people by another version: half of them by their own luck, half by that of the first version."""
    other = simulate_approvals(rng, rows, ratio)
    return np.where(rng.random(len(rows)) < 0.5, rows.approved, other)


def simulate_approvals(rng: np.random.Generator, rows: DecidedRows, ratio: float) -> np.ndarray:
    return rng.random(len(rows)) < np.where(rows.groups == 0, 0.83, 0.83 * ratio)


def test_one_that_is_no_better_passes_for_better_no_more_often_than_it_may() -> None:
    """Judged after each day of 20, and only the highest of these counts: as bad as the live version, and no better."""
    rng = np.random.default_rng(6)
    passed, runs = 0, 150
    for _ in range(runs):
        rows = simulate_rows(rng, [0.6] * 20)
        other = decide_alike(rng, rows, 0.6)
        looks = [np.searchsorted(rows.days, day, side="right") for day in range(20)]
        parts = [DecidedRows(rows.groups[:n], rows.approved[:n], rows.days[:n]) for n in looks]
        passed += max(compare(part, other[: len(part)], 20) for part in parts) >= 1 / ALPHA
    assert passed <= ALPHA * runs


def test_one_that_is_better_is_found_by_the_people_that_an_alarm_takes() -> None:
    """After 120 good days, in 20 bad ones of a ratio of one half, the other one decides as before."""
    rng = np.random.default_rng(7)
    for _ in range(20):
        rows = simulate_rows(rng, [1.0] * 120 + [0.5] * 20)
        assert compare(rows, simulate_approvals(rng, rows, 1.0)) > 2 / 0.01


def test_the_same_decisions_are_no_evidence() -> None:
    rows = simulate_rows(np.random.default_rng(8), [0.5] * 10)
    assert compare(rows, rows.approved) == pytest.approx(10 / DAYS)


def test_a_breach_of_the_other_is_seen_and_so_is_one_who_approves_nobody() -> None:
    rng = np.random.default_rng(9)
    rows = simulate_rows(rng, [0.5] * 30)
    starts = [Starts(rows.days, 0, 1 / DAYS)]
    as_bad = compare_paired(rows.groups, 1, rows.approved, rows.approved, starts, LIMIT)
    assert as_bad.breach > 1_000
    assert as_bad.ratio == as_bad.live_ratio
    nobody = compare_paired(rows.groups, 1, rows.approved, np.zeros(len(rows), bool), starts, LIMIT)
    assert nobody.ratio is None
    lawful = compare_paired(rows.groups, 1, rows.approved, simulate_approvals(rng, rows, 1.0), starts, LIMIT)
    assert lawful.breach < 1


@pytest.mark.parametrize("seconds", [0.01, 1.0, 60.0, 400.0])
def test_a_target_that_harms_another_group_is_objected_to(seconds: float) -> None:
    """20,000 applicants of minutes up to months, 2,000 of the group: all starts at hand have the whole stake."""
    moments = 1e9 + np.arange(20_000) * seconds
    starts = list_starts(moments, False, DAYS)
    objected = {}
    for ratio in (0.6, 0.9):
        found = []
        for seed in range(10):
            rng = np.random.default_rng(seed)
            groups = (rng.random(20_000) < 0.1).astype(np.int64)
            live, other = (rng.random(20_000) < np.where(groups == 0, 0.6, 0.6 * one) for one in (1.0, ratio))
            found.append(compare_paired(groups, 1, live, other, starts, LIMIT).breach)
        objected[ratio] = sum(one > 5 / 0.01 for one in found)
    assert objected == {0.6: 10, 0.9: 0}


def test_nobody_is_objected_to_for_a_ratio_of_the_limit_however_seldom_people_come() -> None:
    """Periods in which nobody comes have a part of the stake too: six a day, a second is nearly always empty."""
    objected = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        moments = 1e9 + np.sort(rng.random(1_000)) * 170 * DAY
        groups = (rng.random(1_000) < 0.3).astype(np.int64)
        live, other = (rng.random(1_000) < np.where(groups == 0, 0.6, 0.6 * one) for one in (1.0, LIMIT))
        found = compare_paired(groups, 1, live, other, list_starts(moments, False, DAYS), LIMIT)
        objected += found.breach >= 1 / ALPHA
    assert objected <= ALPHA * 200


def test_where_the_choice_of_applicants_begins_is_no_moment_at_which_a_stake_may_start() -> None:
    moments = np.arange(0, 3 * DAY, HOUR) + HOUR / 2
    stakes = [1 / 720 / shorter for shorter in (1, 24, 1_440, 86_400)]
    whole, cut = list_starts(moments, True, DAYS), list_starts(moments[5:], False, DAYS)
    assert [(one.skipped, len(set(one.periods))) for one in whole] == [(0, 3), (0, 72), (0, 72), (0, 72)]
    assert [(one.skipped, len(set(one.periods))) for one in cut] == [(19, 2), (1, 66), (1, 66), (1, 66)]
    assert [one.stake for one in whole] == [one.stake for one in cut] == pytest.approx(stakes)
    of_a_day = list_starts(moments[5:22], False, DAYS)
    assert [(one.skipped, one.stake) for one in of_a_day] == [(1, pytest.approx(one)) for one in stakes[1:]]
    assert list_starts(np.full(9, 60.0), False, DAYS) == []
    assert len(list_starts(np.full(9, 60.0), True, DAYS)) == 4


PACES = [0.002, 0.05, 1.0, 20.0, 1_000.0]
"""Applicants a second."""


@pytest.mark.parametrize("a_second", PACES)
def test_all_periods_together_are_as_much_evidence_as_those_of_any_length_or_more(a_second: float) -> None:
    """So whoever is better is found as soon as by that length which happens to find it first, at any pace."""
    rng = np.random.default_rng(12)
    groups = (rng.random(4_000) < 0.11).astype(np.int64)
    live, other = (rng.random(4_000) < np.where(groups == 0, 0.6, 0.6 * one) for one in (0.5, 1.0))
    for begin in rng.random(5) * DAY:
        moments = 1e9 + begin + np.sort(rng.random(4_000)) * 4_000 / a_second
        starts = list_starts(moments, False, DAYS)
        together = compare_paired(groups, 1, live, other, starts, LIMIT)
        alone = [compare_paired(groups, 1, live, other, [one], LIMIT).better for one in starts]
        assert together.better == pytest.approx(sum(alone))
        assert together.better > 2 / 0.01
        assert max(alone) <= together.better


@pytest.mark.parametrize("a_second", PACES[::2])
def test_one_that_is_no_better_passes_for_better_no_more_often_than_it_may_at_any_pace(a_second: float) -> None:
    """The newest 3,000, chosen again after a tenth more people, and only the highest of these counts."""
    rng = np.random.default_rng(10)
    passed, found, runs = 0, 0, 40
    for _ in range(runs):
        rows = simulate_rows(rng, [0.5] * 40)
        moments = 1e9 + rng.random() * DAY + np.sort(rng.random(len(rows))) * len(rows) / a_second
        alike, better = decide_alike(rng, rows, 0.5), simulate_approvals(rng, rows, 1.0)
        passed += max(_compare_newest(rows, alike, moments)) >= 1 / ALPHA
        found += max(_compare_newest(rows, better, moments)) >= 2 / 0.01
    assert passed <= ALPHA * runs
    assert found == runs


def _compare_newest(rows: DecidedRows, other: np.ndarray, moments: np.ndarray, newest: int = 3_000) -> list[float]:
    values, end = [], newest + 1
    days = max(20, int((moments[-1] - moments[0]) / DAY) + 1)  # the horizon
    while end <= len(rows):
        part = slice(end - newest, end)
        starts = list_starts(moments[part], False, days)
        values.append(compare_paired(rows.groups[part], 1, rows.approved[part], other[part], starts, LIMIT).better)
        end = int(np.ceil(end * 1.1))
    return values

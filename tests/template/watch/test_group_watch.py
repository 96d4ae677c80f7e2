"""The evidence has the error rates and delays that it promises, and does not depend on how often somebody looks."""

import json

import numpy as np
import pytest
from decided_streams import find_alarm, simulate_rows

from watch.evidence import BETS, DecidedRows, GroupWatch, RatioSums, start_group
from watch.ratio_interval import compute_interval

LIMIT, ALPHA, DAYS = 0.8, 0.01, 180


def watch_in_parts(rows: DecidedRows, ends: list[int]) -> GroupWatch:
    """Feed rows part by part, the state written and read between two of them."""
    watch = start_group(LIMIT, DAYS)
    for start, end in zip([0, *ends], [*ends, len(rows)], strict=True):
        part = DecidedRows(rows.groups[start:end], rows.approved[start:end], rows.days[start:end])
        watch.feed(part, 1, np.arange(start, end, dtype=float), 1 / ALPHA)
        watch = GroupWatch.load(json.loads(json.dumps(watch.dump())))
    return watch


def test_a_lawful_version_alarms_no_more_often_than_alpha() -> None:
    """The worst lawful case, a ratio of exactly the limit for 180 days; an alarm at any moment counts."""
    rng = np.random.default_rng(17)
    runs = 300
    for alpha in (0.01, 0.05):
        lawful = (simulate_rows(rng, [LIMIT] * DAYS, regular=True) for _ in range(runs))
        alarms = sum(find_alarm(rows, LIMIT, DAYS, alpha) is not None for rows in lawful)
        assert alarms <= alpha * runs


@pytest.mark.parametrize(("ratio", "median", "late"), [(0.7, 520, 862), (0.6, 160, 260), (0.5, 100, 140)])
def test_unequal_treatment_that_begins_after_four_months_is_found_in_days(ratio: float, median: int, late: int) -> None:
    """The delays of the table, in members of the group: the median and the 90th percentile."""
    rng = np.random.default_rng(5)
    before = 120
    found = []
    for _ in range(120):
        rows = simulate_rows(rng, [1.0] * before + [ratio] * 100, regular=True)
        alarm, begun = find_alarm(rows, LIMIT, DAYS, ALPHA), int((rows.groups[rows.days < before] == 1).sum())
        found.append(np.inf if alarm is None else alarm - begun)
    assert np.median(found) == pytest.approx(median, rel=0.3)
    assert np.quantile(found, 0.9) == pytest.approx(late, rel=0.3)


def test_it_is_the_mean_over_bets_of_the_stakes_of_every_day() -> None:
    """Compared with the definition, written as a loop over people, days and bets."""
    rows = simulate_rows(np.random.default_rng(3), [0.9, 0.6, 0.7], references=1)
    stakes: dict[int, np.ndarray] = {}
    references: list[bool] = []
    members: list[bool] = []
    for group, approved, day in zip(rows.groups, rows.approved, rows.days, strict=True):
        (members if group == 1 else references).append(bool(approved))
        if group == 1 and references:
            stakes.setdefault(int(day), np.full(len(BETS), 1 / DAYS))
            z = LIMIT * np.mean(references) - np.mean(members)
            stakes = {start: stake * (1 + BETS * z) for start, stake in stakes.items()}
            references, members = [], []
    watch = watch_in_parts(rows, [])
    assert watch.evidence.value == pytest.approx(sum(stakes.values()).mean(), rel=1e-12)
    assert (watch.people, watch.approved) == ((rows.groups == 1).sum(), rows.approved[rows.groups == 1].sum())


@pytest.mark.parametrize("references", [1, 8])
def test_how_often_the_log_is_read_changes_nothing(references: int) -> None:
    """Not in the middle of a day, between a member and the reference applicants, or of one row at a time."""
    rows = simulate_rows(np.random.default_rng(2), [0.9] * 5 + [0.4] * 10, references)
    whole = watch_in_parts(rows, [])
    assert whole.crossed is not None
    for ends in ([1], [7, 7, 8, 150, 151], list(range(1, len(rows)))):
        parts = watch_in_parts(rows, ends)
        assert parts.evidence.stakes == pytest.approx(whole.evidence.stakes, rel=1e-9)
        assert parts.evidence.peak == pytest.approx(whole.evidence.peak, rel=1e-9)
        assert (parts.crossed, parts.people, parts.pairing) == (whole.crossed, whole.people, whole.pairing)
        assert parts.sums.number == whole.sums.number


def test_members_without_a_reference_applicant_between_them_are_compared_together() -> None:
    """Each of them with the same share would break the guarantee; none of them is left out."""
    groups = np.array([1, 1, 0, 1, 1, 0, 0, 1])
    approved = np.array([1, 0, 1, 0, 0, 1, 0, 1], dtype=bool)
    comparisons = start_group(LIMIT, DAYS).pairing.pair(DecidedRows(groups, approved, np.zeros(8, np.int64)), 1)
    assert comparisons.places.tolist() == [3, 7]
    assert comparisons.reference.tolist() == [1, 0.5]
    assert comparisons.member.tolist() == [pytest.approx(1 / 3), 0.5]


def test_nobody_of_the_group_or_of_the_reference_is_no_evidence() -> None:
    for group in (0, 1, 2):
        watch = watch_in_parts(DecidedRows(np.full(50, group), np.zeros(50, bool), np.zeros(50, np.int64)), [10])
        assert (watch.evidence.value, watch.sums.number, watch.crossed) == (0, 0, None)
        assert watch.people == (50 if group == 1 else 0)


def test_total_refusal_for_years_stays_a_number() -> None:
    rows = DecidedRows(np.tile([0, 1], 50_000), np.tile([True, False], 50_000), np.arange(100_000) // 100)
    watch = watch_in_parts(rows, [])
    assert watch.evidence.value > 1e100
    assert np.isfinite(watch.evidence.stakes).all()


def test_the_interval_covers_the_true_ratio_at_every_look() -> None:
    """20 looks at each of 100 streams; 5% of the streams may miss it, ever."""
    rng = np.random.default_rng(11)
    missed = 0
    for _ in range(100):
        rows, watch = simulate_rows(rng, [0.9] * 60), start_group(LIMIT, DAYS)
        intervals = []
        for start in range(0, len(rows), len(rows) // 20):
            part = slice(start, start + len(rows) // 20)
            few = DecidedRows(rows.groups[part], rows.approved[part], rows.days[part])
            watch.feed(few, 1, np.zeros(len(few)), 1e9)
            intervals.append(compute_interval(watch.sums, 0.05))
        missed += any(not one.low <= 0.9 <= (one.high or np.inf) for one in intervals)
        last = intervals[-1]
        assert last.high is not None
        assert last.high - last.low < 0.35  # of use, with 1,200 members
    assert missed <= 5


@pytest.mark.parametrize("ratio", [0.8999, 0.9002, 0.90125, 0.9025])
def test_the_interval_of_very_many_covers_a_ratio_between_two_that_are_tried(ratio: float) -> None:
    """As it was on average, with shares of 0.8 in the reference group: the interval is as narrow as their distance."""
    number, reference = 10_000_000, 0.8
    member = ratio * reference
    sums = RatioSums(*(number * one for one in (1, reference, member, reference, member, reference * member)))
    found = compute_interval(sums, 0.05)
    assert found.high is not None
    assert found.low <= ratio - 0.0005
    assert ratio + 0.0005 <= found.high <= found.low + 0.01


def test_nothing_seen_is_no_interval() -> None:
    empty = start_group(LIMIT, DAYS).sums
    assert compute_interval(empty, 0.05) == (None, 0.0, None)

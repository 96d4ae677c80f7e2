"""A model within its budget is hardly ever in alarm, however its failures bunch; one beyond it is found."""

import itertools
import json

import numpy as np
import pytest
from numpy.typing import NDArray

from credit.bundle.application_fit import OTHER_VERSION
from credit.bundle.rule_causes import (
    NO_MODEL,
    NO_SCORE,
    classify_cause,
    describe_doubt,
    describe_failure,
    describe_fallback,
    describe_late,
    describe_slow,
)
from watch.failures import PERIOD_SECONDS, FailureWatch, compare_failures, iterate_looks, start_failures
from watch.paired import Starts
from watch.reading import MODEL_AT_FAULT

BUDGET, ALPHA, DAYS, LEAST = 0.05, 0.01, 30, 20
A_PERIOD = 20
"""People of five minutes."""


def watch_shares(shares: NDArray[np.float64], rng: np.random.Generator) -> list[float]:
    """Feed periods with such chances of failing, one by one; returns the evidence after each."""
    watch, evidence = start_failures(BUDGET, DAYS), []
    for period, share in enumerate(shares):
        moments = (period + np.arange(A_PERIOD) / A_PERIOD) * PERIOD_SECONDS
        watch.feed(moments, rng.random(A_PERIOD) < share)
        evidence.append(watch.evidence.value)
    return evidence


@pytest.mark.parametrize("bunched", [False, True])
def test_a_model_that_fails_as_often_as_it_may_is_hardly_ever_in_alarm(bunched: bool) -> None:
    """The worst lawful case, alone or whole periods at a time, over the horizon: 100 runs, each looked at always."""
    rng, crossed = np.random.default_rng(3), 0
    periods = DAYS * 288 // 12
    for _ in range(100):
        shares = (rng.random(periods) < BUDGET).astype(float) if bunched else np.full(periods, BUDGET)
        watch = start_failures(BUDGET, DAYS)
        moments = np.repeat(np.arange(periods) * 12 * PERIOD_SECONDS, A_PERIOD).astype(float)
        watch.feed(moments, rng.random(len(moments)) < np.repeat(shares, A_PERIOD))
        crossed += watch.evidence.peak >= 1 / ALPHA
    assert crossed <= 4, "at most 1 of 100 is expected; 5 or more have a chance of 0.3%"


@pytest.mark.parametrize(("share", "periods"), [(1.0, 8), (0.5, 10), (0.15, 40)])
def test_a_model_beyond_its_budget_is_found_within_periods(share: float, periods: int) -> None:
    """After a week that was good."""
    rng = np.random.default_rng(5)
    shares = np.concatenate([np.full(7 * 288, 0.005), np.full(periods + 1, share)])
    evidence = watch_shares(shares, rng)
    assert max(evidence[: 7 * 288]) < 1 / ALPHA <= max(evidence)


def feed(watch: FailureWatch, period: int, people: int, failed: int) -> None:
    watch.feed(np.full(people, period * PERIOD_SECONDS, float), np.arange(people) < failed)


def test_it_is_an_alarm_only_while_it_lasts_and_of_enough_people() -> None:
    watch = start_failures(BUDGET, DAYS)
    for period in range(12):
        feed(watch, period, 5, 5)
    found = watch.judge(ALPHA, LEAST)
    assert (found.is_alarm, found.decided, found.failed, found.share) == (True, 60, 60, 1.0)
    assert not watch.judge(ALPHA, 61).is_alarm
    feed(watch, 12, 100, 0)
    assert not watch.judge(ALPHA, LEAST).is_alarm, "the period that is open"
    feed(watch, 13, 100, 100)
    assert not watch.judge(ALPHA, LEAST).is_alarm, "the last whole period"


def test_one_late_batch_and_two_minutes_of_a_busy_machine_are_no_alarm() -> None:
    watch = start_failures(BUDGET, DAYS)
    feed(watch, 0, 5_000, 5_000)
    feed(watch, 1, 500, 500)
    feed(watch, 2, 10, 10)
    found = watch.judge(ALPHA, LEAST)
    assert (found.failed, found.is_alarm) == (5_510, False)


def test_it_is_the_same_by_whatever_portions_it_is_fed_and_kept() -> None:
    rng = np.random.default_rng(7)
    moments = np.sort(rng.uniform(0, 90_000, 3_000))
    failed = rng.random(3_000) < 0.08
    whole, parts = start_failures(BUDGET, DAYS), start_failures(BUDGET, DAYS)
    whole.feed(moments, failed)
    for part in np.array_split(np.arange(3_000), 271):
        parts.feed(moments[part], failed[part])
        parts = FailureWatch.load(json.loads(json.dumps(parts.dump())))
    assert parts.recent == whole.recent
    assert parts.evidence.value == pytest.approx(whole.evidence.value)
    assert len(whole.recent) == 13


def test_looks_are_those_of_who_looks_after_each_second_with_enough_evidence() -> None:
    """From wherever they begin: within a period, at its end, after a silence, or before anybody came."""
    rng = np.random.default_rng(13)
    moments = np.sort(rng.integers(0, 40 * PERIOD_SECONDS, 1_500)).astype(float)
    moments[700:] += 5 * PERIOD_SECONDS
    failed = rng.random(1_500) < np.repeat([0.0, 0.5, 0.02, 0.7, 0.0], 300)
    ends = np.flatnonzero(np.diff(moments, append=np.inf)) + 1
    assert len(ends) < 1_500, "seconds with more than one"
    for begin in (0, 350, int(np.searchsorted(moments, 20 * PERIOD_SECONDS)), 700):
        before, expected = start_failures(BUDGET, DAYS), {}
        before.feed(moments[:begin], failed[:begin])
        untouched, one = before.dump(), FailureWatch.load(before.dump())
        for first, last in itertools.pairwise([begin, *ends[ends > begin]]):
            one.feed(moments[first:last], failed[first:last])
            if one.evidence.value >= 1 / ALPHA:
                expected[last - begin] = one.judge(ALPHA, LEAST)
        found = iterate_looks(before, moments[begin:], failed[begin:], 1 / ALPHA)
        looks = {number: watch.judge(ALPHA, LEAST) for number, watch in found}
        assert list(looks) == list(expected)
        assert len(looks) > 100
        for number, finding in looks.items():
            assert finding == pytest.approx(expected[number])
        assert before.dump() == untouched


def test_another_model_that_fails_as_often_is_not_better() -> None:
    rng = np.random.default_rng(9)
    starts = [Starts(np.zeros(2_000, np.int64), 0, 1.0)]
    live = rng.random(2_000) < 0.3
    assert compare_failures(live, np.zeros(2_000, bool), starts) > 1e6
    assert compare_failures(live, live, starts) == 1
    assert compare_failures(live, rng.random(2_000) < 0.3, starts) < 100


def test_causes_that_are_the_models_are_those_that_the_service_counts_as_such() -> None:
    """Words, in every row of the log: what is counted as failed, slow or late begins so, and nothing else does."""
    failing = [NO_SCORE, describe_failure(ValueError("x")), describe_slow(1), describe_late(1)]
    other = [NO_MODEL, describe_fallback("x"), describe_doubt("x"), OTHER_VERSION]
    assert {classify_cause(one) for one in failing} == {"failed", "slow", "late"}
    assert not {classify_cause(one) for one in other} & {"failed", "slow", "late"}
    assert [one.startswith(MODEL_AT_FAULT) for one in failing + other] == [True] * 4 + [False] * 4

"""How long decisions took, from counts that are known."""

import pytest

from service.page import decision_times
from service.page.decision_times import DecisionTimes, PeriodTimes
from service.page.sections.times import draw_bars, format_period, format_seconds

INFINITE = float("inf")


def test_the_bound_of_a_share_is_the_lowest_that_holds() -> None:
    found = PeriodTimes([0.001, 0.01, 0.1, INFINITE], [50, 94, 99, 100], 60)
    assert [found.find_bound(share) for share in (0.5, 0.51, 0.95, 0.99, 1.0)] == [0.001, 0.01, 0.1, 0.1, INFINITE]


def test_only_the_last_hour_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts grow for ever: what was there an hour ago is taken off."""
    now, counts = [0.0], [0]
    monkeypatch.setattr(decision_times.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(decision_times, "read_decision_times", lambda: {0.1: counts[0], INFINITE: counts[0]})
    times = DecisionTimes()
    for minute in range(181):
        now[0], counts[0] = 60.0 * minute, 10 * minute
        assert times.is_due == (minute > 0)
        if times.is_due:
            times.sample()
        assert not times.is_due
        assert times.read_period().total == min(10 * minute, 600)
    assert times.read_period().seconds == 3600


def test_counts_that_cannot_be_read_end_nothing_and_are_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Who samples them also watches the keys and the problems of the service."""
    now = [0.0]
    monkeypatch.setattr(decision_times.time, "monotonic", lambda: now[0])
    times = DecisionTimes()

    def fail() -> dict[float, int]:
        raise FileNotFoundError

    monkeypatch.setattr(decision_times, "read_decision_times", fail)
    now[0] = 60.0
    times.sample()
    assert times.is_due
    assert "could not be read" in caplog.text
    monkeypatch.setattr(decision_times, "read_decision_times", lambda: {INFINITE: 3})
    times.sample()
    assert not times.is_due


def test_what_was_counted_before_the_start_is_not_of_the_period(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that is replaced finds the counts of days, which were shown as those of the last minute."""
    counts = [5_000]
    monkeypatch.setattr(decision_times, "read_decision_times", lambda: {INFINITE: counts[0]})
    times = DecisionTimes()
    assert times.read_period().total == 0
    counts[0] += 3
    assert times.read_period().total == 3


def test_a_period_whose_begin_or_end_cannot_be_read_is_empty_or_ends_before(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[int | None] = [None, None, 7, 9, None]

    def read() -> dict[float, int]:
        answer = answers.pop(0)
        if answer is None:
            raise FileNotFoundError
        return {INFINITE: answer}

    monkeypatch.setattr(decision_times, "read_decision_times", read)
    times = DecisionTimes()
    assert times.is_due, "the first sample is tried again"
    assert times.read_period().total == 0
    times.sample()
    times.sample()
    assert times.read_period().total == 2


def test_bars_are_of_the_decisions_between_two_bounds_and_begin_with_the_first() -> None:
    bars = draw_bars(PeriodTimes([0.001, 0.002, 0.005, 0.01, INFINITE], [0, 10, 10, 30, 30], 60))
    assert [(bar.label, bar.height) for bar in bars] == [("2 ms", 50.0), ("5 ms", 0.0), ("10 ms", 100.0)]
    assert draw_bars(PeriodTimes([0.001, INFINITE], [0, 0], 60)) == []


def test_an_hour_is_told_as_one_although_its_first_sample_is_older() -> None:
    found = [format_period(seconds) for seconds in (0, 89, 91, 3_300, 3_580, 3_600, 3_690)]
    assert found == ["minute", "minute", "2 minutes", "55 minutes", "hour", "hour", "hour"]


def test_bounds_are_told_in_their_unit() -> None:
    assert [format_seconds(one) for one in (0.001, 0.25, 1.0, INFINITE)] == ["1 ms", "250 ms", "1 s", "more than 5 s"]

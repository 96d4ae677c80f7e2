"""People who wait are told which pipeline runs, how many are to come, and about how long they take."""

import time

import pytest

from credit.common.errors import CreditError, Problem, raise_if_any
from release.blame.progress import Progress


def test_the_time_left_is_that_of_the_runs_so_far(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    progress = Progress()

    def run(name: str, seconds: float, problems: tuple[Problem, ...] = ()) -> None:
        with progress.follow(name):
            clock[0] += seconds
            raise_if_any(problems)

    run("the bad version", 1)
    progress.expect(4)
    run("data", 39)
    run("code", 20)
    with pytest.raises(CreditError):
        run("params.train", 240, (Problem("it", "does not run"),))
    run("data + code", 5)
    run("one more", 5)
    assert capsys.readouterr().err.splitlines() == [
        "the bad version ...",
        "data ... (4 to go, about 4 s)",
        "code ... (3 to go, about 60 s)",
        "params.train ... (2 to go, about 40 s)",
        "data + code ... (1 to go, about 75 s)",
        "one more ...",
    ]


def test_longer_than_a_minute_and_a_half_is_told_in_minutes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    progress = Progress()
    progress.expect(14)
    for name in ("first", "second"):
        with progress.follow(name):
            clock[0] += 60
    assert capsys.readouterr().err.splitlines() == ["first ... (14 to go)", "second ... (13 to go, about 13 min)"]

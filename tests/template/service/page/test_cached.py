"""What is asked once for many who look."""

import threading

import pytest

from service.page import cached
from service.page.cached import ValueCache
from testing.parts.servers import PATIENCE


def test_it_is_asked_again_for_another_key_or_when_it_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, answers = [100.0], iter("abcd")
    monkeypatch.setattr(cached.time, "monotonic", lambda: clock[0])
    kept: ValueCache[str] = ValueCache(5)
    assert kept.get(1, lambda: next(answers)) == "a"
    clock[0] += 4.9
    assert kept.get(1, lambda: next(answers)) == "a"
    assert kept.get(2, lambda: next(answers)) == "b"
    clock[0] += 5
    assert kept.get(2, lambda: next(answers)) == "c"


def test_nobody_waits_for_an_answer_while_there_is_an_older_one() -> None:
    kept: ValueCache[str] = ValueCache(0)
    kept.get(1, lambda: "old")
    asking, answered = threading.Event(), threading.Event()

    def slow() -> str:
        asking.set()
        answered.wait(PATIENCE)
        return "new"

    thread = threading.Thread(target=kept.get, args=(1, slow))
    thread.start()
    assert asking.wait(PATIENCE)
    assert kept.get(1, lambda: "asked twice") == "old"
    answered.set()
    thread.join()

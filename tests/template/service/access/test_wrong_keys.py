"""Wrong keys cost who sends them time, and nobody else."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from credit.registry.store import Store
from service.access.keys import KeyRefusedError
from service.access.wrong_keys import WrongKeys
from service.commands.keys.make import make_key
from testing.services import run_service

UNKNOWN = KeyRefusedError("unknown")


def test_the_first_few_are_answered_at_once_and_each_further_one_later() -> None:
    wrong = WrongKeys()
    waits = []
    for _ in range(20):
        waits.append(wrong.note("a", UNKNOWN))
        wrong.release("a")
    assert waits[:5] == [0.0] * 5
    assert waits[5:9] == [0.1, 0.2, 0.4, 0.8]
    assert max(one for one in waits if one is not None) == 5.0
    assert wrong.note("b", UNKNOWN) == 0.0, "another address has done nothing"


def test_more_than_ten_of_an_address_at_a_time_do_not_even_wait() -> None:
    wrong = WrongKeys()
    assert None not in [wrong.note("a", UNKNOWN) for _ in range(10)]
    assert wrong.note("a", UNKNOWN) is None
    wrong.release("a")
    assert wrong.note("a", UNKNOWN) is not None


def test_no_number_of_addresses_takes_more_than_some_memory() -> None:
    wrong = WrongKeys()
    for number in range(10_100):
        wrong.note(str(number), UNKNOWN)
    assert len(wrong._addresses) == 10_000


def test_they_are_logged_once_and_then_counted(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = WrongKeys()
    for _ in range(5):
        wrong.note("a", KeyRefusedError("expired", "branch"))
        wrong.release("a")
    wrong.log_counts()
    assert [one.getMessage() for one in caplog.records] == ["a key of branch from a was refused: expired"]
    later = time.monotonic() + 61
    monkeypatch.setattr(time, "monotonic", lambda: later)
    wrong.log_counts()
    wrong.log_counts()
    assert [one.getMessage() for one in caplog.records[1:]] == ["4 more wrong keys from a"]


def test_who_guesses_waits_and_who_has_a_key_at_the_same_address_does_not(
    released: Store, asked: list[dict[str, Any]], tmp_path: Path
) -> None:
    key = make_key(tmp_path / "keys.json", "branch", ("decide", "watch"))
    with run_service(released.url, tmp_path / "state", SERVICE_KEYS_FILE=str(tmp_path / "keys.json")) as service:
        service.wait()
        for _ in range(8):
            service.decide(asked[0], authorization="Bearer nonsense")
        guesses: list[tuple[int, float]] = []

        def guess() -> None:
            start = time.monotonic()
            status = service.decide(asked[0], authorization="Bearer nonsense").status_code
            guesses.append((status, time.monotonic() - start))

        threads = [threading.Thread(target=guess) for _ in range(30)]
        for thread in threads:
            thread.start()
        decided = service.decide(asked[0], authorization=f"Bearer {key}").status_code
        for thread in threads:
            thread.join()
        assert decided == 200
        waited = [seconds for status, seconds in guesses if status == 401]
        assert 429 in {status for status, _ in guesses}
        assert waited
        assert min(waited) > 0.5
        figures = service.get("/metrics", authorization=f"Bearer {key}").text
        assert 'service_refused_keys_total{why="unknown"} 38.0' in figures
        assert "a key from 127.0.0.1 was refused: unknown" in service.log.read_text()

"""Group commit: many wait for one transaction, and nobody waits for ever."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from credit.common.errors import CreditError
from credit.decision_log.group_commit import Writer, WriteRequest
from credit.decision_log.log import DecisionLog
from credit.decision_log.repeats import RecordedRequest
from testing.decisions import list_identifiers, make_record
from testing.parts.servers import PATIENCE, wait_until


@pytest.fixture
def log(tmp_path: Path) -> Iterator[DecisionLog]:
    made = DecisionLog(f"sqlite:///{tmp_path}/log.db", tmp_path / "state")
    yield made
    made.close()


@pytest.fixture
def writer(log: DecisionLog) -> Iterator[Writer]:
    made = Writer(log, retry_seconds=0.05)
    yield made
    made.close()


class Asked:
    """Decisions that somebody waits for."""

    def __init__(self, *records: dict[str, Any]) -> None:
        self.records = list(records) or [make_record()]
        self._done = threading.Event()
        self._result: list[dict[str, Any]] | CreditError = []

    def by(self, writer: Writer) -> "Asked":
        writer.put(WriteRequest([self.records], self._told))
        return self

    def result(self) -> list[dict[str, Any]] | CreditError:
        assert self._done.wait(PATIENCE)
        return self._result

    def _told(self, result: list[RecordedRequest] | CreditError) -> None:
        self._result = result if isinstance(result, CreditError) else result[0]
        self._done.set()


def ids(several: list[Asked]) -> list[str]:
    return [one["id"] for asked in several for one in asked.records]


def test_what_waits_for_a_transaction_goes_into_the_next_one_together(log: DecisionLog, writer: Writer) -> None:
    statements: list[str] = []
    log.database.close()  # connections that are made from now on say what they do
    event.listen(log.database.engine, "connect", lambda made, _: made.set_trace_callback(statements.append))
    with log.database.begin_write():  # somebody else writes
        asked = [Asked(make_record(), make_record()).by(writer) for _ in range(200)]
    assert [one.result() for one in asked] == [one.records for one in asked]
    # a set: the driver tells a statement again for each row whose trigger runs
    written = {one for one in statements if one.startswith("INSERT INTO decisions")}
    assert 1 <= len(written) <= 10  # 400 decisions; the first of them went ahead
    assert list_identifiers(log.database) == ids(asked)


def test_a_transaction_does_not_grow_without_bounds(
    log: DecisionLog, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    write = log.write
    monkeypatch.setattr(log, "write", lambda requests: sizes.append(sum(map(len, requests))) or write(requests))
    with log.database.begin_write():
        asked = [Asked(*(make_record() for _ in range(300))).by(writer) for _ in range(20)]
    assert all(isinstance(one.result(), list) for one in asked)
    assert 1_000 < max(sizes) < 1_300
    assert sum(sizes) == 6_000
    assert list_identifiers(log.database) == ids(asked)


def test_an_error_that_nobody_expected_is_told_and_the_next_ones_are_written(
    log: DecisionLog, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(log, "write", lambda records: 1 / 0)
        said = Asked().by(writer).result()
    assert isinstance(said, CreditError)
    assert "ZeroDivisionError" in str(said)
    after = Asked().by(writer)
    assert after.result() == after.records


def test_one_who_cannot_be_told_does_not_keep_the_others_waiting(log: DecisionLog, writer: Writer) -> None:
    with log.database.begin_write():
        writer.put(WriteRequest([[make_record()]], lambda result: 1 / 0))
        asked = [Asked().by(writer) for _ in range(3)]
    assert [one.result() for one in asked] == [one.records for one in asked]


def test_replaying_goes_on_after_an_error_that_nobody_expected(
    log: DecisionLog, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = threading.Event()

    def broken() -> int:
        failed.set()
        raise ZeroDivisionError

    one = make_record()
    with monkeypatch.context() as patched:
        patched.setattr(log, "count_spooled", broken)
        assert failed.wait(PATIENCE)
    log.spool.add([one])
    wait_until(lambda: log.database.find(one["id"]) is not None, "the replay")


def test_what_is_queued_when_it_closes_is_written(log: DecisionLog) -> None:
    writer = Writer(log)
    with log.database.begin_write():
        asked = [Asked().by(writer) for _ in range(50)]
    writer.close()
    assert list_identifiers(log.database) == ids(asked)

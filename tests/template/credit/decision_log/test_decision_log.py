"""The database, and the spool while it is away: every decision once, in order, whatever happens in between."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from credit.common.errors import CreditError
from credit.decision_log.database import Database
from credit.decision_log.log import DecisionLog
from credit.decision_log.recent import RecentRequests
from credit.decision_log.repeats import KeyConflictError
from testing.decisions import list_identifiers, make_record, read_decision, write_each
from testing.lenders.frozen import ROOT
from testing.parts.servers import Cluster, fill, mount_small_disk, wait_until


@pytest.fixture
def log(server: Cluster, tmp_path: Path) -> Iterator[DecisionLog]:
    """A log in PostgreSQL."""
    made = DecisionLog(server.url, tmp_path / "state")
    yield made
    made.close()


@pytest.fixture
def away(log: DecisionLog, server: Cluster) -> Iterator[Cluster]:
    """Its server, stopped."""
    server.stop()
    yield server
    server.stop()
    server.start()


def test_what_was_decided_while_the_database_was_away_is_replayed_in_order(log: DecisionLog, away: Cluster) -> None:
    several = [make_record() for _ in range(1_203)]
    for start in range(0, len(several), 100):
        part = several[start : start + 100]
        assert write_each(log, part) == part
    assert log.problem is not None
    assert log.count_spooled() == 1_203
    assert log.find(several[0]["id"]) == several[0]
    assert not log.recover()
    away.start()
    wait_until(log.recover, "the database")
    after = make_record()
    write_each(log, [after])
    assert log.problem is None
    assert log.count_spooled() == 0
    assert list_identifiers(log.database) == [one["id"] for one in [*several, after]]


def test_a_start_without_the_database_neither_fails_nor_waits_for_the_spool(
    away: Cluster, log: DecisionLog, tmp_path: Path
) -> None:
    one, other = make_record(), make_record()
    write_each(log, [one])
    started = DecisionLog(away.url, tmp_path / "state")
    assert write_each(started, [other]) == [other]
    away.start()
    late = DecisionLog(away.url, tmp_path / "state")
    assert late.count_spooled() == 2
    last = make_record()
    write_each(late, [last])
    wait_until(late.recover, "the database")
    assert list_identifiers(log.database) == [one["id"], other["id"], last["id"]]
    started.close()
    late.close()


def test_a_process_that_is_killed_between_the_two_steps_of_a_replay_changes_nothing(
    log: DecisionLog, away: Cluster, tmp_path: Path
) -> None:
    several = [make_record(idempotency_key=key) for key in (None, None, "a", "b")]
    write_each(log, several)
    away.start()
    code = """
import os, signal, sys
from pathlib import Path
from credit.decision_log.log import DecisionLog
from credit.decision_log.repeats import KeyConflictError
from credit.decision_log.recent import RecentRequests
log = DecisionLog(sys.argv[1], Path(sys.argv[2]))
log.spool.begin_write = lambda: os.kill(os.getpid(), signal.SIGKILL)
log.recover()
"""
    command = [sys.executable, "-c", code, away.url, str(tmp_path / "state")]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == -9
    assert log.count_spooled() == 4
    assert list_identifiers(log.database) == [one["id"] for one in several]
    wait_until(log.recover, "the database")
    assert log.count_spooled() == 0
    assert list_identifiers(log.database) == [one["id"] for one in several]
    assert [read_decision(log.database, one["id"]) for one in several] == several


def test_a_key_gets_the_decision_that_it_got_before(log: DecisionLog) -> None:
    first, again, other = (
        make_record(idempotency_key="k"),
        make_record(idempotency_key="k"),
        make_record(idempotency_key="l"),
    )
    assert write_each(log, [first]) == [first]
    assert write_each(log, [again, other]) == [first, other]
    assert list_identifiers(log.database) == [first["id"], other["id"]]


def test_a_request_under_the_key_of_another_one_is_refused_and_nothing_of_it_is_written(log: DecisionLog) -> None:
    """Whatever differs: an application, more of them or fewer. What is written beside it is written."""
    several = [make_record(idempotency_key=key, fingerprint="f" * 64) for key in "klm"]
    assert log.write([several]) == [several]
    fewer = [make_record(idempotency_key=key, fingerprint="e" * 64) for key in "kl"]
    more = [make_record(idempotency_key=key, fingerprint="d" * 64) for key in "klmn"]
    again = [make_record(idempotency_key=key, fingerprint="f" * 64) for key in "klm"]
    for known in (True, False):
        if not known:
            log._recent = RecentRequests()
        other = make_record()
        refused, beside, too, same = log.write([fewer, [other], more, again])
        assert isinstance(refused, KeyConflictError)
        assert isinstance(too, KeyConflictError)
        assert (beside, same) == ([other], several)
    assert len(list_identifiers(log.database)) == 3 + 2


def test_a_repeat_is_known_when_the_database_breaks_off_at_the_end_of_its_transaction(log: DecisionLog) -> None:
    """The others of the same transaction go to the spool, at the places of the chain that they have already."""
    first, beside = make_record(idempotency_key="k"), make_record()
    write_each(log, [first])
    log._recent = RecentRequests()

    def break_off(_: Any) -> None:
        raise OSError

    event.listen(log.database.engine, "commit", break_off)
    assert write_each(log, [make_record(idempotency_key="k"), beside]) == [first, beside]
    event.remove(log.database.engine, "commit", break_off)
    assert log.count_spooled() == 1
    assert (beside["writer"], beside["sequence"], beside["previous"]) == (first["writer"], 2, first["row_hash"])
    wait_until(log.recover, "the database")
    assert read_decision(log.database, beside["id"]) == beside


def test_a_key_from_before_there_were_fingerprints_is_compared_by_its_values(log: DecisionLog) -> None:
    old, other = make_record(idempotency_key="k"), make_record(idempotency_key="k", inputs={}, fingerprint="f" * 64)
    log.database.add([old])
    (refused, again) = log.write([[other], [make_record(idempotency_key="k", fingerprint="e" * 64)]])
    assert isinstance(refused, KeyConflictError)
    assert again == [old]


def test_two_under_one_key_in_one_transaction_are_one_decision(log: DecisionLog) -> None:
    first, again = make_record(idempotency_key="k"), make_record(idempotency_key="k")
    assert write_each(log, [first, again]) == [first, first]


def test_a_key_is_known_while_the_database_is_away(log: DecisionLog, server: Cluster, away: Cluster) -> None:
    server.start()
    before = make_record(idempotency_key="before")
    write_each(log, [before])
    server.stop()
    meanwhile = make_record(idempotency_key="meanwhile")
    assert write_each(log, [make_record(idempotency_key="before"), meanwhile]) == [before, meanwhile]
    assert write_each(log, [make_record(idempotency_key="meanwhile")]) == [meanwhile]
    assert log.count_spooled() == 1


def test_a_key_that_another_process_spooled_is_known(log: DecisionLog, away: Cluster, tmp_path: Path) -> None:
    first = make_record(idempotency_key="k")
    write_each(log, [first])
    away.start()
    other = DecisionLog(away.url, tmp_path / "state")
    other.problem = None  # as in a process that has not noticed that the database was away
    assert write_each(other, [make_record(idempotency_key="k"), make_record()])[0] == first
    other.close()


def test_a_repeat_that_nobody_could_recognise_says_so_in_the_log(
    log: DecisionLog, away: Cluster, tmp_path: Path
) -> None:
    away.start()
    elsewhere = DecisionLog(away.url, tmp_path / "another machine")
    first = make_record(idempotency_key="k")
    write_each(elsewhere, [first])
    away.stop()
    repeat = make_record(idempotency_key="k")
    assert write_each(log, [repeat]) == [repeat]
    away.start()
    wait_until(log.recover, "the database")
    assert read_decision(log.database, repeat["id"]) == repeat | {
        "idempotency_key": None,
        "repeated_key": "k",
        "repeat_of": first["id"],
    }
    assert list_identifiers(log.database) == [first["id"], repeat["id"]]
    elsewhere.close()


@pytest.mark.parametrize("hanging", ["server", "table"])
def test_a_database_that_hangs_is_as_good_as_away(log: DecisionLog, server: Cluster, hanging: str) -> None:
    several = [make_record(), make_record()]
    other = Database(server.url)
    if hanging == "server":
        server.hang()
        try:
            assert write_each(log, several) == several
        finally:
            server.go_on()
    else:
        with other.begin_write() as connection:
            connection.execute(text("LOCK TABLE decisions"))
            assert write_each(log, several) == several
    assert log.count_spooled() == 2
    wait_until(log.recover, "the database")
    assert list_identifiers(log.database) == [one["id"] for one in several]
    other.close()


def fill_up(log: DecisionLog, written: list[dict[str, Any]]) -> None:
    """Write decisions until nothing takes one any more; those that were written."""
    for _ in range(10_000):
        written += write_each(log, [make_record(inputs={"text": "x" * 3_000})])


def test_a_full_disk_sends_decisions_to_the_spool(tmp_path: Path) -> None:
    with mount_small_disk(tmp_path / "disk", "1m") as disk:
        log = DecisionLog(f"sqlite:///{disk}/log.db", tmp_path / "state")
        several = [make_record(inputs={"text": "x" * 3_000}) for _ in range(600)]
        for one in several:
            assert write_each(log, [one]) == [one]
        assert "full" in str(log.problem)
        assert 0 < log.count_spooled() < 600
        assert not log.recover()
        subprocess.run(["mount", "-o", "remount,size=20m", str(disk)], check=True)
        wait_until(log.recover, "the database")
        assert log.count_spooled() == 0
        assert list_identifiers(log.database) == [one["id"] for one in several]
        log.close()


def test_when_both_are_full_nothing_is_told_until_there_is_room(tmp_path: Path) -> None:
    with mount_small_disk(tmp_path / "disk", "2m") as disk:
        log = DecisionLog(f"sqlite:///{disk}/log.db", disk)
        written: list[dict[str, Any]] = []
        fill(disk)
        with pytest.raises(CreditError):
            fill_up(log, written)
        for _ in range(3):
            with pytest.raises(CreditError):
                write_each(log, [make_record(inputs={"text": "x" * 30_000})])
        (disk / "filler").unlink()
        after = make_record()
        written += write_each(log, [after])
        wait_until(log.recover, "the database")
        assert list_identifiers(log.database) == [one["id"] for one in written]
        log.close()


def test_a_full_spool_does_not_stop_a_database_that_is_back(server: Cluster, tmp_path: Path) -> None:
    with mount_small_disk(tmp_path / "disk", "1m") as disk:
        log = DecisionLog(server.url, disk)
        written: list[dict[str, Any]] = []
        server.stop()
        try:
            with pytest.raises(CreditError):
                fill_up(log, written)
        finally:
            server.start()
        one = make_record(inputs={"text": "x" * 30_000})  # a small one may find room in the spool
        assert write_each(log, [one]) == [one]
        assert log.database.find(one["id"]) == one
        subprocess.run(["mount", "-o", "remount,size=20m", str(disk)], check=True)
        wait_until(log.recover, "the database")
        assert sorted(list_identifiers(log.database)) == sorted(r["id"] for r in [*written, one])
        log.close()


def test_a_spool_that_is_broken_does_not_stop_a_database_that_works(log: DecisionLog, tmp_path: Path) -> None:
    log.spool.close()
    (tmp_path / "state/spool.db").write_bytes(b"no database" * 1_000)
    for key in (None, "k"):
        one = make_record(idempotency_key=key)
        assert write_each(log, [one]) == [one]
        log.recover()
        assert log.database.find(one["id"]) == one

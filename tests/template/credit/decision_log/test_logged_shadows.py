"""What a challenger would have decided is in the log beside the decision: chained, spooled, erased with it."""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import insert, select, update

from credit.common.errors import CreditError
from credit.decision_log.database import Database
from credit.decision_log.integrity.verify import verify_databases
from credit.decision_log.log import DecisionLog
from credit.decision_log.migrate import MIGRATIONS
from credit.decision_log.people.applicants import export_decision
from credit.decision_log.people.erasure import erase_decisions, expire_decisions
from credit.decision_log.shadows import insertion
from credit.decision_log.shadows.recording import ShadowLog
from credit.decision_log.tables import DECISIONS_TABLE, SHADOWS_TABLE
from testing.decisions import make_record, make_shadow, write_each


class _GoneError(Exception):
    """Ends a transaction without a trace."""


FULL = 2
"""SQLite's number for commits that wait for the disk."""

LATER = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DecisionLog]:
    """An empty log, in SQLite and in PostgreSQL."""
    is_file = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/log.db" if is_file else request.getfixturevalue("server").url
    made = DecisionLog(url, tmp_path / "state")
    yield made
    made.close()


def read_shadows(log: DecisionLog) -> list[dict[str, Any]]:
    with log.database.begin_read() as connection:
        rows = connection.execute(select(SHADOWS_TABLE).order_by(SHADOWS_TABLE.c.sequence))
        return [dict(row._mapping) for row in rows]


def verify(log: DecisionLog) -> tuple[list[str], int, int]:
    """The findings about shadows, and how many rows were checked and are erased."""
    (report,) = [one for one in verify_databases([log.spool, log.database], None) if one.table == "shadows"]
    return [str(one) for one in report.findings], report.rows, report.erased


def test_shadows_are_chained_and_a_changed_one_is_named(log: DecisionLog) -> None:
    decided = write_each(log, [make_record() for _ in range(3)])
    log.shadows.write([make_shadow(one) for one in decided[:2]], may_use_database=True)
    log.shadows.write([make_shadow(decided[2], None)], may_use_database=True)
    rows = read_shadows(log)
    assert [(row["decision_id"], row["decision"], row["score"]) for row in rows] == [
        (decided[0]["id"], "approve", 0.7),
        (decided[1]["id"], "approve", 0.7),
        (decided[2]["id"], None, None),
    ]
    assert [row["sequence"] for row in rows] == [1, 2, 3]
    assert verify(log) == ([], 3, 0)
    with log.database.begin_write() as connection:
        connection.execute(
            update(SHADOWS_TABLE).where(SHADOWS_TABLE.c.id == rows[1]["id"]).values(decision="deny", score=0.1)
        )
    (finding,) = verify(log)[0]
    assert finding.startswith(f"altered: shadows {rows[1]['id']}")


def test_an_erasure_takes_what_the_challenger_said_too_and_the_chain_holds(log: DecisionLog) -> None:
    first, second, third = write_each(log, [make_record() for _ in range(3)])
    log.shadows.write([make_shadow(one) for one in (first, second, third)], may_use_database=True)
    assert [one["decision"] for one in export_decision(log.database, first)["shadows"]] == ["approve"]
    erase_decisions(log.events, [first["id"]], "erase", "officer", {})
    assert [row["decision"] for row in read_shadows(log)] == [None, "approve", "approve"]
    assert [row["score"] for row in read_shadows(log)] == [None, 0.7, 0.7]
    assert export_decision(log.database, first)["shadows"] == []
    assert verify(log) == ([], 3, 1)
    assert expire_decisions(log.database, log.events, LATER, "timer") == 2
    assert [row["score"] for row in read_shadows(log)] == [None] * 3
    assert verify(log) == ([], 3, 3)
    with log.database.begin_write() as connection:
        connection.execute(update(SHADOWS_TABLE).values(erased_by="0" * 32))
    assert "no erasure in the log names it" in verify(log)[0][0]


def test_what_comes_after_the_erasure_is_erased_as_it_comes(log: DecisionLog) -> None:
    """The challenger had the values in memory while they were erased in the log."""
    erased, other = write_each(log, [make_record() for _ in range(2)])
    erase_decisions(log.events, [erased["id"]], "erase", "officer", {})
    log.shadows.write([make_shadow(erased), make_shadow(other)], may_use_database=True)
    assert [row["decision"] for row in read_shadows(log)] == [None, "approve"]
    log.shadows.write([make_shadow(erased)], may_use_database=False)
    assert log.recover()
    assert [row["decision"] for row in read_shadows(log)] == [None, "approve", None]
    assert verify(log) == ([], 3, 2)


def test_an_erasure_between_the_look_and_the_lock_is_heeded(log: DecisionLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """In SQLite it is looked for before the lock, which a decision may wait for."""
    erased, other = write_each(log, [make_record() for _ in range(2)])
    begin = log.database.begin_write

    def erase_first() -> Any:
        monkeypatch.undo()
        erase_decisions(log.events, [erased["id"]], "erase", "officer", {})
        return begin()

    monkeypatch.setattr(log.database, "begin_write", erase_first)
    log.shadows.write([make_shadow(erased), make_shadow(other)], may_use_database=True)
    assert [row["decision"] for row in read_shadows(log)] == [None, "approve"]
    assert verify(log) == ([], 2, 1)


def test_while_an_erasure_has_the_decision_a_shadow_goes_to_the_spool(log: DecisionLog) -> None:
    """Whichever comes first, the values are gone afterwards; nobody waits in a ring."""
    (decided,) = write_each(log, [make_record()])
    with suppress(_GoneError), log.events.begin() as transaction:
        here = update(DECISIONS_TABLE).where(DECISIONS_TABLE.c.id == decided["id"])
        transaction.connection.execute(here.values(applicant="a" * 64))
        log.shadows.write([make_shadow(decided)], may_use_database=True)
        assert log.shadows.count_spooled() == 1
        raise _GoneError
    assert log.recover()
    assert (log.shadows.count_spooled(), [row["decision"] for row in read_shadows(log)]) == (0, ["approve"])


def test_shadows_are_spooled_while_the_database_is_away_and_come_at_their_places(log: DecisionLog) -> None:
    decided = write_each(log, [make_record() for _ in range(5)])
    log.shadows.write([make_shadow(decided[0])], may_use_database=True)
    log.shadows.write([make_shadow(decided[1]), make_shadow(decided[2])], may_use_database=False)
    log.shadows.write([make_shadow(decided[3])], may_use_database=True)
    assert [row["sequence"] for row in read_shadows(log)] == [1, 4]
    assert verify(log) == ([], 4, 0), "the spool is part of the log"
    with log.spool.begin_read() as connection:
        copied = [dict(row._mapping) for row in connection.execute(select(SHADOWS_TABLE))]
    with log.database.begin_write() as connection:  # killed after it had added a row, before it removed it here
        connection.execute(insert(SHADOWS_TABLE).values(copied[:1]))
    assert log.recover()
    assert log.shadows.count_spooled() == 0
    assert [row["decision_id"] for row in read_shadows(log)] == [one["id"] for one in decided[:4]]
    assert verify(log) == ([], 4, 0)


def test_however_many_shadows_are_written_a_decision_finds_the_database_free_after_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite has one writer at a time: it is no challenger between 256 rows, nor while the disk is waited for."""
    log = DecisionLog(f"sqlite:///{tmp_path}/log.db", tmp_path / "state")
    decided = write_each(log, [make_record() for _ in range(420)])
    beside = Database(f"sqlite:///{tmp_path}/log.db", flushes=False)
    beside.file.remember()
    with log.database.begin_read() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == FULL, "a decision is on the disk"
    there: list[tuple[str, int]] = []

    def look(moment: str) -> None:
        other = sqlite3.connect(tmp_path / "log.db", timeout=0, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")  # which fails while somebody else has the lock
        there.append((moment, other.execute("SELECT count(*) FROM shadows").fetchone()[0]))
        other.close()

    fsync = os.fsync

    def flush(file: int) -> None:
        assert Path(f"/proc/self/fd/{file}").readlink() == tmp_path / "log.db-wal"
        look("flush")
        fsync(file)

    monkeypatch.setattr(insertion.time, "sleep", lambda _: look("pause"))
    monkeypatch.setattr(os, "fsync", flush)
    ShadowLog(beside, log.spool).write([make_shadow(one) for one in decided], may_use_database=True)
    assert there == [("pause", 256), ("flush", 420)]
    assert verify(log) == ([], 420, 0)
    beside.close()
    log.close()


def test_what_the_disk_does_not_take_goes_to_the_spool_at_the_same_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = DecisionLog(f"sqlite:///{tmp_path}/log.db", tmp_path / "state")
    decided = write_each(log, [make_record() for _ in range(60)])

    def fail(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        log.shadows.write([make_shadow(one) for one in decided], may_use_database=True)
    assert log.shadows.count_spooled() == 60, "whether the database has them is not known"
    assert log.recover()
    assert (log.shadows.count_spooled(), verify(log)) == (0, ([], 60, 0))
    log.close()


def test_rows_that_nobody_took_leave_no_hole(log: DecisionLog, tmp_path: Path) -> None:
    """The chain begins anew: whether the database has the row is not known."""
    decided = write_each(log, [make_record() for _ in range(2)])
    written = ShadowLog(log.database, log.spool)
    written.write([make_shadow(decided[0])], may_use_database=True)
    (tmp_path / "state" / "spool.db").unlink()
    with pytest.raises(CreditError):
        written.write([make_shadow(decided[1])], may_use_database=False)
    written.write([make_shadow(decided[1])], may_use_database=True)
    (report,) = [one for one in verify_databases([log.database], None) if one.table == "shadows"]
    assert (report.findings, report.rows, report.writers) == ([], 2, 2)


def test_a_service_from_before_goes_on_beside_the_new_table(log: DecisionLog) -> None:
    """It has its connections open while a newer one brings the tables up to date, and then down again."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with log.database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0004")
    before = write_each(log, [make_record()])
    log.database.prepare()
    after = write_each(log, [make_record()])
    log.shadows.write([make_shadow(one) for one in (*before, *after)], may_use_database=True)
    assert len(read_shadows(log)) == 2
    assert log.count_spooled() == 0
    assert verify(log) == ([], 2, 0)

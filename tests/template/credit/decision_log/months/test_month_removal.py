"""Whole months are removed by their age, with all that belongs to them, and the chain of the log explains it."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, event, select, text, update

from credit.common.errors import CreditError, Problem
from credit.decision_log.integrity.checkpointing import CheckpointWriter
from credit.decision_log.integrity.confirmed import announce_removal
from credit.decision_log.integrity.findings import TableReport
from credit.decision_log.integrity.verify import verify_databases
from credit.decision_log.log import DecisionLog
from credit.decision_log.months import removal
from credit.decision_log.months.partitions import add_months
from credit.decision_log.months.removal import plan_removal, remove_decisions
from credit.decision_log.outcomes import record_outcome
from credit.decision_log.people.erasure import expire_decisions
from credit.decision_log.people.reviews import Review, record_review
from credit.decision_log.recent import RecentRequests
from credit.decision_log.tables import (
    DECISION_WRITERS_TABLE,
    DECISIONS_TABLE,
    EVENTS_TABLE,
    OUTCOMES_TABLE,
    SHADOWS_TABLE,
)
from credit.registry.store import Store
from service.export.following import compare_days, export_news
from service.export.parquet import ParquetTarget
from testing.decisions import make_record, make_shadow, write_each


@pytest.fixture
def before(now: datetime) -> datetime:
    """The begin of the first month that stays."""
    return add_months(now, 2)


@pytest.fixture(params=["sqlite", "postgresql"])
def log(request: pytest.FixtureRequest, tmp_path: Path, now: datetime) -> Iterator[DecisionLog]:
    """A log of four months from the last one on, ten decisions of each, with what belongs to one of each.

    The last of a month is written after the first of the next one, as at midnight.
    """
    is_file = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/log.db" if is_file else request.getfixturevalue("server").url
    made = DecisionLog(url, tmp_path / "state")
    moments = [add_months(now, i // 10 - 1) + timedelta(hours=i % 10) for i in range(40)]
    for place in (10, 20, 30):
        moments[place - 1], moments[place] = moments[place], moments[place - 1]
    rows = write_each(made, [make_record(decided_at=one, idempotency_key=f"{one}") for one in moments])
    for row in rows[5::10]:
        record_outcome(made.outcomes, row["id"], True, now, "paid", "bank", now)
        record_review(made.events, row, Review("approve", "analyst-7", "Well known", True), "backoffice")
        made.shadows.write([make_shadow(row)], may_use_database=True)
    yield made
    made.close()


def verify(log: DecisionLog, store: Store | None = None) -> dict[str, TableReport]:
    return {one.table: one for one in verify_databases([log.spool, log.database], store)}


def read(log: DecisionLog, *columns: Any) -> list[Any]:
    with log.database.begin_read() as connection:
        return [tuple(row) for row in connection.execute(select(*columns))]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "store"))


def remove(log: DecisionLog, before: datetime, store: Store, environment: str | None = None) -> removal.Removal:
    return remove_decisions(log.database, log.events, before, "cron", lambda: store, environment)


def write_others(log: DecisionLog, moment: datetime) -> list[Any]:
    """Write three decisions of another environment from a moment on, between those that are there."""
    return write_each(
        log, [make_record(decided_at=moment + timedelta(minutes=i), environment="staging") for i in range(3)]
    )


def test_old_months_go_with_all_that_belongs_to_them_and_the_chain_goes_on(
    log: DecisionLog, tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch, now: datetime, before: datetime
) -> None:
    for name in ("_CHUNK_ROWS", "_LOCKED_ROWS"):
        monkeypatch.setattr(removal, name, 7)
    CheckpointWriter(log.chains, lambda: store, "prod").write()
    target = ParquetTarget(tmp_path / "analysts")
    export_news(log.database, target)
    planned = plan_removal(log.database, before)
    assert remove(log, before, store) == planned
    assert planned.decisions == 30
    names = ["history", *(f"{add_months(now, number):%Y_%m}" for number in range(2))]
    is_partitioned = log.database.engine.dialect.name == "postgresql"
    assert list(planned.partitions) == ([f"decisions_{name}" for name in names] if is_partitioned else [])
    assert remove(log, before, store).decisions == plan_removal(log.database, before).decisions == 0
    assert read(log, DECISION_WRITERS_TABLE.c.newest) == [(40,)], "the writer is noted as long as it has decisions"
    assert {moment for (moment,) in read(log, DECISIONS_TABLE.c.decided_at)} == {
        before + timedelta(hours=hour) for hour in range(10)
    }
    assert sorted(read(log, OUTCOMES_TABLE.c.outcome), key=str) == [(None,)] * 3 + [(True,)]
    assert sorted(read(log, SHADOWS_TABLE.c.score), key=str) == [(0.7,)] + [(None,)] * 3
    reviews = [said for kind, said in read(log, EVENTS_TABLE.c.kind, EVENTS_TABLE.c.personal) if kind == "review"]
    assert sorted(map(bool, reviews)) == [False] * 3 + [True]
    reports = verify(log, store)
    assert not any(one.findings for one in reports.values())
    assert (reports["decisions"].rows, reports["decisions"].removed) == (10, 30)
    assert verify_databases([log.database], store, since=before + timedelta(hours=3))[0].found == 0
    assert export_news(log.database, target).removed == 30
    assert compare_days(log.database, target) == {}
    assert export_news(log.database, ParquetTarget(tmp_path / "new")).missing == 0
    log._recent = RecentRequests()
    freed = make_record(decided_at=before, idempotency_key=f"{add_months(now, -1)}")
    assert write_each(log, [freed]) == [freed]


def test_an_end_of_the_gap_that_was_altered_or_more_that_is_gone_is_named(
    log: DecisionLog, store: Store, before: datetime
) -> None:
    remove(log, before, store)
    first = min(place for (place,) in read(log, DECISIONS_TABLE.c.sequence))
    with log.database.begin_write() as connection:
        connection.execute(delete(DECISIONS_TABLE).where(DECISIONS_TABLE.c.sequence == first))
    assert [one.kind for one in verify(log)["decisions"].findings] == ["deleted"]


def test_a_removal_that_nobody_did_is_named(log: DecisionLog, store: Store, before: datetime) -> None:
    """What an outcome lost while its decision is there, and a gap that is made longer in the event that tells it."""
    remove(log, before, store)
    ((told_by, detail),) = [
        (one, told)
        for one, kind, told in read(log, EVENTS_TABLE.c.id, EVENTS_TABLE.c.kind, EVENTS_TABLE.c.detail)
        if kind == "remove"
    ][-1:]
    gone = update(OUTCOMES_TABLE).where(OUTCOMES_TABLE.c.erased_by.is_(None))
    longer = update(EVENTS_TABLE).where(EVENTS_TABLE.c.id == told_by)
    with log.database.begin_write() as connection:
        connection.execute(gone.values(outcome=None, salt=None, erased_by=told_by))
        connection.execute(longer.values(detail=detail | {"decisions": 1_000}))
    reports = verify(log)
    assert "no erasure" in str(reports["outcomes"].findings)
    assert [one.id for one in reports["events"].findings] == [told_by]


def test_a_removal_that_is_killed_changes_nothing_of_its_partition(
    log: DecisionLog, store: Store, monkeypatch: pytest.MonkeyPatch, before: datetime
) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    if log.database.engine.dialect.name == "postgresql":
        monkeypatch.setattr(removal, "_drop", die)
    else:
        monkeypatch.setattr(removal, "delete", die)
    with pytest.raises(KeyboardInterrupt):
        remove(log, before, store)
    assert len(read(log, DECISIONS_TABLE.c.id)) == 40
    assert not any(one.findings for one in verify(log, store).values()), "what was announced is there, and that is well"
    monkeypatch.undo()
    assert remove(log, before, store).decisions == 30
    assert not any(one.findings for one in verify(log, store).values()), "no checkpoint is needed for it"


@pytest.mark.parametrize(("environment", "removed", "erased"), [(None, 33, 5), ("prod", 30, 8)])
def test_killed_at_any_step_it_leaves_no_finding_and_goes_on(
    log: DecisionLog,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    now: datetime,
    before: datetime,
    environment: str | None,
    removed: int,
    erased: int,
) -> None:
    """Killed before each statement and each object of the store, again and again, until all of it has gone.

    Another environment has decisions of one of the months: of one alone, that goes row by row, and theirs stay.
    """
    others = write_others(log, add_months(now, 0))
    for name in ("_CHUNK_ROWS", "_LOCKED_ROWS"):
        monkeypatch.setattr(removal, name, 7)
    monkeypatch.setattr(removal, "_UNLOCKED_SECONDS", 0.0)
    left, create = [0], store.create

    killed: set[str] = set()

    def step(_: object, __: object, what: str, *___: object) -> None:
        left[0] -= 1
        if not left[0]:
            killed.add(" ".join(what.split()[:3]))
            raise KeyboardInterrupt

    def create_or_die(key: str, content: bytes) -> bool:
        step(None, None, "before the store")
        made = create(key, content)
        step(None, None, "after the store")
        return made

    monkeypatch.setattr(store, "create", create_or_die)

    def run_killed(work: Callable[[], object]) -> None:
        for kills in count(1):
            left[0] = kills
            event.listen(log.database.engine, "before_cursor_execute", step)
            try:
                work()
                return
            except KeyboardInterrupt:
                pass
            finally:
                event.remove(log.database.engine, "before_cursor_execute", step)
            assert not any(one.findings for one in verify(log, store).values())

    run_killed(lambda: remove(log, before, store, environment))
    if environment:
        assert [log.database.find(one["id"]) for one in others] == others
    assert {"before the store", "after the store", "INSERT INTO events", "UPDATE outcomes SET"} <= killed
    assert killed & {"DELETE FROM decisions", "ALTER TABLE decisions"}
    killed.clear()
    run_killed(lambda: expire_decisions(log.database, log.events, before + timedelta(hours=5), "cron"))
    assert {"INSERT INTO events", "UPDATE decisions SET", "UPDATE events SET"} <= killed
    reports = verify(log, store)
    found = reports["decisions"]
    assert (found.rows, found.removed, found.erased) == (43 - removed, removed, erased)


def test_what_comes_of_another_environment_meanwhile_keeps_its_month(
    log: DecisionLog, store: Store, monkeypatch: pytest.MonkeyPatch, now: datetime, before: datetime
) -> None:
    """After it was looked which months have decisions of this one alone: that month goes row by row then."""
    others: list[Any] = []

    def come_late(*told: Any) -> Any:
        others.extend(write_others(log, add_months(now, 1)))
        return announce_removal(*told)

    monkeypatch.setattr(removal, "announce_removal", come_late)
    planned = plan_removal(log.database, before, "prod")
    done = remove(log, before, store, "prod")
    late = planned.partitions.get(f"decisions_{add_months(now, 1):%Y_%m}", 0)
    assert (planned.decisions, done.decisions, done.rows) == (30, 30, planned.rows + late)
    assert [log.database.find(one["id"]) for one in others] == others
    assert not any(one.findings for one in verify(log, store).values())


@pytest.mark.parametrize("log", ["postgresql"], indirect=True)
def test_a_partition_that_is_read_all_the_time_is_asked_for_again(
    log: DecisionLog, store: Store, monkeypatch: pytest.MonkeyPatch, before: datetime
) -> None:
    monkeypatch.setattr(removal, "_PAUSE_SECONDS", 0.0)
    with log.database.begin_read() as reader:
        reader.execute(text("SELECT count(*) FROM decisions"))
        monkeypatch.setattr(time, "sleep", lambda _: reader.rollback())
        assert remove(log, before, store).decisions == 30


@pytest.mark.parametrize("log", ["sqlite"], indirect=True)
def test_in_sqlite_others_write_between_few_decisions_that_are_removed(
    log: DecisionLog, store: Store, monkeypatch: pytest.MonkeyPatch, before: datetime
) -> None:
    """Whoever wants to write meanwhile waits for those of one event, and finds the lock free for longer than these."""
    monkeypatch.setattr(removal, "_LOCKED_ROWS", 7)
    paused: list[float] = []

    def write_one(seconds: float) -> None:
        write_each(log, [make_record(decided_at=before)])
        assert log.problem is None
        paused.append(seconds)

    monkeypatch.setattr(time, "sleep", write_one)
    assert remove(log, before, store).decisions == 30
    events = read(log, EVENTS_TABLE.c.kind, EVENTS_TABLE.c.detail)
    assert [detail["decisions"] for kind, detail in events if kind == "remove"] == [7, 7, 7, 7, 2]
    assert paused == [removal._UNLOCKED_SECONDS] * 5
    assert log.count_spooled() == 0


def test_nothing_is_removed_that_the_store_was_not_told_of(
    log: DecisionLog, store: Store, monkeypatch: pytest.MonkeyPatch, before: datetime
) -> None:
    """Neither while the store is away, nor what comes to an old month after that was announced."""

    def fail(*_: object) -> bool:
        raise CreditError(Problem("the store", "does not answer"))

    def come_late(*told: Any) -> Any:
        announced = announce_removal(*told)
        write_each(log, [make_record(decided_at=before - timedelta(days=1))])
        return announced

    with monkeypatch.context() as away:
        away.setattr(store, "create", fail)
        with pytest.raises(CreditError, match="does not answer"):
            remove(log, before, store)
    assert len(read(log, DECISIONS_TABLE.c.id)) == 40
    with monkeypatch.context() as late:
        late.setattr(removal, "announce_removal", come_late)
        with pytest.raises(CreditError, match="since those that go were announced"):
            remove(log, before, store)
    assert not any(one.findings for one in verify(log, store).values())
    remove(log, before, store)
    reports = verify(log, store)
    assert not any(one.findings for one in reports.values())
    assert (reports["decisions"].rows, reports["decisions"].removed) == (10, 31)


def test_a_removal_of_before_there_were_announcements_is_known_by_its_checkpoint(
    log: DecisionLog, store: Store, before: datetime
) -> None:
    remove(log, before, store)
    assert store.delete("log/removals") == 1
    assert verify(log, store)["events"].findings
    CheckpointWriter(log.chains, lambda: store, "prod").write()
    reports = verify(log, store)
    assert not any(one.findings for one in reports.values())
    assert reports["decisions"].removed == 30


def test_a_decision_that_was_made_old_by_hand_stays_a_finding_when_it_went_with_its_month(
    log: DecisionLog, store: Store, before: datetime
) -> None:
    with log.database.begin_write() as connection:
        if log.database.engine.dialect.name == "postgresql":
            connection.execute(text("DELETE FROM decision_keys"))  # or the key would keep the row from its other month
        young = update(DECISIONS_TABLE).where(DECISIONS_TABLE.c.sequence == 35)
        connection.execute(young.values(decided_at=before - timedelta(days=1)))
    assert remove(log, before, store).decisions == 31
    assert [(one.kind, one.place) for one in verify(log, store)["decisions"].findings] == [("deleted", 35)]

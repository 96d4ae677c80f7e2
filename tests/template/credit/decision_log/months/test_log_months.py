"""PostgreSQL keeps decisions apart by month: an old log becomes so with all that it has, and a key stays unique."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from alembic import command
from sqlalchemy import func, insert, select, text

from credit.common.errors import CreditError
from credit.decision_log import migrate
from credit.decision_log.database import Database
from credit.decision_log.integrity.verify import LogVerification
from credit.decision_log.log import DecisionLog
from credit.decision_log.months import thread
from credit.decision_log.months.partitions import AHEAD_MONTHS, add_months, ensure_months, list_partitions
from credit.decision_log.months.thread import WEAKNESS, MonthThread
from credit.decision_log.tables import DECISIONS_TABLE
from testing.decisions import make_old_log, make_record, run_sql
from testing.parts.servers import Cluster, wait_until


@pytest.fixture
def months(server: Cluster, now: datetime) -> Iterator[Database]:
    """A log in PostgreSQL with nothing in it."""
    made = Database(server.url)
    made.prepare()
    yield made
    made.close()


def list_places(database: Database) -> list[tuple[str, int]]:
    asked = "SELECT tableoid::regclass::text, count(*) FROM decisions GROUP BY 1 ORDER BY 1"
    return [tuple(row) for row in run_sql(database, asked)]


def test_an_old_log_becomes_one_of_months_with_all_that_it_has(server: Cluster, now: datetime) -> None:
    """The old table is the first partition, as it is; a decision of a month to come moves to its month."""
    database, rows = make_old_log(server.url, now)
    run_sql(database, "DROP ROLE IF EXISTS analyst", "CREATE ROLE analyst", "GRANT SELECT ON decisions TO analyst")
    (old,) = run_sql(database, "SELECT relfilenode FROM pg_class WHERE relname = 'decisions'")
    database.prepare()
    assert run_sql(database, "SELECT relfilenode FROM pg_class WHERE relname = 'decisions_history'") == [old]
    assert list_places(database) == [(f"decisions_{add_months(now, 2):%Y_%m}", 1), ("decisions_history", 38)]
    writers = run_sql(database, "SELECT writer, environment, newest FROM decision_writers")
    assert writers == [(rows[0]["writer"], "prod", 39)]
    (report, *_) = LogVerification([database], None).verify()
    assert (report.findings, report.rows, report.writers) == ([], 39, 1)
    assert [database.find(row["id"]) for row in rows] == rows
    assert database.find_by_keys([rows[0]["idempotency_key"]])[rows[0]["idempotency_key"]] == rows[0]
    assert run_sql(database, "SELECT has_table_privilege('analyst', 'decisions', 'SELECT')") == [(True,)]
    run_sql(database, "DROP OWNED BY analyst", "DROP ROLE analyst")
    again = [make_record(decided_at=now, idempotency_key=row["idempotency_key"]) for row in rows[:38]]
    database.add_requests([[one] for one in again], lambda new, _: None)
    assert sum(number for _, number in list_places(database)) == 39, "each key was known, of whatever month"
    database.close()


def test_what_somebody_made_for_the_old_table_is_named_and_nothing_changes(server: Cluster, now: datetime) -> None:
    database, _ = make_old_log(server.url, now)
    run_sql(
        database,
        "CREATE VIEW denied AS SELECT * FROM decisions",
        "CREATE RULE quiet AS ON DELETE TO decisions DO INSTEAD NOTHING",
        "CREATE STATISTICS pairs ON decision, version FROM decisions",
        "CREATE INDEX by_score ON decisions (score)",
        "CREATE UNIQUE INDEX one_hash ON decisions (row_hash)",
        "ALTER TABLE decisions ADD CONSTRAINT likely CHECK (score <= 1), ADD CONSTRAINT one_key UNIQUE (id, version)",
    )
    named = "the constraint likely, the constraint one_key, the index by_score, the index one_hash, the rule quiet, "
    named += "the statistics pairs, the view denied would miss new decisions"
    with pytest.raises(CreditError, match=named) as caught:
        database.prepare()
    assert "\n" not in str(caught.value)
    assert run_sql(database, "SELECT version_num FROM alembic_version") == [("0005",)]
    run_sql(
        database,
        "DROP VIEW denied",
        "DROP RULE quiet ON decisions",
        "DROP STATISTICS pairs",
        "DROP INDEX by_score, one_hash",
        "ALTER TABLE decisions DROP CONSTRAINT likely, DROP CONSTRAINT one_key",
    )
    database.prepare()
    database.close()


def test_the_old_log_becomes_one_of_months_beside_a_write_that_has_read(server: Cluster, now: datetime) -> None:
    """A keyed write asks for its key before it writes: the migration waits for it, and it not for the migration."""
    database, rows = make_old_log(server.url, now)
    other = Database(server.url)
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'decisions'::regclass"
    with ThreadPoolExecutor(1) as pool:
        with other.begin_write() as connection:
            connection.execute(text("SELECT id FROM decisions WHERE idempotency_key = 'new'")).all()
            migration = pool.submit(database.prepare)
            wait_until(lambda: migration.done() or run_sql(database, waiting) == [(1,)], "the migration")
            connection.execute(insert(DECISIONS_TABLE).values(make_record(idempotency_key="new")))
        migration.result()
    assert sum(number for _, number in list_places(database)) == len(rows) + 1
    assert len(database.find_by_keys(["new"])) == 1
    other.close()
    database.close()


def test_the_way_back_keeps_the_owner_and_the_rights(months: Database) -> None:
    run_sql(months, "CREATE ROLE keeper", "CREATE ROLE auditor", "ALTER TABLE decisions OWNER TO keeper")
    run_sql(months, "GRANT SELECT ON decisions TO auditor", "GRANT UPDATE (inputs) ON decisions TO auditor")
    asked = """SELECT relkind, relowner::regrole::text, has_table_privilege('auditor', oid, 'SELECT'),
        has_column_privilege('auditor', oid, 'inputs', 'UPDATE'), has_column_privilege('auditor', oid, 'id', 'UPDATE')
        FROM pg_class WHERE oid = 'decisions'::regclass"""
    config = migrate._configure()
    with months.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0005")
    kept = run_sql(months, asked)
    run_sql(months, "DROP OWNED BY auditor", "REASSIGN OWNED BY keeper TO modeler", "DROP ROLE auditor, keeper")
    assert kept == [("r", "keeper", True, True, False)]


def test_a_look_that_fails_comes_again_soon(
    months: Database, server: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next look after one that succeeds would come in a thousand hours."""
    monkeypatch.setattr(thread, "_RETRY_SECONDS", 0.01)
    run_sql(months, "ALTER FUNCTION count_stray_decisions RENAME TO out_of_reach")
    log = DecisionLog(server.url, tmp_path)
    looking = MonthThread(log, 3_600_000.0)
    wait_until(lambda: "could not be made" in log.database.weaknesses.get(WEAKNESS, ""), "the first look")
    run_sql(months, "ALTER FUNCTION out_of_reach RENAME TO count_stray_decisions")
    wait_until(lambda: WEAKNESS not in log.database.weaknesses, "the next look")
    looking.close()
    log.close()


def test_the_same_key_on_two_services_is_one_decision_also_where_a_month_ends(
    months: Database, server: Cluster, now: datetime
) -> None:
    """Each asks a moment before and after midnight; whoever comes second gets the decision of the first."""
    services, edge = [Database(server.url) for _ in range(2)], add_months(now, 1)
    together = Barrier(2)

    def write(place: int) -> list[dict[str, Any]]:
        made = [
            make_record(decided_at=edge + timedelta(microseconds=place - 1), idempotency_key=f"{n:064x}", entry=place)
            for n in range(20)
        ]
        held = []
        for one in made:
            written: list[dict[str, Any]] = []
            together.wait()
            there = services[place].add_requests([[one]], lambda new, _, into=written: into.extend(new))
            held.append(there.get(one["idempotency_key"], one))
        return held

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(write, range(2))
    assert [row["id"] for row in one] == [row["id"] for row in other]
    assert sum(number for _, number in list_places(months)) == 20
    assert run_sql(months, "SELECT count(*) FROM decision_keys") == [(20,)]
    for service in services:
        service.close()


def test_a_decision_of_no_month_is_kept_and_moves_to_its_month_when_that_is_made(
    months: Database, now: datetime
) -> None:
    later, far = add_months(now, AHEAD_MONTHS + 1), add_months(now, 12)
    rows = [make_record(decided_at=one, idempotency_key=f"{one:%Y%m}") for one in (now, later, far)]
    months.add(rows)
    assert ensure_months(months, now) == (0, 0, 2)
    assert ensure_months(months, add_months(now, 1)) == (1, 1, 1)
    assert [number for _, number in list_places(months)] == [1, 1, 1]
    months.add([make_record(decided_at=now, idempotency_key=row["idempotency_key"]) for row in rows])
    assert run_sql(months, "SELECT count(*) FROM decisions WHERE repeat_of IS NOT NULL") == [(3,)]


def test_a_role_that_only_writes_rows_makes_months_and_services_do_at_once(
    months: Database, server: Cluster, now: datetime
) -> None:
    run_sql(months, "CREATE ROLE writer LOGIN IN ROLE pg_read_all_data, pg_write_all_data")
    services = [Database(server.url.replace("modeler@", "writer@")) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        reports = list(pool.map(lambda one: ensure_months(one, add_months(now, 4)), services))
    for service in services:
        service.close()
    assert sum(report.made for report in reports) == 4
    with months.begin_read() as connection:
        there = list_partitions(connection)
    assert [one.begin for one in there] == [None, *(add_months(now, number) for number in range(8))]
    assert [one.end for one in there[:-1]] == [one.begin for one in there[1:]]
    run_sql(months, "DROP ROLE writer")


def test_a_question_about_some_days_looks_at_their_month_only(months: Database, now: datetime) -> None:
    month = add_months(now, 0)
    months.add([make_record(decided_at=add_months(now, number)) for number in range(3)])
    asked = select(func.count()).where(
        DECISIONS_TABLE.c.decided_at >= month + timedelta(days=2), DECISIONS_TABLE.c.decided_at < add_months(now, 1)
    )
    with months.begin_read() as connection:
        compiled = asked.compile(connection, compile_kwargs={"render_postcompile": True})
        plan = "\n".join(connection.exec_driver_sql(f"EXPLAIN {compiled}", compiled.params).scalars())
    assert f"decisions_{month:%Y_%m}" in plan
    assert not any(name in plan for name in ("default", "history", f"{add_months(now, 1):%Y_%m}"))


def test_a_service_tells_of_decisions_of_no_month_and_that_they_are_there_no_more(
    months: Database, server: Cluster, tmp_path: Path, now: datetime
) -> None:
    months.add([make_record(decided_at=add_months(now, 12))])
    log = DecisionLog(server.url, tmp_path)
    looking = MonthThread(log, 0.01)
    wait_until(lambda: WEAKNESS in log.database.weaknesses, "the thread")
    assert log.database.weaknesses[WEAKNESS].startswith("1 decisions are of no month")
    run_sql(months, "DELETE FROM decisions")
    wait_until(lambda: WEAKNESS not in log.database.weaknesses, "the thread")
    looking.close()
    log.close()

"""While an old log in PostgreSQL becomes one of months: the migration is killed, and services of before go on."""

import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

from credit.decision_log.bulk_insert import build_insert
from credit.decision_log.database import Database
from credit.decision_log.integrity.verify import LogVerification
from testing.decisions import make_old_log, make_record, run_sql
from testing.lenders.frozen import ROOT
from testing.parts.servers import Cluster, wait_until

WAITING = (
    "SELECT pid FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = current_database()"
)


def is_whole(database: Database, rows: list[dict[str, Any]]) -> bool:
    (report, *_) = LogVerification([database], None).verify()
    found = run_sql(database, "SELECT count(*), count(idempotency_key) FROM decisions")
    return (report.findings, report.rows, found) == ([], len(rows), [(len(rows), len(rows) - 1)])


def test_a_migration_that_is_killed_in_its_midst_leaves_the_old_log_and_works_again(
    server: Cluster, now: datetime
) -> None:
    """A table of a name that it makes, begun by another, holds it up when the old constraints are gone."""
    database, rows = make_old_log(server.url, now)
    code = (
        "import sys; from credit.decision_log.database import Database; Database(sys.argv[1], patient=True).prepare()"
    )
    with database.engine.connect() as other:
        other.exec_driver_sql("CREATE TABLE decisions_default ()")
        with subprocess.Popen([sys.executable, "-c", code, server.url], cwd=ROOT) as migration:
            wait_until(lambda: bool(run_sql(database, WAITING)), "the migration", migration)
            migration.kill()
        ((backend,),) = run_sql(database, WAITING)
    left = f"SELECT FROM pg_stat_activity WHERE pid = {backend}"
    wait_until(lambda: not run_sql(database, left), "the end of what the server did for it")
    assert run_sql(database, "SELECT version_num FROM alembic_version") == [("0005",)]
    made = "SELECT to_regclass('decision_keys'), to_regclass('decisions_history'), to_regclass('decision_writers')"
    assert run_sql(database, made) == [(None, None, None)]
    assert is_whole(database, rows)
    later = make_record(decided_at=datetime.now(UTC), idempotency_key=rows[0]["idempotency_key"])
    assert database.add([later])[rows[0]["idempotency_key"]]["id"] == rows[0]["id"], "the unique key is still there"
    run_sql(database, f"DELETE FROM decisions WHERE id = '{later['id']}'")
    database.prepare()
    assert is_whole(database, rows)
    database.close()


def test_a_service_of_before_that_goes_on_keeps_keys_unique_and_its_writer_noted(
    server: Cluster, now: datetime
) -> None:
    """Its statement knows nothing of keys or writers, and was prepared by the server for the old table."""
    database, rows = make_old_log(server.url, now)
    now = datetime.now(UTC)
    before = Database(server.url)
    own = before.engine.raw_connection()
    own.driver_connection.autocommit = True  # type: ignore[union-attr]
    own.driver_connection.prepare_threshold = 0  # type: ignore[union-attr]

    def insert(**changes: Any) -> int:
        statement, values = build_insert(before.engine.dialect, [make_record(decided_at=now, **changes)])
        assert not any(word in statement for word in ("decision_keys", "decision_writers"))
        cursor = own.cursor()
        cursor.execute(statement, values)
        return int(cursor.rowcount)

    assert [insert(writer="w" * 32, sequence=place, idempotency_key=f"old {place}") for place in (1, 2)] == [1, 1]
    database.prepare()
    assert [insert(idempotency_key=one) for one in ("old 1", rows[0]["idempotency_key"])] == [0, 0]
    assert insert(writer="w" * 32, sequence=3, idempotency_key="new") == 1
    assert insert(idempotency_key="new") == 0
    ((known,),) = [database.find_by_keys(["new"]).values()]
    assert known["sequence"] == 3
    assert run_sql(database, f"SELECT newest FROM decision_writers WHERE writer = '{'w' * 32}'") == [(3,)]
    total = "SELECT (SELECT count(*) FROM decisions), (SELECT count(*) FROM decision_keys)"
    assert run_sql(database, total) == [(len(rows) + 3, len(rows) - 1 + 3)]
    own.invalidate()
    before.close()
    database.close()

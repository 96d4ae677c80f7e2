"""What is asked of a PostgreSQL that never analysed its tables, as after a restore: every plan keeps to an index."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from bench.filled_log import fill, keep_unanalysed
from credit.decision_log.counting.hourly import count_on
from credit.decision_log.counting.newest import list_newest
from credit.decision_log.counting.summary import read_counts, summarize_decisions
from credit.decision_log.integrity.chain import DECISIONS
from credit.decision_log.integrity.reading import PAGE_ROWS, read_rows
from credit.decision_log.integrity.verify import LogVerification, verify_databases
from credit.decision_log.locate import open_read_only
from credit.decision_log.log import DecisionLog
from credit.decision_log.people.reviews import count_reviews
from credit.decision_log.tables import DECISIONS_TABLE
from credit.decision_log.writers import find_newest_places
from service.export.cursors import iterate_batches
from testing.parts.servers import Cluster
from watch.reading import read_batch

NOW = datetime.now(UTC)
ROWS = 50_000

COUNTS = f"""INSERT INTO hourly_counts (cell, environment, hour, entry, version, decision, decided_by, number)
SELECT i, 'prod', now() - i / 10 * interval '1 hour', 1, 'v1.0.0', 'approve', 'model', 7
FROM generate_series(1, {ROWS}) i"""
EVENTS = f"""INSERT INTO events (id, happened_at, environment, kind, caller, decision_id, detail, personal)
SELECT i, now() - i * interval '1 minute', 'prod', CASE i % 2 WHEN 0 THEN 'review' ELSE 'look-up' END, 'bench', i,
'{{"decision"\\: "deny", "override"\\: true}}', '{{}}' FROM generate_series(1, {ROWS}) i"""


@pytest.fixture
def log(server: Cluster, tmp_path: Path) -> Iterator[DecisionLog]:
    """A log with decisions of some days and a year of counts and events; no statistics, and none that come."""
    opened = DecisionLog(server.url, tmp_path)
    keep_unanalysed(opened.database.engine)
    with opened.database.begin_write() as connection:
        for statement in (COUNTS, EVENTS):
            connection.execute(text(statement))
    fill(opened.database.engine, 0, ROWS, NOW - timedelta(hours=24), 86_400 / ROWS)
    yield opened
    opened.close()


def test_what_the_page_reads_is_looked_up_however_long_the_log_is(log: DecisionLog) -> None:
    with _list_plans(log) as plans:
        for environment in ("prod", "staging"):
            summarize_decisions(log, NOW - timedelta(hours=24), environment)
            list_newest(log.database, environment)
            count_reviews(log.database, NOW - timedelta(hours=24), environment)
    for name in ("decisions", "hourly_counts", "events"):
        known = [plan for plan in plans if f" on {name}" in plan]
        assert known, f"{name} is read"
        assert not [plan for plan in known if f"Seq Scan on {name}" in plan]


def test_pages_of_a_writer_are_read_in_the_order_of_its_index(log: DecisionLog) -> None:
    """Else each page reads and sorts all that comes after it: to count or to verify takes the square of the rows."""
    writers = find_newest_places(log.database)
    for read in (
        lambda: count_on(log.database, 2),
        lambda: list(read_rows([log.database], DECISIONS, max(writers), 1, 2 * PAGE_ROWS)),
        lambda: next(iterate_batches(log.database, DECISIONS_TABLE, {})),
        lambda: read_batch([log.database], "prod", {}, NOW.timestamp(), None, 100),
    ):
        with _list_plans(log) as plans:
            assert read()
        pages = [plan for plan in plans if " on decisions" in plan and "Recursive" not in plan]  # that lists writers
        assert pages
        assert not [plan for plan in pages if "Sort  (" in plan]


def test_rows_of_no_chain_are_looked_for_without_a_walk_along_all_rows(
    log: DecisionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In 2 million that walk took 2.7 s, and the service's connections give up after 3."""
    monkeypatch.setattr(LogVerification, "_verify_writer", lambda self, *_: setattr(self, "_began", NOW))
    with _list_plans(log) as plans:
        assert verify_databases([log.database], None)[0].unchained == 0
    assert [plan for plan in plans if " on decisions" in plan]
    assert not [plan for plan in plans if "decided_at_idx" in plan]


def test_who_verifies_waits_as_long_as_it_takes(server: Cluster, tmp_path: Path) -> None:
    with open_read_only(server.url, tmp_path, patient=True) as (database,), database.begin_read() as connection:
        assert connection.execute(text("SHOW statement_timeout")).scalar() == "0"


def test_counts_are_of_any_time_however_late(log: DecisionLog) -> None:
    """A clock that was wrong may have decided years ahead."""
    with log.database.begin_write() as connection:
        connection.execute(text("UPDATE hourly_counts SET hour = '4026-01-01', number = 5 WHERE cell = '1'"))
    assert read_counts(log.database, NOW + timedelta(days=9), "prod").total() == 5


@contextmanager
def _list_plans(log: DecisionLog) -> Iterator[list[str]]:
    """List the plans of the questions that are asked within the block, when it has ended."""
    asked: dict[str, Any] = {}
    plans: list[str] = []

    def note(_: object, __: object, statement: str, values: Any, *___: object) -> None:
        if statement.startswith("SELECT"):
            asked[statement] = values

    event.listen(log.database.engine, "before_cursor_execute", note)
    yield plans
    event.remove(log.database.engine, "before_cursor_execute", note)
    with log.database.begin_read() as connection:
        for statement, values in asked.items():
            plans.append("\n".join(connection.exec_driver_sql(f"EXPLAIN {statement}", values).scalars()))
        assert not connection.execute(text("SELECT count(*) FROM pg_stats WHERE schemaname = current_schema")).scalar()

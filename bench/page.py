"""The figures of the service's page: how long they take in a short log and in a long one, and what counting costs.

Decisions of one day with five protected attributes, in SQLite on this disk and in PostgreSQL beside it, ten thousand of
each writer; `--rows` says how many the long log has, to which the counts of nearly a year of such days belong. What the
page reads, the counts of the day by hour, the newest decisions and reviews, is the best of five, also for an
environment without decisions in the same database; counting is CPU time, of the short log: the long one is counted by
the database, which is checked to give the same.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine, create_engine

from bench.filled_log import analyse, count_in_sql, fill, keep_unanalysed, note_counts, repeat_counts
from bench.report import BenchTable, format_target
from credit.common.errors import CreditError, Problem
from credit.decision_log.counting.hourly import count_on
from credit.decision_log.counting.newest import list_newest
from credit.decision_log.counting.summary import read_counts, summarize_decisions
from credit.decision_log.log import DecisionLog
from credit.decision_log.people.reviews import count_reviews
from testing.parts.servers import cluster

SHORT, LONG = 20_000, 200_000
ROUNDS = 5
LIMIT_MILLISECONDS = 100
_HOURS = 24
_COUNTED_DAYS = 350
"""Of which there are counts, an hour later in each than in the one after it: 25 begin within a day."""


def measure(rows: int = LONG) -> BenchTable:
    """Measure both databases, each in a short and in a long log, one after the other: so many rows take gigabytes."""
    table: list[tuple[str, ...]] = []
    with TemporaryDirectory() as temporary:
        table += _measure_log("SQLite", f"sqlite:///{temporary}/decisions.db", Path(temporary) / "sqlite", rows)
    with TemporaryDirectory() as temporary, cluster() as server:
        table += _measure_log("PostgreSQL", server.make_database(), Path(temporary), rows)
    return BenchTable(("log", "milliseconds", "so", "target"), table)


def _measure_log(name: str, url: str, state: Path, rows: int) -> list[tuple[str, ...]]:
    log, engine = DecisionLog(url, state), create_engine(url)
    begin, day = datetime.now(UTC) - timedelta(hours=_HOURS), _HOURS * 3600
    try:
        keep_unanalysed(engine)
        counting = _fill_counted(log, engine, begin, day / SHORT)
        short = _time_page(log, "prod")
        fill(engine, SHORT, rows, begin, day / (rows - SHORT))
        note_counts(engine, count_in_sql(engine, SHORT, rows), rows)
        repeat_counts(engine, _COUNTED_DAYS)
        new = _time_page(log, "prod")
        analyse(engine)
        times = {"": _time_page(log, "prod"), ", environment without any": _time_page(log, "staging")}
    finally:
        engine.dispose()
        log.close()
    if name == "PostgreSQL":
        times = {", not analysed yet": new} | times
    return [
        (f"{name}, {SHORT:,} decisions", f"{short:.0f}", "", ""),
        *(
            (
                f"{name}, {rows:,} decisions{which}",
                f"{took:.0f}",
                f"{took / short:.1f} times as long",
                format_target(took, LIMIT_MILLISECONDS, f"{LIMIT_MILLISECONDS} ms"),
            )
            for which, took in times.items()
        ),
        (f"{name}, counting", "", f"{counting * 1e6:.0f} microseconds a decision", ""),
    ]


def _fill_counted(log: DecisionLog, engine: Engine, begin: datetime, seconds: float) -> float:
    """Fill in the short log and let the product count it; return the CPU seconds of counting one decision.

    Raises CreditError when the database counts otherwise: the long log would not be one of the product then.
    """
    fill(engine, 0, SHORT, begin, seconds)
    start = time.process_time()
    while count_on(log.database, 50):
        pass
    counting = (time.process_time() - start) / SHORT
    if read_counts(log.database, begin - timedelta(hours=1), "prod") != count_in_sql(engine, 0, SHORT):
        raise CreditError(Problem("bench page", "other counts by SQL than by the product", "the same"))
    return counting


def _time_page(log: DecisionLog, environment: str) -> float:
    """Time what the page reads, in milliseconds."""
    day = datetime.now(UTC) - timedelta(hours=_HOURS)
    reads: list[Callable[[], object]] = [
        lambda: summarize_decisions(log, day, environment),
        lambda: list_newest(log.database, environment),
        lambda: count_reviews(log.database, day, environment),
    ]
    return 1000 * sum(min(_time(read) for _ in range(ROUNDS)) for read in reads)


def _time(read: Callable[[], object]) -> float:
    start = time.perf_counter()
    read()
    return time.perf_counter() - start

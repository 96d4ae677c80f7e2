"""The figures of the service's page: how long they take in a short log and in a long one, and what counting costs.

Decisions of one day with five protected attributes, in SQLite on this disk and in PostgreSQL beside it. What the page
reads, the counts of the day by hour and the newest decisions, is the best of five; counting is CPU time.
"""

import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.report import BenchTable, format_target
from credit.decision_log.bulk_insert import insert_decisions
from credit.decision_log.counting.hourly import count_on
from credit.decision_log.counting.summary import list_newest, summarize_decisions
from credit.decision_log.log import DecisionLog
from testing.decisions import make_record
from testing.parts.servers import cluster

SHORT, LONG, PART = 20_000, 200_000, 5_000
ROUNDS = 5
LIMIT_MILLISECONDS = 100


def measure() -> BenchTable:
    """Measure both databases, each in a short and in a long log."""
    rows: list[tuple[str, ...]] = []
    with TemporaryDirectory() as temporary, cluster() as server:
        for name in ("SQLite", "PostgreSQL"):
            url = f"sqlite:///{temporary}/decisions.db" if name == "SQLite" else server.make_database()
            log = DecisionLog(url, Path(temporary) / name)
            short, _ = _grow(log, 0, SHORT)
            long, counting = _grow(log, SHORT, LONG)
            log.close()
            target = format_target(long, LIMIT_MILLISECONDS, f"{LIMIT_MILLISECONDS} ms")
            rows += [
                (f"{name}, {SHORT:,} decisions", f"{short:.0f}", "", ""),
                (f"{name}, {LONG:,} decisions", f"{long:.0f}", f"{long / short:.1f} times as long", target),
                (f"{name}, counting", "", f"{counting * 1e6:.0f} microseconds a decision", ""),
            ]
    return BenchTable(("log", "milliseconds", "so", "target"), rows)


def _grow(log: DecisionLog, first: int, last: int) -> tuple[float, float]:
    """Add decisions and count them; return the page's milliseconds, and the CPU seconds of counting one decision."""
    for part in _make_parts(first, last):
        with log.database.begin_write() as connection:
            insert_decisions(connection, part)
    start = time.process_time()
    while count_on(log.database, 50):
        pass
    counting = (time.process_time() - start) / (last - first)
    day = datetime.now(UTC) - timedelta(hours=24)
    reads: list[Callable[[], object]] = [
        lambda: summarize_decisions(log, day, "prod"),
        lambda: list_newest(log.database, "prod"),
    ]
    return 1000 * sum(min(_time(read) for _ in range(ROUNDS)) for read in reads), counting


def _make_parts(first: int, last: int) -> Iterator[list[dict[str, Any]]]:
    """Make decisions with the places of one writer, in parts; their hashes are not needed here."""
    values, now = random.Random(first), datetime.now(UTC)
    for start in range(first, last, PART):
        yield [
            make_record(
                id=f"{place:032x}",
                writer="w" * 32,
                sequence=place + 1,
                decided_at=now - timedelta(hours=24) * (1 - (place - first) / (last - first)),
                decision=values.choice(("approve", "refer", "deny")),
                protected={
                    "race": values.choice(("white", "Black", "Hispanic", None)),
                    "sex": values.choice(("female", "male")),
                    "schooling": values.choice(("up to 12 years", "over 12 years")),
                    "marital_status": values.choice(("married", "unmarried")),
                    "age": values.randrange(18, 80),
                },
            )
            for place in range(start, start + PART)
        ]


def _time(read: Callable[[], object]) -> float:
    start = time.perf_counter()
    read()
    return time.perf_counter() - start

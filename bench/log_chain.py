"""The hash chain of the decision log: its part of a write, and how fast `service verify-log` checks a log.

Decisions of 30 values, 100 in a commit, into SQLite on this disk and into PostgreSQL beside it; CPU time of the process
that writes or checks, which others on the machine change least, the best of three for the short log. The ratio that
counts is to a decision in all: see `service`. The long log, of which `--rows` says how many it has, is checked by the
command, which is charged for what it takes more than for a log with one decision; memory is the peak of the command.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.process import Usage, run_timed
from bench.project import ROOT
from bench.report import BenchTable, format_target
from credit.decision_log.integrity.chain import DECISIONS, Chain
from credit.decision_log.integrity.checkpointing import CheckpointWriter
from credit.decision_log.integrity.verify import verify_databases
from credit.decision_log.log import DecisionLog
from credit.registry.store import Store
from testing.decisions import make_record
from testing.parts.servers import cluster

SHORT, LONG, COMMIT_ROWS, ROUNDS = 20_000, 1_000_000, 100, 3
MAX_MEBIBYTES = 256


def measure(rows: int = LONG) -> BenchTable:
    """Measure linking alone, writing with it, and verifying, in each database."""
    linked = min(_time(partial(_link, _make_rows())) for _ in range(ROUNDS)) / SHORT
    table: list[tuple[str, ...]] = [("linking", _format(linked), "", "")]
    with _begin_folder() as folder:
        table += _measure_log("SQLite", lambda name: f"sqlite:///{folder}/{name}.db", folder, rows, linked)
    with _begin_folder() as folder, cluster() as server:
        table += _measure_log("PostgreSQL", lambda _: server.make_database(), folder, rows, linked)
    return BenchTable(("what", "microseconds a decision", "so", "target"), table)


@contextmanager
def _begin_folder() -> Iterator[Path]:
    with TemporaryDirectory() as temporary:
        yield Path(temporary)


def _measure_log(
    kind: str, make_url: Callable[[str], str], folder: Path, rows: int, linked: float
) -> list[tuple[str, ...]]:
    with ExitStack() as opened:
        logs = [opened.enter_context(_open(make_url(f"{i}"), folder / f"state-{i}")) for i in range(ROUNDS)]
        written = min(_time(partial(_write, log, _make_rows())) for log in logs) / SHORT
        verified = min(_time(partial(verify_databases, [log.database], None)) for log in logs) / SHORT
    least = _verify(make_url("least"), folder / "least", 1)
    short = _verify(make_url("short"), folder / "short", SHORT)
    long = _verify(make_url("long"), folder / "long", rows)
    each = (long.cpu - least.cpu) / (rows - 1)
    so = f"{each / verified:.2f} of that; {long.seconds:.0f} s, {long.mebibytes} MiB, of {SHORT:,} {short.mebibytes}"
    target = format_target(long.peak / 2**20, MAX_MEBIBYTES, f"{MAX_MEBIBYTES} MiB")
    return [
        (f"{kind}, writing, with it", _format(written), f"{linked / written:.2f} of it is linking", ""),
        (f"{kind}, verifying {SHORT:,}", _format(verified), "", ""),
        (f"{kind}, verifying {rows:,}", _format(each), so, target),
    ]


@contextmanager
def _open(url: str, state: Path) -> Iterator[DecisionLog]:
    with closing(DecisionLog(url, state)) as log:
        yield log


def _verify(url: str, state: Path, rows: int) -> Usage:
    """Write a log with a checkpoint at its end, and verify it by the command, which fails if there is a finding."""
    with _open(url, state) as log:
        for first in range(0, rows, SHORT):
            _write(log, _make_rows(first, min(first + SHORT, rows)))
        CheckpointWriter(log.chains, lambda: Store(str(state / "store")), "prod").write()
    settings = {"SERVICE_DATABASE_URL": url, "SERVICE_STATE": str(state), "RELEASE_STORE": str(state / "store")}
    return run_timed([sys.executable, "-m", "service", "verify-log"], ROOT, os.environ | settings)


def _make_rows(first: int = 0, last: int = SHORT) -> list[dict[str, Any]]:
    inputs = {f"feature_{i}": i * 0.37 for i in range(30)}
    return [make_record(id=f"{number:032x}", inputs=inputs) for number in range(first, last)]


def _link(rows: list[dict[str, Any]]) -> None:
    chain = Chain(DECISIONS)
    for start in range(0, len(rows), COMMIT_ROWS):
        part = rows[start : start + COMMIT_ROWS]
        chain.link(part)
        chain.advance(part)


def _write(log: DecisionLog, rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), COMMIT_ROWS):
        log.write([[row] for row in rows[start : start + COMMIT_ROWS]])


def _time(action: Callable[[], object]) -> float:
    start = time.process_time()
    action()
    return time.process_time() - start


def _format(seconds: float) -> str:
    return f"{seconds * 1e6:.1f}"

"""The hash chain of the decision log: its part of a write, and how fast a log is verified.

Decisions of 30 values, 100 in a commit, into SQLite on this disk; CPU time, which others on the machine change least.
The ratio that counts is to a decision in all: see `service`. In a log of fifty times as many a row takes as long; the
memory is the peak of the process, which writes it too.
"""

import resource
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.report import BenchTable
from credit.decision_log.integrity.chain import DECISIONS, Chain
from credit.decision_log.integrity.verify import verify_databases
from credit.decision_log.log import DecisionLog
from testing.decisions import make_record

ROWS, COMMIT_ROWS, ROUNDS, PARTS = 20_000, 100, 3, 50


def measure() -> BenchTable:
    """Measure linking alone, writing with it, and verifying, each the best of three."""
    with TemporaryDirectory() as temporary:
        linked = min(_time(_link, _make_rows()) for _ in range(ROUNDS))
        logs = [DecisionLog(f"sqlite:///{temporary}/{i}.db", Path(temporary) / f"state-{i}") for i in range(ROUNDS)]
        written = min(_time(partial(_write, log), _make_rows()) for log in logs)
        verified = min(_time(partial(_verify, log), []) for log in logs)
        for log in logs:
            log.close()
        long, peak = _verify_long(Path(temporary))
    share, minutes = long / PARTS / verified, long / PARTS / ROWS * 1e7 / 60
    rows = [
        ("linking", _format(linked), "", ""),
        ("writing, with it", _format(written), f"{linked / written:.2f} of it is linking", ""),
        ("verifying", _format(verified), "", ""),
        (
            f"verifying {PARTS * ROWS:,}",
            _format(long / PARTS),
            f"{share:.2f} of that, {peak:.0f} MiB; 10 million in {minutes:.1f} minutes",
            "minutes",
        ),
    ]
    return BenchTable(("what", "microseconds a decision", "so", "target"), rows)


def _verify_long(folder: Path) -> tuple[float, float]:
    """Verify a long log; give the seconds, and the peak of this process in MiB."""
    log = DecisionLog(f"sqlite:///{folder}/long.db", folder / "state-long")
    for part in range(PARTS):
        _write(log, _make_rows(part * ROWS))
    seconds = _time(partial(_verify, log), [])
    log.close()
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _make_rows(first: int = 0) -> list[dict[str, Any]]:
    inputs = {f"feature_{i}": i * 0.37 for i in range(30)}
    return [make_record(id=f"{number:032x}", inputs=inputs) for number in range(first, first + ROWS)]


def _link(rows: list[dict[str, Any]]) -> None:
    chain = Chain(DECISIONS)
    for start in range(0, ROWS, COMMIT_ROWS):
        part = rows[start : start + COMMIT_ROWS]
        chain.link(part)
        chain.advance(part)


def _write(log: DecisionLog, rows: list[dict[str, Any]]) -> None:
    for start in range(0, ROWS, COMMIT_ROWS):
        log.write([[row] for row in rows[start : start + COMMIT_ROWS]])


def _verify(log: DecisionLog, _: list[dict[str, Any]]) -> None:
    verify_databases([log.database], None)


def _time(action: Callable[[list[dict[str, Any]]], object], rows: list[dict[str, Any]]) -> float:
    start = time.process_time()
    action(rows)
    return time.process_time() - start


def _format(seconds: float) -> str:
    return f"{seconds / ROWS * 1e6:.1f}"

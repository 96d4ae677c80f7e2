"""The memory of the service: after a tenth of a million decisions, and after all of them, 32 at a time."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import servers
from bench.report import BenchTable
from bench.service import DECISIONS_PATH, prepare_store, require_wrk
from bench.wrk import run_wrk

BENCH_DECISIONS = 1_000_000


def measure() -> BenchTable:
    """Measure resident memory after a tenth of the decisions and after all of them."""
    require_wrk()
    with TemporaryDirectory() as temporary:
        store, body, _, _ = prepare_store(Path(temporary))
        with servers.run_service(store.url, Path(temporary), 1) as server:
            sizes: dict[int, float] = {}
            done = 0
            while done < BENCH_DECISIONS:
                done += run_wrk(server.url + DECISIONS_PATH, body, 32, 20).requests
                print(f"  {done:,} decisions, {server.resident:,.0f} MiB", file=sys.stderr)
                if done >= BENCH_DECISIONS / 10:
                    sizes[done] = server.resident
    early, late = min(sizes), max(sizes)
    rows = [(f"memory after {count:,} decisions", f"{sizes[count]:,.0f} MiB", "") for count in (early, late)]
    return BenchTable(
        ("what", "memory", "target"),
        [*rows, ("the latter to the former", f"{sizes[late] / sizes[early]:.2f} times", "flat")],
    )

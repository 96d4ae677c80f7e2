"""The watch beside the service: what following the log live costs the service, with and without it in turn.

The random forest of the pipeline, one worker, loads by wrk. Service and wrk share one core, the watch has the others.
It looks each second, and is held by a signal in every other load, so that it has to catch up as much again in those
between. Each second pair goes the other way round. Median of pairs, and its interval of 95% by ranks.
"""

import os
import re
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.request import urlopen

import yaml

from bench import servers
from bench.cores import pin, share_one_core
from bench.pairs import compare_pairs, measure_pairs
from bench.project import ROOT
from bench.report import BenchTable
from bench.servers import Server
from bench.service import prepare_store
from bench.wrk import run_wrk
from testing.parts.servers import find_free_ports

ROUNDS, SECONDS, CONNECTIONS = 16, 8, 8
MAX_COST = 0.02


class Load(NamedTuple):
    """A load: requests a second, and milliseconds of the processor for each, by the service and by the watch."""

    per_second: float
    milliseconds: float
    watching: float


def measure() -> BenchTable:
    """Measure loads in turn: with the watch, and with the watch held."""
    with TemporaryDirectory() as temporary, ExitStack() as running:
        folder = Path(temporary)
        store, approved, _, _ = prepare_store(folder)
        others = running.enter_context(share_one_core())
        service = running.enter_context(servers.run_service(store.url, folder, 1))
        run_wrk(f"{service.url}/v1/decisions", approved, CONNECTIONS, 2)
        watch = running.enter_context(run_watch(store.url, folder))
        pin(watch.process, others)

        def load(number: signal.Signals) -> Load:
            os.kill(watch.process, number)
            return _load(service, watch, approved)

        loads = []
        for pair in measure_pairs(ROUNDS, lambda: load(signal.SIGSTOP), lambda: load(signal.SIGCONT)):
            loads.append(pair)
            print("  {} without, {} with".format(*pair), file=sys.stderr)
        os.kill(watch.process, signal.SIGCONT)
        judged = _count_judged(watch)
    return _build_table(loads, judged)


@contextmanager
def run_watch(store: str, folder: Path) -> Iterator[Server]:
    """Run the watch on the log of the service until the block ends."""
    content = yaml.safe_load((ROOT / "params.yaml").read_text())
    content["watch"] |= {"poll_seconds": 1, "acts": False}
    home = folder / "watching"
    home.mkdir()
    (home / "params.yaml").write_text(yaml.safe_dump(content))
    (port,) = find_free_ports(1)
    env = os.environ | {"RELEASE_STORE": store, "SERVICE_STATE": str(folder / "state-1"), "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-m", "release", "watch", "--env", "prod", "--port", str(port)]
    with servers.run_server(words, env, port, "/health", folder, home) as watch:
        try:
            yield watch
        finally:
            os.kill(watch.process, signal.SIGCONT)


def _load(service: Server, watch: Server, body: Path) -> Load:
    before = [one.processor_seconds for one in (service, watch)]
    found = run_wrk(f"{service.url}/v1/decisions", body, CONNECTIONS, SECONDS)
    used = [one.processor_seconds - since for one, since in zip((service, watch), before, strict=True)]
    return Load(found.per_second, *(1000 * one / found.requests for one in used))


def _count_judged(watch: Server) -> int:
    """Count what the watch has judged; raises AssertionError when it followed nothing."""
    with urlopen(f"{watch.url}/metrics", timeout=60) as answer:
        found = re.search(r"^watch_decisions_total\S* (\S+)", answer.read().decode(), re.MULTILINE)
    assert found
    assert float(found[1]) > 0
    return int(float(found[1]))


def _build_table(loads: Sequence[tuple[Load, Load]], judged: int) -> BenchTable:
    rows = []
    for place, what, more in ((1, "service, processor ms a request", 1), (0, "requests a second", -1)):
        pairs = [(one[place], other[place]) for one, other in loads]
        ratio = compare_pairs(pairs)
        met = f"below {MAX_COST:.0%}: {'met' if more * (ratio.median - 1) < MAX_COST else 'NOT met'}"
        rows.append((what, *(f"{median(side):,.3g}" for side in zip(*pairs, strict=True)), ratio.words, met))
    own = median(one.watching for _, one in loads)
    rows.append(("watch, processor ms a request, of two loads", "", f"{own:,.2g}", "", ""))
    rows.append(("decisions judged meanwhile", "", f"{judged:,}", "", ""))
    return BenchTable(("what", "without", "with", "ratio, median of pairs (interval)", "target"), rows)

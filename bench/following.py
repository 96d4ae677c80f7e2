"""The watch beside the service: what following the log live costs the service, with and without it in turn.

The random forest of the pipeline, one worker, loads by wrk. `release watch` looks each second, and is held by a signal
in every other load, so that it has to catch up as much again in the others. Seconds of the processor of the service for
each request are its own cost, the throughput is on the same cores as wrk and the watch. A cost that is small beside the
spread of the loads without the watch says that the machine was busy with something else.
"""

import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.request import urlopen

import yaml

from bench import servers
from bench.project import ROOT
from bench.report import BenchTable
from bench.servers import Server
from bench.service import prepare_store
from bench.wrk import run_wrk
from testing.parts.servers import find_free_ports

ROUNDS, SECONDS, CONNECTIONS = 6, 8, 8
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
        service = running.enter_context(servers.run_service(store.url, folder, 1))
        run_wrk(f"{service.url}/v1/decisions", approved, CONNECTIONS, 2)
        watch = running.enter_context(run_watch(store.url, folder))
        loads: dict[str, list[Load]] = {"with": [], "without": []}
        for _ in range(ROUNDS):
            for name, number in (("without", signal.SIGSTOP), ("with", signal.SIGCONT)):
                os.kill(watch.process, number)
                loads[name].append(_load(service, watch, approved))
                print(f"  {name} the watch: {loads[name][-1]}", file=sys.stderr)
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


def _build_table(loads: dict[str, list[Load]], judged: int) -> BenchTable:
    rows = []
    for place, what, more in ((1, "service, processor ms a request", 1), (0, "requests a second", -1)):
        of = {name: median(one[place] for one in found) for name, found in loads.items()}
        pairs = zip(loads["with"], loads["without"], strict=True)
        cost = median(more * (one[place] / other[place] - 1) for one, other in pairs)
        met = f"below {MAX_COST:.0%}: {'met' if cost < MAX_COST else 'NOT met'}"
        rows.append((what, f"{of['without']:,.3g}", f"{of['with']:,.3g}", f"{cost:.1%}", met))
        alone = [one[place] for one in loads["without"]]
        spread = (max(alone) - min(alone)) / median(alone)
        rows.append((f"{what}: spread of the loads without it", "", "", f"{spread:.0%}", ""))
    own = median(one.watching for one in loads["with"])
    rows.append(("watch, processor ms a request, of two loads", "", f"{own:,.2g}", "", ""))
    rows.append(("decisions judged meanwhile", "", f"{judged:,}", "", ""))
    return BenchTable(("what", "without", "with", "cost, median of pairs", "target"), rows)

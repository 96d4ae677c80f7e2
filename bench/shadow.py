"""A challenger beside the live version: what it costs those who are answered, and how many it keeps up with.

The logistic regression of the pipeline is live, the random forest, 300 trees, decides beside, in a process of its own.
Service and wrk share one core, with a challenge and without; the challenger's process has the other cores, which is the
"one more core" that it is said to take. Loads in turn on the same service, each second round the other way. Median of
rounds, and its interval of 95% by ranks. Cores of one machine share caches and memory, and often more: in the third
load of a round there is no challenge, and the forest decides on the other cores for nobody, without an end.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.request import urlopen

from bench import servers
from bench.cores import find_child, pin, share_one_core
from bench.pairs import compare_pairs
from bench.project import ROOT
from bench.report import BenchTable
from bench.servers import Server
from bench.service import WHY, prepare_store
from bench.wrk import run_wrk
from credit.registry.challenges import Challenges
from credit.registry.ledger import Ledger
from credit.registry.store import Store
from credit.registry.versions import require_version
from release.deployment.apply import apply_change
from release.deployment.plan import plan_deployment

ROUNDS, SECONDS, CONNECTIONS = 12, 8, 2
MAX_RATIO = 1.1
_PATIENCE = 120


class Load(NamedTuple):
    """A load: latency in milliseconds, requests a second, and ms of the service's processor for each."""

    p99: float
    per_second: float
    milliseconds: float


Round = tuple[Load, Load, Load]
"""Loads without a challenge, with one, and beside a process that only computes."""


def measure() -> BenchTable:
    """Measure loads in turn: without a challenge, with one, and beside a process that only computes."""
    with TemporaryDirectory() as temporary, ExitStack() as running:
        folder = Path(temporary)
        store, approved, _, _ = prepare_store(folder)
        apply_change(store, plan_deployment(Ledger(store, "prod"), require_version(store, "v1.0.0"), WHY))
        others = running.enter_context(share_one_core())
        service = running.enter_context(servers.run_service(store.url, folder, 1))
        run_wrk(f"{service.url}/v1/decisions", approved, CONNECTIONS, 2)

        def challenge() -> Load:
            _begin(store, service)
            pin(find_child(service.process, "service.shadow.scoring"), others)
            load = _load(service, approved)
            _end(store, service)
            return load

        def compute() -> Load:
            with _compute_beside(folder, others):
                return _load(service, approved)

        steps = (lambda: _load(service, approved), challenge, compute)
        loads: list[Round] = []
        for number in range(ROUNDS):
            found = {place: steps[place]() for place in ((2, 1, 0) if number % 2 else (0, 1, 2))}
            loads.append((found[0], found[1], found[2]))
            print("  {} without, {} with, {} beside".format(*loads[-1]), file=sys.stderr)
        outcomes = _count_outcomes(service)
    return _build_table(loads, outcomes)


@contextmanager
def _compute_beside(folder: Path, cores: set[int]) -> Iterator[None]:
    """Let the forest decide on some cores, as fast as it can, until the block ends."""
    command = [sys.executable, "-m", "bench.endless_decisions", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        try:
            os.sched_setaffinity(process.pid, cores)
            assert process.stdout is not None
            assert process.stdout.readline(), "it did not begin"
            pin(process.pid, cores)
            yield
        finally:
            process.kill()


def _count_outcomes(service: Server) -> dict[str, int]:
    """Count what became of the applications for all challenges, those that waited at their ends as dropped."""
    with urlopen(f"{service.url}/metrics", timeout=60) as answer:
        found = re.findall(r'^service_shadows_total{outcome="(\w+)"} (\S+)', answer.read().decode(), re.MULTILINE)
    return {outcome: int(float(count)) for outcome, count in found}


def _begin(store: Store, service: Server) -> None:
    record = require_version(store, "v2.0.0")
    Challenges(store, "prod").append("shadow", (record.version, record.digest), 1, "bench", "bench")
    _wait(service, is_on=True)


def _end(store: Store, service: Server) -> None:
    record = require_version(store, "v2.0.0")
    Challenges(store, "prod").append("end", (record.version, record.digest), 1, "bench", "bench")
    _wait(service, is_on=False)


def _wait(service: Server, is_on: bool) -> None:
    """Wait until the service has a challenger, or none any more."""
    deadline = time.monotonic() + _PATIENCE
    while (service.fetch_json("/health/ready")["challenger"] is not None) != is_on:
        assert time.monotonic() < deadline, "the service does not follow the challenge"
        time.sleep(0.2)


def _load(service: Server, body: Path) -> Load:
    before = service.processor_seconds
    found = run_wrk(f"{service.url}/v1/decisions", body, CONNECTIONS, SECONDS)
    return Load(found.p99, found.per_second, 1000 * (service.processor_seconds - before) / found.requests)


def _build_table(loads: Sequence[Round], outcomes: Mapping[str, int]) -> BenchTable:
    rows = []
    for place, what in ((0, "p99 ms"), (2, "service, processor ms a request"), (1, "a second")):
        for beside, who in ((1, "with"), (2, "beside a process that only computes")):
            pairs = [(one[0][place], one[beside][place]) for one in loads]
            ratio = compare_pairs(pairs)
            met = f"at most {MAX_RATIO:g} times: {'met' if ratio.median <= MAX_RATIO else 'NOT met'}"
            sides = [f"{median(values):,.3g}" for values in zip(*pairs, strict=True)]
            rows.append((f"{what}, {who}", *sides, ratio.words, met if (place, beside) == (0, 1) else ""))
    told = ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(outcomes.items()))
    rows.append((f"applications of {len(loads)} loads: {told}", "", "", "", ""))
    return BenchTable(("what", "without", "with", "ratio, median of rounds (interval)", "target"), rows)

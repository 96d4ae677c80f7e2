"""A challenger beside the live version: what it costs those who are answered, and how many it keeps up with.

The logistic regression of the pipeline is live, the random forest, 300 trees, decides beside, in a process of its own.
Loads by wrk, in turn with a challenge and without, on the same service; on a machine of two cores the challenger shares
them with the service and with wrk, where one more core is meant to be there. Median of pairs.
"""

import sys
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from bench import servers
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

ROUNDS, SECONDS, CONNECTIONS = 6, 8, 2
MAX_RATIO = 1.1
_PATIENCE = 120


class Load(NamedTuple):
    """A load: latency in milliseconds, requests a second, and ms of the service's processor for each."""

    p99: float
    per_second: float
    milliseconds: float


def measure() -> BenchTable:
    """Measure loads in turn: with a challenge, and without."""
    with TemporaryDirectory() as temporary, ExitStack() as running:
        folder = Path(temporary)
        store, approved, _, _ = prepare_store(folder)
        apply_change(store, plan_deployment(Ledger(store, "prod"), require_version(store, "v1.0.0"), WHY))
        service = running.enter_context(servers.run_service(store.url, folder, 1))
        run_wrk(f"{service.url}/v1/decisions", approved, CONNECTIONS, 2)
        loads: dict[str, list[Load]] = {"with": [], "without": []}
        counts: dict[str, Any] = {}
        for _ in range(ROUNDS):
            loads["without"].append(_load(service, approved))
            _begin(store, service)
            loads["with"].append(_load(service, approved))
            counts = service.fetch_json("/health/ready")["challenger"]
            _end(store, service)
            print(f"  {loads['without'][-1]} without, {loads['with'][-1]} with: {counts}", file=sys.stderr)
    return _build_table(loads, counts)


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


def _build_table(loads: dict[str, list[Load]], counts: dict[str, Any]) -> BenchTable:
    rows = []
    for name, what in (
        ("p99", "p99 ms"),
        ("milliseconds", "service, processor ms a request"),
        ("per_second", "a second"),
    ):
        values = {side: [getattr(one, name) for one in found] for side, found in loads.items()}
        ratio = median(one / other for one, other in zip(values["with"], values["without"], strict=True))
        met = f"at most {MAX_RATIO:g} times: {'met' if ratio <= MAX_RATIO else 'NOT met'}" if name == "p99" else ""
        sides = [f"{median(values[side]):,.3g}" for side in ("without", "with")]
        rows.append((what, *sides, f"{ratio:.2f} times", met))
        alone = values["without"]
        spread = (max(alone) - min(alone)) / median(alone)
        rows.append((f"{what}: spread of the loads without it", "", "", f"{spread:.0%}", ""))
    told = ", ".join(f"{counts[name]:,} {name}" for name in ("scored", "failed", "dropped", "unrecorded"))
    rows.append((f"applications of all loads: {told}", "", "", "", ""))
    return BenchTable(("what", "without", "with", "ratio, median of pairs", "target"), rows)

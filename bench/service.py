"""The service: the random forest of the pipeline, 300 trees on 30 features, one application per request.

Validation, reasons and the durable SQLite log included; one worker unless it says otherwise. Median of 3 loads by wrk,
10 seconds each, in turn, on the same cores. FastAPI parsed: a constant answer to the same body, read as JSON; FastAPI
raw: without a look at the body. MLflow: the same forest without validation, reasons and a log.
"""

import json
import shutil
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from bench import servers
from bench.packaged import package_candidate
from bench.project import ROOT
from bench.report import BenchTable
from bench.servers import Server
from bench.wrk import LoadResult, run_wrk
from credit.bundle.bundle import load_bundle, load_bundle_features
from credit.common.errors import CreditError, Problem
from credit.data.tables import open_table
from credit.registry.ledger import Ledger
from credit.registry.names import parse_version
from credit.registry.store import Store
from credit.registry.versions import publish_bundle, require_version
from release.deployment.apply import apply_change
from release.deployment.change import Attribution
from release.deployment.plan import plan_deployment

BENCH_DECISIONS = 1_000_000
WHY = Attribution("bench", "bench")
ServiceRow = tuple[str, str, str, str, str]
APPROVED, DENIED = "service, approved", "service, denied, with its reasons"
MANY_CLIENTS, TWO = "service, 32 connections", "service, 2 workers, 32 connections"
PARSED, RAW, MLFLOW = "FastAPI, a constant, parsed", "FastAPI, a constant, raw", "mlflow models serve"


def measure() -> BenchTable:
    """Measure requests per second of each; seconds until another version answers; memory over many decisions."""
    if not shutil.which("wrk"):
        raise CreditError(Problem("wrk", "no such command", fix="apt-get install wrk"))
    with TemporaryDirectory() as temporary, ExitStack() as running:
        folder = Path(temporary)
        store, approved, denied, row = prepare_store(folder)
        one = running.enter_context(servers.run_service(store.url, folder, 1))
        two = running.enter_context(servers.run_service(store.url, folder, 2))
        constant = running.enter_context(servers.run_constant(folder))
        mlflow = running.enter_context(servers.run_mlflow(row, folder))
        path = "/v1/decisions"
        loads = _run_in_turn(
            {
                APPROVED: (one, path, approved, 8),
                DENIED: (one, path, denied, 8),
                MANY_CLIENTS: (one, path, approved, 32),
                TWO: (two, path, approved, 32),
                PARSED: (constant, "/parsed", approved, 8),
                RAW: (constant, "/raw", approved, 8),
                MLFLOW: (mlflow, "/invocations", row, 8),
            }
        )
        rows = [
            *_build_rows(loads),
            *_build_processor_rows(loads),
            *_time_swap(store, one),
            *_measure_memory(one, approved),
        ]
        return BenchTable(("what", "requests a second", "median ms", "p99 ms", "target"), rows)


def prepare_store(folder: Path) -> tuple[Store, Path, Path, Path]:
    """Prepare a store where the forest is live; an approved application, one that is not, the first for MLflow."""
    store = Store(str(folder / "store"))
    for version, candidate in (("v1.0.0", "logistic"), ("v2.0.0", "random_forest")):
        publish_bundle(
            store, parse_version(version), package_candidate(candidate, folder / candidate), "0" * 40, "bench"
        )
    apply_change(store, plan_deployment(Ledger(store, "prod"), require_version(store, "v2.0.0"), WHY))
    bundle = load_bundle(folder / "random_forest")
    people = open_table(ROOT / "data/test.parquet").read().to_pylist()[:300]
    asked = [{name: person[name] for name in bundle.inputs} for person in people]
    decisions: list[str] = [one.decision for one in bundle.decide(asked)]
    files = {"approve": folder / "approve.json", "deny": folder / "deny.json"}
    for decision, file in files.items():
        which = decisions.index(decision)
        body = {"application": asked[which], "protected": {"race": people[which]["race"]}}
        file.write_text(json.dumps(body))
    columns = load_bundle_features(folder / "random_forest").design_columns
    data = bundle.model.encoder([asked[decisions.index("approve")]]).tolist()
    (folder / "row.json").write_text(json.dumps({"dataframe_split": {"columns": columns, "data": data}}))
    return store, files["approve"], files["deny"], folder / "row.json"


class ServerLoad(NamedTuple):
    """What a load found, and the microseconds of the processor that a request took of the server's first process."""

    found: LoadResult
    microseconds: float


def _run_in_turn(asked: dict[str, tuple[Server, str, Path, int]]) -> dict[str, ServerLoad]:
    loads: dict[str, list[ServerLoad]] = {name: [] for name in asked}
    for _ in range(3):
        for name, (server, path, body, connections) in asked.items():
            used = server.processor_seconds
            found = run_wrk(server.url + path, body, connections, 10)
            used = server.processor_seconds - used
            loads[name].append(ServerLoad(found, 1e6 * used / found.requests))
            print(f"  {name}: {found.per_second:,.0f} a second", file=sys.stderr)
    return {name: sorted(three)[1] for name, three in loads.items()}


def _build_processor_rows(loads: dict[str, ServerLoad]) -> list[ServiceRow]:
    """Build the rows of the processor's time, which others on the machine change least, of those of one process."""
    rows: list[ServiceRow] = [
        (f"{name}, of the processor", f"{loads[name].microseconds:,.0f} microseconds a request", "", "", "")
        for name in (APPROVED, DENIED, PARSED, RAW)
    ]
    late = loads[DENIED].found.p99 / loads[APPROVED].found.p99
    return [*rows, (f"{DENIED}, p99 to approved", f"{late:.1f} times", "", "", _format_limit(late, 3))]


def _build_rows(served: dict[str, ServerLoad]) -> list[ServiceRow]:
    loads = {name: one.found for name, one in served.items()}
    rows: list[ServiceRow] = [
        (name, f"{one.per_second:,.0f}", f"{one.median:.1f}", f"{one.p99:.1f}", "") for name, one in loads.items()
    ]
    ours = loads[APPROVED]
    targets = {MLFLOW: 40, PARSED: 0.5, RAW: 0.4}
    for name, target in targets.items():
        ratio = ours.per_second / loads[name].per_second
        met = f"{target:g} times: {'met' if ratio >= target else 'NOT met'}"
        rows.append((f"{APPROVED}, to {name}", f"{ratio:.2f} times", "", "", met))
    rows.append((f"{APPROVED}, p99", "", "", f"{ours.p99:.1f}", _format_limit(ours.p99, 10)))
    scaled = loads[TWO].per_second / loads[MANY_CLIENTS].per_second
    return [*rows, ("2 workers to 1, on 2 cores with wrk on them too", f"{scaled:.2f} times", "", "", "")]


def _format_limit(value: float, limit: float) -> str:
    return f"below {limit:g}: {'met' if value < limit else 'NOT met'}"


def _time_swap(store: Store, server: Server) -> list[ServiceRow]:
    """Time the swap from a ledger entry until the other version answers, polled once a second. The longest of six."""
    longest = 0.0
    for version in ("v1.0.0", "v2.0.0") * 3:
        entry = apply_change(store, plan_deployment(Ledger(store, "prod"), require_version(store, version), WHY))
        start = time.monotonic()
        while entry and server.fetch_json("/v1/version")["entry"] < entry.number:
            time.sleep(0.01)
        longest = max(longest, time.monotonic() - start)
    return [("another version answers, seconds after its entry", f"{longest:.2f} s", "", "", _format_limit(longest, 2))]


def _measure_memory(server: Server, body: Path) -> list[ServiceRow]:
    """Measure resident memory after a tenth of the decisions and after all of them."""
    done, early = 0, (0, 0.0)
    while done < BENCH_DECISIONS:
        done += run_wrk(f"{server.url}/v1/decisions", body, 32, 20).requests
        print(f"  {done:,} decisions, {server.resident:,.0f} MiB", file=sys.stderr)
        if not early[0] and done >= BENCH_DECISIONS / 10:
            early = (done, server.resident)
    late = (done, server.resident)
    rows: list[ServiceRow] = [
        (f"memory after {count:,} decisions", f"{size:,.0f} MiB", "", "", "") for count, size in (early, late)
    ]
    return [*rows, ("the latter to the former", f"{late[1] / early[1]:.2f} times", "", "", "flat")]

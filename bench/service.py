"""The service: the random forest of the pipeline, 300 trees on 30 features, one application per request.

Validation, reasons and the durable SQLite log included; one worker unless it says otherwise. Seven rounds of loads by
wrk, two seconds each, in turn and every other round backwards, on the same cores; medians of the rounds, and of the
ratios within them, which a machine that is busy with something else changes least. FastAPI parsed: a constant answer to
the same body, read as JSON; FastAPI raw: without a look at the body.
"""

import json
import shutil
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

from bench import servers
from bench.packaged import package_candidate
from bench.project import ROOT
from bench.report import BenchTable, format_target
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

ROUNDS, SECONDS = 7, 2
WHY = Attribution("bench", "bench")
ServiceRow = tuple[str, str, str, str, str]
COLUMNS = ("what", "requests a second", "median ms", "p99 ms", "target")
DECISIONS_PATH = "/v1/decisions"
APPROVED, DENIED = "service, approved", "service, denied, with its reasons"
MANY_CLIENTS, TWO = "service, 32 connections", "service, 2 workers, 32 connections"
PARSED, RAW = "FastAPI, a constant, parsed", "FastAPI, a constant, raw"
TARGETS = {PARSED: 0.5, RAW: 0.4}

Load = tuple[Server, str, Path, int]
"""A server, a path, the file of a body, and the number of connections."""


def measure() -> BenchTable:
    """Measure requests per second of each, their ratios, and seconds until another version answers."""
    require_wrk()
    with TemporaryDirectory() as temporary, ExitStack() as running:
        folder = Path(temporary)
        store, approved, denied, _ = prepare_store(folder)
        one = running.enter_context(servers.run_service(store.url, folder, 1))
        two = running.enter_context(servers.run_service(store.url, folder, 2))
        constant = running.enter_context(servers.run_constant(folder))
        loads = run_in_turn(
            {
                APPROVED: (one, DECISIONS_PATH, approved, 8),
                PARSED: (constant, "/parsed", approved, 8),
                DENIED: (one, DECISIONS_PATH, denied, 8),
                RAW: (constant, "/raw", approved, 8),
                MANY_CLIENTS: (one, DECISIONS_PATH, approved, 32),
                TWO: (two, DECISIONS_PATH, approved, 32),
            }
        )
        return BenchTable(COLUMNS, [*_build_rows(loads), *_build_ratio_rows(loads), *_time_swap(store, one)])


def require_wrk() -> None:
    """Check that there is wrk. Raises CreditError when there is none."""
    if not shutil.which("wrk"):
        raise CreditError(Problem("wrk", "no such command", fix="apt-get install wrk"))


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


Loads = dict[str, list[ServerLoad]]
"""By what was loaded, a load of each round."""


def run_in_turn(asked: dict[str, Load], rounds: int = ROUNDS, seconds: int = SECONDS) -> Loads:
    """Load each in turn, every other round backwards; before the first, each for a second that does not count."""
    loads: Loads = {name: [] for name in asked}
    for server, path, body, connections in asked.values():
        run_wrk(server.url + path, body, connections, 1)
    for turn in range(rounds):
        for name in list(asked) if turn % 2 == 0 else [*reversed(asked)]:
            server, path, body, connections = asked[name]
            used = server.processor_seconds
            found = run_wrk(server.url + path, body, connections, seconds)
            used = server.processor_seconds - used
            loads[name].append(ServerLoad(found, 1e6 * used / found.requests))
            print(f"  {name}: {found.per_second:,.0f} a second", file=sys.stderr)
    return loads


def build_load_row(name: str, loads: list[ServerLoad]) -> ServiceRow:
    """Build the row of what was loaded."""
    rate = median(one.found.per_second for one in loads)
    middle = median(one.found.median for one in loads)
    late = median(one.found.p99 for one in loads)
    return name, f"{rate:,.0f}", f"{middle:.1f}", f"{late:.1f}", ""


def find_ratio(loads: Loads, one: str, other: str) -> float:
    """Find how many times the requests a second of another one answers, as the median of the rounds."""
    pairs = zip(loads[one], loads[other], strict=True)
    return median(first.found.per_second / second.found.per_second for first, second in pairs)


def format_least(ratio: float, least: float) -> str:
    """Format a target that is met from a ratio on."""
    return f"{least:g} times: {'met' if ratio >= least else 'NOT met'}"


def _build_rows(loads: Loads) -> list[ServiceRow]:
    """Build the rows of what was loaded, then of the processor's time of those of one process."""
    used = {name: median(one.microseconds for one in loads[name]) for name in (APPROVED, DENIED, PARSED, RAW)}
    return [
        *(build_load_row(name, each) for name, each in loads.items()),
        *(
            (f"{name}, of the processor", f"{took:,.0f} microseconds a request", "", "", "")
            for name, took in used.items()
        ),
    ]


def _build_ratio_rows(loads: Loads) -> list[ServiceRow]:
    ratios = {name: find_ratio(loads, APPROVED, name) for name in TARGETS}
    p99 = {name: median(one.found.p99 for one in loads[name]) for name in (APPROVED, DENIED)}
    late, scaled = p99[DENIED] / p99[APPROVED], find_ratio(loads, TWO, MANY_CLIENTS)
    return [
        *(
            (f"{APPROVED}, to {name}", f"{ratio:.2f} times", "", "", format_least(ratio, TARGETS[name]))
            for name, ratio in ratios.items()
        ),
        (f"{APPROVED}, p99", "", "", f"{p99[APPROVED]:.1f}", format_target(p99[APPROVED], 10, "10")),
        (f"{DENIED}, p99 to approved", f"{late:.1f} times", "", "", format_target(late, 3, "3")),
        ("2 workers to 1, on 2 cores with wrk on them too", f"{scaled:.2f} times", "", "", ""),
    ]


def _time_swap(store: Store, server: Server) -> list[ServiceRow]:
    """Time the swap from a ledger entry until the other version answers, polled once a second. The longest of six."""
    longest = 0.0
    for version in ("v1.0.0", "v2.0.0") * 3:
        entry = apply_change(store, plan_deployment(Ledger(store, "prod"), require_version(store, version), WHY))
        start = time.monotonic()
        while entry and server.fetch_json("/v1/version")["entry"] < entry.number:
            time.sleep(0.01)
        longest = max(longest, time.monotonic() - start)
    what = "another version answers, seconds after its entry"
    return [(what, f"{longest:.2f} s", "", "", format_target(longest, 2, "2"))]

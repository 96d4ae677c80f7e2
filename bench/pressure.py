"""The service under pressure: a model of 0.2 s a score, bodies and connections that are made to be expensive.

The logistic regression of the pipeline, the durable SQLite log included, one worker, the clients on the same cores. The
budget is 0.25 s. `health` is the slowest answer of `/health/live` meanwhile, asked fifty times a second. Of the event
loop: the CPU time of its thread for one body. A request that never ends gets a byte every 0.25 s, and its client begins
anew a second after it is cut.
"""

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.clients import Client, TimedAnswer, find_slowest, run_clients
from bench.floods import BUDGET, MARGIN, PressureRow, measure_headers, measure_idle, measure_slow_clients
from bench.packaged import package_candidate
from bench.project import ROOT
from bench.report import BenchTable, format_target
from bench.servers import Server, run_server
from bench.service import DECISIONS_PATH
from credit.bundle.bundle import load_bundle
from credit.data.tables import open_table
from credit.registry.ledger import Ledger
from credit.registry.names import parse_version
from credit.registry.store import Store
from credit.registry.versions import publish_bundle, require_version
from release.deployment.apply import apply_change
from release.deployment.change import Attribution
from release.deployment.plan import plan_deployment
from testing.parts.servers import find_free_ports

_SECONDS = 10.0
_ONE, _MANY, _HEALTH = DECISIONS_PATH, "/v1/decisions/batch", "/health/live"


def measure() -> BenchTable:
    """Measure the slowest answers, of the service and of its health, and what bodies cost."""
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        store, asked = _prepare_store(folder)
        one, hundred = json.dumps(asked).encode(), json.dumps({"applications": [asked] * 100}).encode()
        rows: list[PressureRow] = []
        with _run_slow_service(store, folder / "slow", 0.2) as server:
            rows += asyncio.run(_measure_clients(server, one))
            rows += asyncio.run(_measure_batches(server, one, hundred))
        with _run_slow_service(store, folder / "quick", 0.0) as server:
            rows += asyncio.run(_measure_bodies(server, asked))
            rows += measure_headers(server)
        with _run_slow_service(store, folder / "few", 0.0, files=256) as server:
            rows += measure_idle(server, one)
            for clients in (100, 400):
                rows += asyncio.run(measure_slow_clients(server, one, clients))
        return BenchTable(("what", "slowest answer", "health", "target"), rows)


def _prepare_store(folder: Path) -> tuple[Store, dict[str, object]]:
    store = Store(str(folder / "store"))
    bundle = package_candidate("logistic", folder / "logistic")
    publish_bundle(store, parse_version("v1.0.0"), bundle, "0" * 40, "bench")
    why = Attribution("bench", "bench")
    apply_change(store, plan_deployment(Ledger(store, "prod"), require_version(store, "v1.0.0"), why))
    person = open_table(ROOT / "data/test.parquet").read().to_pylist()[0]
    return store, {"application": {name: person[name] for name in load_bundle(bundle).inputs}}


@contextmanager
def _run_slow_service(store: Store, state: Path, seconds: float, files: int = 4_096) -> Iterator[Server]:
    (port,) = find_free_ports(1)
    own = {"RELEASE_STORE": store.url, "SERVICE_STATE": str(state), "SERVICE_PORT": str(port)}
    env = os.environ | own | {"BENCH_SCORE_SECONDS": str(seconds), "PYTHONPATH": str(ROOT)}
    command = ["bash", "-c", f"ulimit -n {files}; exec {sys.executable} -m bench.slow_service"]
    with run_server(command, env, port, "/health/ready", state.parent) as server:
        yield server


async def _watch_beside(server: Server, work: "asyncio.Future[list[TimedAnswer]]") -> tuple[list[TimedAnswer], float]:
    """Ask for health until some work is done; return its answers, and the slowest health."""
    client, health = Client(server.port), []
    while not work.done():
        health.append(await client.ask(_HEALTH))
        await asyncio.sleep(0.02)
    return await work, find_slowest(health)


async def _measure_clients(server: Server, body: bytes) -> list[PressureRow]:
    work = asyncio.ensure_future(run_clients(100, server.port, _SECONDS, _ONE, body))
    answers, health = await _watch_beside(server, work)
    by_model = sum(answer.content["decided_by"] == "model" for answer in answers)
    name = f"100 clients; of {len(answers):,} answers {by_model} by the model"
    return [_build_row(name, find_slowest(answers), health, BUDGET + MARGIN)]


async def _measure_batches(server: Server, one: bytes, hundred: bytes) -> list[PressureRow]:
    """Measure four batches of 100 at a time, and a client beside them that asks for one."""
    batches = asyncio.ensure_future(run_clients(4, server.port, 1, _MANY, hundred))
    singles = asyncio.ensure_future(run_clients(1, server.port, _SECONDS, _ONE, one))
    both = asyncio.ensure_future(asyncio.gather(batches, singles))
    _, health = await _watch_beside(server, both)
    (slow, alone) = await both
    by_model = sum(answer.content["decided_by"] == "model" for answer in alone)
    return [
        ("4 batches of 100 at a time, 10 s each", f"{find_slowest(slow):.3f} s", f"{health:.3f} s", ""),
        _build_row(
            f"one client beside them; of {len(alone)} answers {by_model} by the model",
            find_slowest(alone),
            health,
            BUDGET + MARGIN,
        ),
    ]


async def _measure_bodies(server: Server, asked: dict[str, object]) -> list[PressureRow]:
    """Measure what bodies cost, twice: the memory that is more after the second time was not given back."""
    unknown = b",".join(b'"x%d":1' % n for n in range(160_000))
    bodies = {
        "unknown fields": (_MANY, b'{"applications":[{"application":{' + unknown + b"}}]}"),
        "unknown fields in one": (
            _ONE,
            b'{"application":{' + unknown[:199_000].rpartition(b",")[0] + b"}}",
        ),
        "`[{}]` a thousand times": (_MANY, json.dumps({"applications": [{}] * 1_000}).encode()),
        "one application": (_ONE, json.dumps(asked).encode()),
        "a thousand applications": (_MANY, json.dumps({"applications": [asked] * 1_000}).encode()),
    }
    rows: list[PressureRow] = []
    for name, (path, body) in bodies.items():
        before, size = server.resident, f"{len(body) / 1e6:.2g} MB of {name}"
        work = asyncio.ensure_future(_ask_times(server, path, body, 20))
        answers, health = await _watch_beside(server, work)
        more, used, loop = server.resident - before, server.processor_seconds, server.loop_seconds
        answers += await _ask_times(server, path, body, 20)
        used, loop = (server.processor_seconds - used) / 20, (server.loop_seconds - loop) / 20
        again = server.resident - before - more
        memory = f"{more:.0f} MiB more after 20 of them, {again:.0f} after 20 more"
        rows.append(_build_row(f"{size}: {used:.2f} s of the processor, {memory}", find_slowest(answers), health, None))
        target = format_target(1_000 * loop, 20, "20 ms")
        rows.append((f"{size}, of the event loop", f"{1_000 * loop:.1f} ms", "", target))
    return rows


async def _ask_times(server: Server, path: str, body: bytes, times: int) -> list[TimedAnswer]:
    client = Client(server.port)
    return [await client.ask(path, body) for _ in range(times)]


def _build_row(name: str, slowest: float, health: float, limit: float | None) -> PressureRow:
    target = (
        format_target(health, MARGIN, f"{MARGIN:g} s")
        if limit is None
        else format_target(slowest, limit, f"{limit:g} s")
    )
    return name, f"{slowest:.3f} s", f"{health:.3f} s", target

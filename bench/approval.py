"""An approval: what its parts take of the processor, each by itself, of all approved people of the test rows.

Seconds of this thread alone, the best of fifteen passes, by the random forest of the pipeline and into SQLite on this
disk. A request takes about twice their sum: the rest is connections, the event loop and threads that take turns (see
`service`). The rows of msgspec are there where it is installed, which the service does not need.
"""

import json
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal, TypeVar

from pydantic_core import to_json

from bench.packaged import package_candidate
from bench.project import ROOT
from bench.report import BenchTable
from credit.bundle.application_fit import ApplicationFitter
from credit.bundle.bundle import Bundle, load_bundle
from credit.bundle.final_decision import build_derivations
from credit.contract.columns import Column
from credit.data.tables import open_table
from credit.decision_log.log import DecisionLog
from service import metrics
from service.api.responses import select_public_fields
from service.deciding.decision_records import RecordOrigin
from service.deciding.recording import RecordedDecisions, build_records
from service.deciding.tasks import DecisionTask
from service.engine.live_version import LiveVersion
from service.engine.request_types import build_request_parser

TOGETHER, PASSES, LARGEST_BATCH = 8, 15, 1_000
COLUMNS = ("part", "microseconds an approval")
_ORIGIN = RecordOrigin("anybody", "prod", None, None)
_T = TypeVar("_T")
PartRow = tuple[str, str]


def measure() -> BenchTable:
    """Measure each part on the same applications, eight of them together where the service decides them so."""
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        bundle = load_bundle(package_candidate("random_forest", folder / "bundle"))
        bodies = _list_approved(bundle)
        with closing(DecisionLog(f"sqlite:///{folder}/log.db", folder / "state")) as log:
            return BenchTable(
                COLUMNS, [*_time_parts(_build_serving(bundle), log, bodies), *_time_msgspec(bundle, bodies)]
            )


def _list_approved(bundle: Bundle) -> list[bytes]:
    """List the bodies of the approved, as many as make whole groups."""
    people = open_table(ROOT / "data/test.parquet").read().to_pylist()
    asked = [{name: person[name] for name in bundle.inputs} for person in people]
    bodies = [
        json.dumps({"application": one, "protected": {"race": person["race"]}}).encode()
        for one, person, decided in zip(asked, people, bundle.decide(asked), strict=True)
        if decided.decision == "approve"
    ]
    return bodies[: len(bodies) // TOGETHER * TOGETHER]


def _build_serving(bundle: Bundle) -> LiveVersion:
    requests, fit = build_request_parser(bundle, LARGEST_BATCH), ApplicationFitter(bundle)
    return LiveVersion(None, bundle, requests, build_derivations(bundle), {}, fit)


def _time_parts(serving: LiveVersion, log: DecisionLog, bodies: Sequence[bytes]) -> list[PartRow]:
    asked = [serving.requests.parse(body) for body in bodies]
    rows, model = [one.application for one in asked], serving.bundle.model
    matrices = [model.encoder(part) for part in _group(rows)]
    tasks = [DecisionTask(serving, one, 0.0) for one in asked]
    for task, decided in zip(tasks, serving.decide_together(rows) or (), strict=True):
        task.result = decided
    records = [build_records([task], _ORIGIN)[0] for task in tasks]
    answered = [RecordedDecisions([record], is_repeat=False) for record in records]
    total = len(bodies)
    written = min(_time_writing(log, tasks) for _ in range(PASSES)) / total
    return [
        ("read and check the body", _time(serving.requests.parse, bodies)),
        ("decide, eight together", _time(serving.decide_together, _group(rows), total)),
        ("of it: the design matrix", _time(model.encoder, _group(rows), total)),
        ("of it: ONNX", _time(model.score, matrices, total)),
        ("build the record", _time(lambda task: build_records([task], _ORIGIN), tasks)),
        ("write, eight in a commit", f"{written:.1f}"),
        ("of it: the chain", _time(log.chain.link, _group(records), total)),
        ("count", _time(lambda one: metrics.count_decisions(one, (serving,), 0.002), answered)),
        ("write the answer in JSON", _time(_write_answer, records)),
    ]


def _write_answer(record: dict[str, Any]) -> bytes:
    return to_json(select_public_fields(record))


def _time_writing(log: DecisionLog, tasks: Sequence[DecisionTask]) -> float:
    groups = [[build_records([task], _ORIGIN) for task in part] for part in _group(tasks)]
    start = time.thread_time_ns()
    for group in groups:
        log.write(group)
    return (time.thread_time_ns() - start) / 1e3


def _time_msgspec(bundle: Bundle, bodies: Sequence[bytes]) -> list[PartRow]:
    """Time what msgspec could do of an approval: read a body into the types of the contract, and write the inputs."""
    if find_spec("msgspec") is None:
        return []
    msgspec: Any = import_module("msgspec")
    fields = [(name, _build_type(bundle.contract.columns[name], msgspec.Meta)) for name in bundle.inputs]
    application = msgspec.defstruct("Application", fields, forbid_unknown_fields=True, kw_only=True)
    whole = [("application", application), ("protected", dict[str, bool | int | float | str | None])]
    decoder = msgspec.json.Decoder(msgspec.defstruct("Request", whole, forbid_unknown_fields=True, kw_only=True))
    parse = build_request_parser(bundle, LARGEST_BATCH).one.validate_json
    inputs = [parse(body)["application"] for body in bodies]
    return [
        ("pydantic reads a body by the types alone", _time(parse, bodies)),
        ("msgspec does", _time(lambda body: msgspec.structs.asdict(decoder.decode(body).application), bodies)),
        ("pydantic writes the inputs", _time(to_json, inputs)),
        ("msgspec does so", _time(msgspec.json.Encoder().encode, inputs)),
    ]


def _build_type(column: Column, meta: Any) -> Any:
    number: Any = {"integer": int, "number": float}.get(column.type)
    kind: Any = bool if column.type == "boolean" else number or Literal[tuple(column.allowed or ())]
    if number is not None and column.range is not None:
        bounds = zip(("ge", "le"), column.range, strict=True)
        kind = Annotated[kind, meta(**{name: number(bound) for name, bound in bounds if bound is not None})]
    return kind | None if column.missing == "allowed" else kind


def _group(values: Sequence[_T]) -> list[Sequence[_T]]:
    return [values[start : start + TOGETHER] for start in range(0, len(values), TOGETHER)]


def _time(action: Callable[[Any], object], values: Sequence[Any], total: int = 0) -> str:
    """Time an action on each value; format the microseconds of one approval, of `total` or of as many as values."""
    best = float("inf")
    for _ in range(PASSES):
        start = time.thread_time_ns()
        for value in values:
            action(value)
        best = min(best, time.thread_time_ns() - start)
    return f"{best / 1e3 / (total or len(values)):.1f}"

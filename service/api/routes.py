"""Routes of /v1, health and metrics. The version that validates a request also decides it, whatever is live by then."""

import re
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import PlainTextResponse
from starlette.concurrency import run_in_threadpool
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import ClientDisconnect

from credit.common.errors import CreditError, Problem
from credit.decision_log.database import DecisionRow
from credit.decision_log.outcomes import find_latest_outcome, record_outcome
from service import metrics
from service.api.openapi import REFUSAL_CONTENT
from service.api.outcomes import OutcomeReport, check_outcome, parse_outcome
from service.api.responses import (
    BatchResponse,
    DecisionRecordResponse,
    DecisionResponse,
    HealthResponse,
    OutcomeResponse,
    RefusalError,
    VersionResponse,
    render_json,
    select_public_fields,
)
from service.api.state import Parts, collect_problems
from service.engine.live_version import LiveVersion
from service.engine.requests import ApplicationRequest

ROUTER = APIRouter(generate_unique_id_function=lambda route: route.name)
"""Its functions name the operations of the API, and so the methods of clients that are generated from its document."""

DECISIONS_PATH = "/v1/decisions"
"""The route that `service.api.fast_path` answers."""

_REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"description": description, "content": REFUSAL_CONTENT}
    for status, description in {
        401: "No valid API key",
        403: "The API key lacks the role",
        409: "The idempotency key belongs to another application",
        413: "The body is too large",
        415: "The body is not JSON",
        422: "Values that the contract does not allow, or a malformed request",
        503: "No version is live, or the decision log does not answer",
    }.items()
}
_ASKED = _REFUSALS
_READ_REFUSALS: dict[int | str, dict[str, Any]] = {status: _REFUSALS[status] for status in (401, 403, 422, 503)}
_NOT_FOUND_REFUSAL: dict[int | str, dict[str, Any]] = {
    404: {"description": "No such decision", "content": REFUSAL_CONTENT}
}

_MAX_APPLICATION_BYTES = 200_000
"""Bytes of one application. Parsing a larger one keeps everybody else waiting."""

_KEY_PATTERN = re.compile(rb"[\x21-\x7e]{1,200}")
_KEY_HEADER = {
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "A repeated request with the same key gets the same decision, which is recorded once",
            "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[\\x21-\\x7e]+$"},
        }
    ]
}


class _DecisionIdConvertor(Convertor[str]):
    """Ids of decisions: other text in their place, such as `batch`, is no route."""

    regex = "[0-9a-f]{32}"

    def convert(self, value: str) -> str:
        """Return the id unchanged."""
        return value

    def to_string(self, value: str) -> str:
        """Return the id unchanged."""
        return value


register_url_convertor("decision", _DecisionIdConvertor())
DecisionId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]


@ROUTER.post(
    DECISIONS_PATH, response_model=DecisionResponse, responses=_ASKED, openapi_extra=_KEY_HEADER, tags=["decide"]
)
async def decide(request: Request) -> Response:
    """Decide one application."""
    start = time.perf_counter()
    serving = _require_serving(request)
    asked = serving.requests.parse(await _read_body(request, _MAX_APPLICATION_BYTES))
    record = await _read_parts(request).decider.decide(
        serving, asked, request.state.caller, _read_idempotency_key(request)
    )
    _finish_request(serving, [asked], [record], start)
    return render_json(select_public_fields(record))


@ROUTER.post(
    "/v1/decisions/batch", response_model=BatchResponse, responses=_ASKED, openapi_extra=_KEY_HEADER, tags=["decide"]
)
async def decide_batch(request: Request) -> Response:
    """Decide several applications by one version: all of them, or none when one is not allowed."""
    start = time.perf_counter()
    serving = _require_serving(request)
    asked = serving.requests.parse_batch(await _read_body(request))
    records = await _read_parts(request).decider.decide_batch(
        serving, asked, request.state.caller, _read_idempotency_key(request)
    )
    _finish_request(serving, asked, records, start)
    return render_json({"decisions": [select_public_fields(record) for record in records]})


@ROUTER.get(
    "/v1/decisions/{decision_id:decision}",
    response_model=DecisionRecordResponse,
    responses=_READ_REFUSALS | _NOT_FOUND_REFUSAL,
    tags=["look up"],
)
def look_up_decision(request: Request, decision_id: DecisionId) -> Response:
    """Look a decision up in the log, with its inputs and its outcome."""
    record = _require_record(_read_parts(request), decision_id)
    try:
        outcome = find_latest_outcome(_read_parts(request).log.database, decision_id)
    except CreditError:
        raise RefusalError(503, "the decision log does not answer", Retry_After="1") from None
    return render_json(select_public_fields(record) | {"inputs": record["inputs"], "outcome": outcome})


@ROUTER.post("/v1/outcomes", response_model=OutcomeResponse, responses=_ASKED | _NOT_FOUND_REFUSAL, tags=["look up"])
async def report_outcome(request: Request) -> Response:
    """Record the outcome of a decision: the value of the label that the contract names. The newest one counts."""
    told_of = parse_outcome(await _read_body(request))
    return await run_in_threadpool(_record_outcome, request, told_of)


def _record_outcome(request: Request, told_of: OutcomeReport) -> Response:
    parts = _read_parts(request)
    record = _require_record(parts, told_of.decision_id)
    row = check_outcome(told_of, record, _require_serving(request).bundle.contract, datetime.now(UTC))
    try:
        record_outcome(parts.log.database, row | {"caller": request.state.caller})
    except CreditError:
        raise RefusalError(503, "the outcome could not be recorded", Retry_After="1") from None
    return render_json({"outcome": row["outcome"], "observed_at": row["observed_at"]})


@ROUTER.get("/v1/version", response_model=VersionResponse, responses=_READ_REFUSALS, tags=["monitor"])
def show_version(request: Request) -> Response:
    """Show the live version: since when, deployed by whom and why."""
    serving, entry = _require_serving(request), _require_serving(request).entry
    return render_json(
        {
            "environment": _read_parts(request).settings.environment,
            "entry": metrics.find_common_entry(serving.number),
            "version": serving.version,
            "digest": serving.bundle.manifest.digest,
            "kind": entry.kind if entry else None,
            "decides": serving.decides,
            "rule_because": serving.rule_because,
            "since": entry.time if entry else None,
            "reason": entry.reason if entry else None,
            "actor": entry.actor if entry else None,
        }
    )


@ROUTER.get("/health/live", tags=["monitor"])
async def check_liveness() -> dict[str, str]:
    """Answer while the process runs."""
    return {"status": "ok"}


@ROUTER.get(
    "/health/ready", response_model=HealthResponse, responses={503: {"model": HealthResponse}}, tags=["monitor"]
)
async def check_readiness(request: Request) -> Response:
    """Show whether applications are decided, by the model or the rule, and the problems."""
    parts = _read_parts(request)
    serving, problems = parts.follower.serving, collect_problems(parts)
    status = "dark" if serving is None else "degraded" if problems else "ok"
    decides = serving.decides if serving else None
    content = {
        "status": status,
        "decides": decides,
        "entry": serving.number if serving else 0,
        "problems": list(problems.values()),
    }
    return render_json(content, 503 if serving is None else 200)


@ROUTER.get("/metrics", tags=["monitor"], response_class=PlainTextResponse, responses=_READ_REFUSALS)
def show_metrics(request: Request) -> Response:
    """Expose the metrics for Prometheus."""
    parts = _read_parts(request)
    metrics.set_problems(collect_problems(parts))
    with suppress(CreditError):  # a disk that cannot be read is no reason to tell nothing
        metrics.SPOOL_SIZE.set(parts.log.count_spooled())
    return metrics.expose_metrics()


def _finish_request(
    serving: LiveVersion, asked: list[ApplicationRequest], records: list[DecisionRow], start: float
) -> None:
    both = zip(asked, records, strict=True)
    if any((record["inputs"], record["protected"]) != (one.application, one.protected) for one, record in both):
        raise RefusalError(409, "this idempotency key belongs to another application")
    metrics.count_decisions(records, serving, time.perf_counter() - start)


def _read_idempotency_key(request: Request) -> str | None:
    """Read the idempotency key, None without one; by hand, for FastAPI takes long to read a header."""
    given = [value for name, value in request.scope["headers"] if name == b"idempotency-key"]
    if not given:
        return None
    if len(given) > 1 or not _KEY_PATTERN.fullmatch(given[0]):
        found = f"{len(given)} headers" if len(given) > 1 else repr(given[0].decode("latin-1"))[:80]
        problem = Problem("Idempotency-Key", found, "one of 1 to 200 visible ASCII characters")
        raise RefusalError(422, "invalid idempotency key", [problem])
    return str(given[0], "ascii")


async def _read_body(request: Request, largest: int | None = None) -> bytes:
    """Read the body. Raises RefusalError when it is too large, without reading the rest, or breaks off."""
    kind, most = request.headers.get("content-type", ""), _read_parts(request).settings.max_body_bytes
    most = min(most, largest or most)
    if kind.partition(";")[0].strip().lower() != "application/json":
        raise RefusalError(415, "the content type must be application/json")
    content = bytearray()
    try:
        async for part in request.stream():
            content += part
            if len(content) > most:
                raise RefusalError(413, f"the body is larger than {most:,} bytes")
    except ClientDisconnect:
        raise RefusalError(400, "the body is incomplete") from None  # nobody hears it; it is no failure of the service
    return bytes(content)


def _read_parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


def _require_serving(request: Request) -> LiveVersion:
    serving = _read_parts(request).follower.serving
    if serving is None:
        raise RefusalError(503, "no version is live, and there is no rule to fall back to", Retry_After="1")
    return serving


def _require_record(parts: Parts, decision_id: str) -> DecisionRow:
    try:
        record = parts.log.find(decision_id)
    except CreditError:
        raise RefusalError(503, "the decision log does not answer", Retry_After="1") from None
    if record is None:
        raise RefusalError(
            404, "no such decision", [Problem("decision_id", decision_id, "the id of a decision in the log")]
        )
    return record

"""Routes of /v1, health and metrics. The version that validates a request also decides it, whatever is live by then."""

import time
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.convertors import Convertor, register_url_convertor

from credit.common.errors import CreditError, Problem
from credit.decision_log.database import DecisionRow
from credit.decision_log.outcomes import find_latest_outcome, record_outcome
from service import metrics
from service.api.openapi import NOT_FOUND_REFUSAL, READ_REFUSALS, REFUSALS
from service.api.outcomes import OutcomeReport, check_outcome, parse_outcome
from service.api.request_reading import read_body, read_idempotency_key, read_language, read_parts, require_serving
from service.api.responses import (
    BatchResponse,
    DecisionRecordResponse,
    DecisionResponse,
    OutcomeResponse,
    RefusalError,
    render_json,
    select_public_fields,
)
from service.api.state import Parts
from service.engine.live_version import LiveVersion
from service.engine.requests import ApplicationRequest

ROUTER = APIRouter(generate_unique_id_function=lambda route: route.name)
"""Its functions name the operations of the API, and so the methods of clients that are generated from its document."""

DECISIONS_PATH = "/v1/decisions"
"""The route that `service.api.fast_path` answers."""

_MAX_APPLICATION_BYTES = 200_000
"""Bytes of one application. Parsing a larger one keeps everybody else waiting."""

_KEY_HEADER = {
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "A repeated request with the same key gets the same decision, which is recorded once",
            "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[\\x21-\\x7e]+$"},
        },
        {
            "name": "Accept-Language",
            "in": "header",
            "description": "The language of the reasons; the contract's where the live version has no words in it",
            "schema": {"type": "string", "examples": ["es, en;q=0.5"]},
        },
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
    DECISIONS_PATH, response_model=DecisionResponse, responses=REFUSALS, openapi_extra=_KEY_HEADER, tags=["decide"]
)
async def decide(request: Request) -> Response:
    """Decide one application."""
    start = time.perf_counter()
    serving = require_serving(request)
    asked = serving.requests.parse(await read_body(request, _MAX_APPLICATION_BYTES))
    asked = asked._replace(language=read_language(request, serving.bundle.languages))
    record = await read_parts(request).decider.decide(
        serving, asked, request.state.caller, read_idempotency_key(request)
    )
    _finish_request(serving, [asked], [record], start)
    return render_json(select_public_fields(record))


@ROUTER.post(
    "/v1/decisions/batch", response_model=BatchResponse, responses=REFUSALS, openapi_extra=_KEY_HEADER, tags=["decide"]
)
async def decide_batch(request: Request) -> Response:
    """Decide several applications by one version: all of them, or none when one is not allowed."""
    start = time.perf_counter()
    serving = require_serving(request)
    language = read_language(request, serving.bundle.languages)
    asked = [one._replace(language=language) for one in serving.requests.parse_batch(await read_body(request))]
    records = await read_parts(request).decider.decide_batch(
        serving, asked, request.state.caller, read_idempotency_key(request)
    )
    _finish_request(serving, asked, records, start)
    return render_json({"decisions": [select_public_fields(record) for record in records]})


@ROUTER.get(
    "/v1/decisions/{decision_id:decision}",
    response_model=DecisionRecordResponse,
    responses=READ_REFUSALS | NOT_FOUND_REFUSAL,
    tags=["look up"],
)
def look_up_decision(request: Request, decision_id: DecisionId) -> Response:
    """Look a decision up in the log, with its inputs and its outcome."""
    record = _require_record(read_parts(request), decision_id)
    try:
        outcome = find_latest_outcome(read_parts(request).log.database, decision_id)
    except CreditError:
        raise RefusalError(503, "the decision log does not answer", Retry_After="1") from None
    found = {"inputs": record["inputs"], "outcome": outcome._asdict() if outcome else None}
    return render_json(select_public_fields(record) | found)


@ROUTER.post("/v1/outcomes", response_model=OutcomeResponse, responses=REFUSALS | NOT_FOUND_REFUSAL, tags=["look up"])
async def report_outcome(request: Request) -> Response:
    """Record the outcome of a decision: the value of the label that the contract names. The newest one counts."""
    reported = parse_outcome(await read_body(request))
    return await run_in_threadpool(_record_outcome, request, reported)


def _record_outcome(request: Request, reported: OutcomeReport) -> Response:
    parts = read_parts(request)
    record = _require_record(parts, reported.decision_id)
    now = datetime.now(UTC)
    observed = check_outcome(reported, record, require_serving(request).bundle.contract, now)
    try:
        record_outcome(parts.log.database, reported.decision_id, observed, request.state.caller, now)
    except CreditError:
        raise RefusalError(503, "the outcome could not be recorded", Retry_After="1") from None
    return render_json(observed._asdict())


def _finish_request(
    serving: LiveVersion, asked: list[ApplicationRequest], records: list[DecisionRow], start: float
) -> None:
    both = zip(asked, records, strict=True)
    if any((record["inputs"], record["protected"]) != (one.application, one.protected) for one, record in both):
        raise RefusalError(409, "this idempotency key belongs to another application")
    metrics.count_decisions(records, serving, time.perf_counter() - start)


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

"""Routes of /v1, health and metrics. The version that validates a request also decides it, whatever is live by then."""

import time
from datetime import UTC, datetime
from functools import partial

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from credit.common.errors import CreditError
from credit.decision_log.outcomes import find_newest_outcome, record_outcome
from credit.decision_log.people.reviews import find_newest_review
from service import metrics
from service.api.decision_ids import DecisionId
from service.api.fast_path import DECISIONS_PATH, decide_application
from service.api.log.applicants import hash_applicants
from service.api.log.decided_contract import find_contract, list_decided_places
from service.api.log.outcomes import OutcomeReport, check_outcome
from service.api.log.records import note_look_up, require_record
from service.api.log.reports import REPORT_BYTES, parse_report
from service.api.openapi import NOT_FOUND_REFUSAL, READ_REFUSALS, REFUSALS
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
from service.challenge.dealing import Dealer
from service.deciding.recording import RecordedDecisions
from service.engine.live_version import LiveVersion
from service.engine.requests import ApplicationRequest
from service.settings import Settings

ROUTER = APIRouter(generate_unique_id_function=lambda route: route.name)
"""Its functions name the operations of the API, and so the methods of clients that are generated from its document."""

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


@ROUTER.post(
    DECISIONS_PATH, response_model=DecisionResponse, responses=REFUSALS, openapi_extra=_KEY_HEADER, tags=["decide"]
)
async def decide(request: Request) -> Response:
    """Decide one application."""
    body = await decide_application(request.scope, request.receive, read_parts(request))
    return Response(body, media_type="application/json")


@ROUTER.post(
    "/v1/decisions/batch", response_model=BatchResponse, responses=REFUSALS, openapi_extra=_KEY_HEADER, tags=["decide"]
)
async def decide_batch(request: Request) -> Response:
    """Decide several applications: all of them, or none when one is not allowed."""
    serving, parts = require_serving(request), read_parts(request)
    language = read_language(request.scope["headers"], serving.languages)
    key, body = read_idempotency_key(request.scope["headers"]), await read_body(request)
    arrived, caller = time.monotonic(), request.state.caller
    run_aside = parts.decider.run_aside
    with parts.decider.hold_batch():
        asked = await run_aside(partial(_parse_batch, serving, parts.settings, body, language))
        del body
        dealt = await run_aside(partial(_deal_batch, parts.dealer, serving, asked, caller, key))
        deciding = parts.decider.decide_batch(dealt, asked, caller, key, arrived)
        del asked  # `deciding` alone has them, and drops each when it is decided
        recorded = await deciding
        return await run_aside(partial(_finish_batch, recorded, dealt, time.monotonic() - arrived))


def _parse_batch(serving: LiveVersion, settings: Settings, body: bytes, language: str) -> list[ApplicationRequest]:
    return hash_applicants(settings, serving.requests.parse_batch(body, language))


def _deal_batch(
    dealer: Dealer, serving: LiveVersion, asked: list[ApplicationRequest], caller: str, key: str | None
) -> list[LiveVersion]:
    return [dealer.deal(serving, one, caller, key, place) for place, one in enumerate(asked)]


def _finish_batch(recorded: RecordedDecisions, dealt: list[LiveVersion], seconds: float) -> Response:
    metrics.count_decisions(recorded, dealt, seconds)
    return render_json({"decisions": (select_public_fields(record) for record in recorded.records)})


@ROUTER.get(
    "/v1/decisions/{decision_id:decision}",
    response_model=DecisionRecordResponse,
    responses=READ_REFUSALS | NOT_FOUND_REFUSAL,
    tags=["look up"],
)
def look_up_decision(request: Request, decision_id: DecisionId) -> Response:
    """Look a decision up in the log, with its inputs, its outcome and its review. The look-up is noted there."""
    record = require_record(read_parts(request), decision_id)
    database = read_parts(request).log.database
    note_look_up(request, {}, decision_id)
    try:
        outcome, review = find_newest_outcome(database, decision_id), find_newest_review(database, decision_id)
    except CreditError:
        raise RefusalError(503, "the decision log does not answer", Retry_After="1") from None
    found = {
        "reasons_about_place": list_decided_places(read_parts(request), record),
        "inputs": record["inputs"],
        "applicant": record["applicant"],
        "outcome": outcome._asdict() if outcome else None,
        "review": review._asdict() if review else None,
    }
    return render_json(select_public_fields(record) | found)


@ROUTER.post("/v1/outcomes", response_model=OutcomeResponse, responses=REFUSALS | NOT_FOUND_REFUSAL, tags=["outcomes"])
async def report_outcome(request: Request) -> Response:
    """Record the outcome of a decision: the value of the label of the contract that decided.

    The outcome that was observed last holds. The same report again changes nothing.
    """
    reported = parse_report(OutcomeReport, await read_body(request, REPORT_BYTES))
    return await run_in_threadpool(_record_outcome, request, reported)


def _record_outcome(request: Request, reported: OutcomeReport) -> Response:
    parts, now = read_parts(request), datetime.now(UTC)
    record = require_record(parts, reported.decision_id)
    contract = find_contract(parts, record)
    value = check_outcome(reported, record, contract, now)
    who = request.state.caller
    try:
        recorded = record_outcome(
            parts.log.outcomes, reported.decision_id, value, reported.observed_at, contract.label, who, now
        )
    except CreditError:
        raise RefusalError(503, "the outcome could not be recorded", Retry_After="1") from None
    if recorded.is_new:
        metrics.count_outcome(contract, value, record["version"])
    return render_json(recorded.outcome._asdict())

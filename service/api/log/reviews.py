"""The route by which analysts tell what they decided: on referrals, and where they override a decision."""

from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from credit.common.errors import CreditError, Problem
from credit.decision_log.people.reviews import Review, record_review
from service import metrics
from service.api.decision_ids import DecisionId
from service.api.log.records import require_record
from service.api.log.reports import REPORT_BYTES, parse_report
from service.api.openapi import NOT_FOUND_REFUSAL, REFUSALS
from service.api.request_reading import read_body, read_parts
from service.api.responses import RefusalError, render_json

ROUTER = APIRouter(generate_unique_id_function=lambda route: route.name)


class ReviewReport(BaseModel):
    """What an analyst decided, and why; a denial and an override need a reason."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "if": {"properties": {"decision": {"const": "deny"}}},
            "then": {"required": ["reason"], "properties": {"reason": {"type": "string"}}},
        },
    )

    decision: Literal["approve", "deny"]
    reviewer: str = Field(min_length=1, max_length=100, examples=["analyst-7"])
    reason: str | None = Field(default=None, min_length=1, max_length=2_000)


class ReviewResponse(BaseModel):
    """A review in the log. `override`: it replaces a decision that was no referral."""

    decision_id: str
    decision: Literal["approve", "deny"]
    override: bool
    reviewer: str
    reason: str | None
    reviewed_at: datetime


@ROUTER.post(
    "/v1/decisions/{decision_id:decision}/review",
    response_model=ReviewResponse,
    responses=REFUSALS | NOT_FOUND_REFUSAL,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": ReviewReport.model_json_schema()}},
        }
    },
    tags=["review"],
)
async def review_decision(request: Request, decision_id: DecisionId) -> Response:
    """Record what an analyst decided on a referral, or instead of a decision. The newest review holds."""
    reported = _parse_review(await read_body(request, REPORT_BYTES))
    return await run_in_threadpool(_record_review, request, decision_id, reported)


def _parse_review(body: bytes) -> ReviewReport:
    reported = parse_report(ReviewReport, body)
    if reported.decision == "deny" and reported.reason is None:
        raise CreditError(Problem("reason", "nothing", "the reason of a denial, which the applicant is told"))
    return reported


def _record_review(request: Request, decision_id: str, reported: ReviewReport) -> Response:
    log = read_parts(request).log
    record = require_record(read_parts(request), decision_id)
    was = record["decision"]
    is_override = was not in ("refer", reported.decision)
    if reported.reason is None and is_override:
        raise RefusalError(
            409, "an override needs a reason", [Problem("reason", "nothing", "the reason of an override")]
        )
    review = Review(reported.decision, reported.reviewer, reported.reason, is_override)
    try:
        recorded = record_review(log.events, record, review, request.state.caller)
    except CreditError:
        raise RefusalError(503, "the review could not be recorded", Retry_After="1") from None
    if recorded.is_new:
        metrics.REVIEW_COUNT.labels(review.decision, str(is_override).lower()).inc()
    return render_json({"decision_id": decision_id, **review._asdict(), "reviewed_at": recorded.reviewed_at})

"""Responses: their models for the API's documentation, and their bytes."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Response
from pydantic import BaseModel, Field
from pydantic_core import to_json

from credit.common.errors import Problem
from credit.decision_log.database import DecisionRow
from credit.scoring.reasons import DecidedBy
from service.deciding.circuit_breaker import CircuitState

Decision = Literal["approve", "refer", "deny"]
LoggedInputs = Annotated[dict[str, bool | int | float | str | None] | None, Field(description="null: they were erased")]
ApplicantHash = Annotated[str | None, Field(description="HMAC-SHA256 of the applicant's reference, if one was sent")]

PUBLIC_FIELDS = (
    "id", "decision", "score", "reasons", "reason_codes", "language", "decided_by", "rule_because", "version", "digest",
    "entry", "decided_at",
)  # fmt: skip
"""Fields of a record that its caller may see."""


class DecisionResponse(BaseModel):
    """A decision that is in the log."""

    id: str = Field(pattern="^[0-9a-f]{32}$", examples=["019a1b2c3d4e7f708192a3b4c5d6e7f8"])
    decision: Decision
    score: float = Field(description="Probability of the favourable label", ge=0, le=1)
    reasons: list[str] = Field(description="At most four, the weightiest first; none for an approval", max_length=4)
    reason_codes: list[str] | None = Field(
        description="Of each reason, for programs: the same whatever the words and the language; null: decided before "
        "there were codes",
        max_length=4,
    )
    language: str | None = Field(description="Of the reasons, as they were given")
    decided_by: DecidedBy
    rule_because: str | None = Field(description="Why the rule decided, when it did")
    version: str | None = Field(description="null: the rule that came with the image")
    digest: str = Field(description="Of the bundle, which stands for every byte of it")
    entry: int = Field(description="The ledger entry by which the version was live; 0: none")
    decided_at: datetime


class BatchResponse(BaseModel):
    """Decisions in the order of the applications."""

    decisions: list[DecisionResponse]


class OutcomeResponse(BaseModel):
    """The outcome of a decision: of those reported, the one that was observed last."""

    outcome: bool | int | float | str
    observed_at: datetime
    label: str | None = Field(description="By the contract that decided; null: reported to an older service")


class DecisionReview(BaseModel):
    """What an analyst decided last. `override`: instead of a decision that was no referral."""

    decision: Literal["approve", "deny"]
    reviewer: str
    reason: str | None = Field(description="null: none was given, or it was erased")
    override: bool


class DecisionRecordResponse(DecisionResponse):
    """A decision with its inputs. Protected attributes stay in the log."""

    reasons_about_place: list[str] | None = Field(
        description="Those of the codes that say something of a neighbourhood and not of the applicant, and so of who "
        "lives there: for whoever reviews the decision; null: the contract that decided is not at hand",
        max_length=4,
    )
    inputs: LoggedInputs
    applicant: ApplicantHash
    outcome: OutcomeResponse | None
    review: DecisionReview | None


class ListedDecisionResponse(DecisionResponse):
    """A decision of a list. Protected attributes stay in the log."""

    inputs: LoggedInputs
    applicant: ApplicantHash
    caller: str
    idempotency_key: str | None = Field(description="SHA-256 of caller, NUL, Idempotency-Key, NUL, place in the batch")
    repeat_of: str | None = Field(description="Another decision under the same key, known too late")


class DecisionListResponse(BaseModel):
    """Some decisions of a version. A page may be empty and not the last one."""

    decisions: list[ListedDecisionResponse]
    next: str | None = Field(description="`after` of the next page; null: there is none")
    spooled: int = Field(description="Decisions of any version that are in the spool and on no page yet")


class VersionResponse(BaseModel):
    """The live version: by which entry, since when, by whom and why."""

    environment: str
    entry: int = Field(description="The ledger entry that every worker follows at least; 0: none")
    version: str | None
    digest: str
    kind: Literal["deploy", "rollback", "fallback"] | None
    decides: DecidedBy
    rule_because: str | None
    since: datetime | None
    reason: str | None
    actor: str | None


class ChallengerResponse(BaseModel):
    """Who decides beside, for nobody, and the applications that this worker had for it since it started."""

    version: str | None = Field(description="null: the record of the challenge is not valid")
    decides: bool = Field(description="false: it could not be loaded, or ended; applications are dropped meanwhile")
    challenge: int = Field(description="The number of its record in the store")
    scored: int
    failed: int
    dropped: int
    unrecorded: int


class SplitResponse(BaseModel):
    """Who decides about a share of the applicants, and whom this worker dealt to whom since it took the split up."""

    version: str
    challenge: int = Field(description="The number of its record in the store")
    share: float = Field(description="Of the applicants, whom it decides about", examples=[0.1])
    until: datetime
    decides: bool = Field(description="false: the live version decides about everybody")
    because: str | None = Field(description="Why it decides about nobody; null: it does")
    dealt: dict[str, int] = Field(examples=[{"live": 90, "challenger": 10}])


class HealthResponse(BaseModel):
    """Whether applications are decided (`dark`: no), by the model or the rule, and the problems."""

    status: Literal["ok", "degraded", "dark"]
    decides: DecidedBy | None = Field(
        description="Single applications, now: the rule also while the model is left alone; null: nobody does"
    )
    entry: int
    circuits: dict[str, CircuitState] = Field(
        description="Whether the model is left alone because it is too slow: for single applications and for batches",
        examples=[{"one": "closed", "batch": "closed"}],
    )
    challenger: ChallengerResponse | None = Field(
        description="Who decides beside, for nobody; null: no such challenge is on"
    )
    split: SplitResponse | None = Field(
        description="Who decides about a share of the applicants; null: no such challenge is on"
    )
    problems: list[str]


class FieldProblem(BaseModel):
    """One problem of a request."""

    field: str
    found: str
    expected: str


class Refusal(BaseModel):
    """Why a request is refused (RFC 9457)."""

    title: str
    status: int
    problems: list[FieldProblem] = Field(default_factory=list)


class RefusalError(Exception):
    """A refused request: its HTTP status, why, and extra headers."""

    def __init__(self, status: int, title: str, problems: list[Problem] | None = None, **headers: str) -> None:
        super().__init__(title)
        self.status, self.title, self.problems, self.headers = status, title, problems or [], headers


def render_json(content: Any, status: int = 200) -> Response:
    """Render an answer in JSON."""
    return Response(to_json(content), status, media_type="application/json")


def render_refusal(refused: RefusalError) -> Response:
    """Render a refusal as a problem document (RFC 9457)."""
    problems = [{"field": p.where, "found": p.found, "expected": p.expected} for p in refused.problems]
    content = {"title": refused.title, "status": refused.status, "problems": problems}
    headers = {name.replace("_", "-"): value for name, value in refused.headers.items()}
    return Response(to_json(content), refused.status, headers, "application/problem+json")


def select_public_fields(record: DecisionRow) -> dict[str, Any]:
    """Select the fields of a record that its caller may see."""
    return {name: record[name] for name in PUBLIC_FIELDS}

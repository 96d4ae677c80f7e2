"""What the service answers: the models of the API's documentation, and the bytes of an answer."""

from datetime import datetime
from typing import Any, Literal

from fastapi import Response
from pydantic import BaseModel, Field
from pydantic_core import to_json

from credit.common.errors import Problem
from credit.decision_log.database import DecisionRow

Decision = Literal["approve", "refer", "deny"]
DecidedBy = Literal["model", "rule"]

PUBLIC_FIELDS = (
    "id", "decision", "score", "reasons", "decided_by", "rule_because", "version", "digest", "entry", "decided_at",
)  # fmt: skip
"""What of a record is told to whoever asked."""


class DecisionResponse(BaseModel):
    """A decision that is in the log."""

    id: str = Field(pattern="^[0-9a-f]{32}$", examples=["019a1b2c3d4e7f708192a3b4c5d6e7f8"])
    decision: Decision
    score: float = Field(description="Probability of the favourable label", ge=0, le=1)
    reasons: list[str] = Field(description="At most four, the weightiest first; none for an approval", max_length=4)
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
    """What became of a decision, so far as it is known."""

    outcome: bool | int | float | str
    observed_at: datetime


class DecisionRecordResponse(DecisionResponse):
    """A decision with what it was made of. Protected attributes stay in the log."""

    inputs: dict[str, bool | int | float | str | None]
    outcome: OutcomeResponse | None


class VersionResponse(BaseModel):
    """What decides."""

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


class HealthResponse(BaseModel):
    """Whether applications are decided, by whom, and what is wrong."""

    status: Literal["ok", "degraded", "dark"]
    decides: DecidedBy | None
    entry: int
    problems: list[str]


class FieldProblem(BaseModel):
    """One thing that is wrong with a request."""

    field: str
    found: str
    expected: str


class Refusal(BaseModel):
    """Why there is no answer (RFC 9457)."""

    title: str
    status: int
    problems: list[FieldProblem] = Field(default_factory=list)


class RefusalError(Exception):
    """A request that is not answered, and why."""

    def __init__(self, status: int, title: str, problems: list[Problem] | None = None, **headers: str) -> None:
        super().__init__(title)
        self.status, self.title, self.problems, self.headers = status, title, problems or [], headers


def render_json(content: Any, status: int = 200) -> Response:
    """An answer in JSON."""
    return Response(to_json(content), status, media_type="application/json")


def render_refusal(refused: RefusalError) -> Response:
    """The answer to a request that is refused."""
    problems = [{"field": p.where, "found": p.found, "expected": p.expected} for p in refused.problems]
    content = {"title": refused.title, "status": refused.status, "problems": problems}
    headers = {name.replace("_", "-"): value for name, value in refused.headers.items()}
    return Response(to_json(content), refused.status, headers, "application/problem+json")


def select_public_fields(record: DecisionRow) -> dict[str, Any]:
    """A record as whoever asked for the decision sees it."""
    return {name: record[name] for name in PUBLIC_FIELDS}

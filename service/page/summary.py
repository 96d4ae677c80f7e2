"""The figures of the page as JSON, for who is on call: what the live version decided so far, and what is wrong."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from credit.common.errors import CreditError
from credit.decision_log.counting.summary import DecisionCounts, DecisionSummary, summarize_decisions
from credit.decision_log.people.reviews import count_reviews
from service.api.openapi import READ_REFUSALS
from service.api.request_reading import read_parts, require_serving
from service.api.responses import render_json
from service.api.state import Parts, collect_problems
from service.engine.live_version import LiveVersion
from service.page.approvals import count_by_group
from service.page.decisions import count_by, describe_gaps, find_lack_of_approvals
from service.page.ratio_limit import find_limit

_CLOCK_MARGIN = timedelta(hours=1)
"""Time before an entry from which its decisions are looked for: the clock that wrote it may have been ahead."""

ROUTER = APIRouter(generate_unique_id_function=lambda route: route.name)


class DecidedGroup(BaseModel):
    """A protected group. Small ones are hidden, and the others rounded then, as on the page."""

    attribute: str
    group: str
    people: str = Field(examples=["about 35", "fewer than 5"])
    approved: str = Field(description="Share of them; empty: hidden", examples=["87%"])
    note: str
    ratio: str = Field(
        description="Their share by that of the reference group; empty: hidden, or nobody of that group was approved",
        examples=["0.72"],
    )
    is_below: bool = Field(description="The ratio is below `limit`, and neither group has few people")


class DecidedResponse(BaseModel):
    """The decisions by the live ledger entry so far."""

    environment: str
    version: str | None
    entry: int
    since: datetime | None = Field(description="When the entry was written; null: the rule of the image decides")
    first: datetime | None = Field(
        description="The hour of the oldest decision that is counted, its begin; null: there is none"
    )
    total: int
    decisions: dict[str, int] = Field(examples=[{"approve": 83, "refer": 10, "deny": 7}])
    by_rule: int
    reviews: dict[str, int] | None = Field(
        description="What analysts decided in this time, the newest review of each decision; null: not known",
        examples=[{"approve": 5, "deny": 2, "override": 1}],
    )
    limit: float | None = Field(
        description="Of the ratio: that of the fairness policy of the live version, or SERVICE_LEAST_RATIO; null: none"
    )
    groups: list[DecidedGroup]
    notes: list[str] = Field(description="What is missing from the figures, or may be counted twice")
    problems: list[str] = Field(description="What is wrong with the service, or that it approves nobody")


@ROUTER.get("/v1/decided", response_model=DecidedResponse, responses=READ_REFUSALS, tags=["monitor"])
def summarize_live(request: Request) -> Response:
    """Show what was decided by the live version since it is live, by decision and by group, and what is wrong."""
    serving, parts = require_serving(request), read_parts(request)
    protected = serving.bundle.contract.protected
    limit = find_limit(parts.settings.least_ratio, serving)
    recent, entry = _read_log(parts, serving), serving.entry
    known, others = _separate(recent.counts if recent else Counter(), serving)
    counts = {kind: count_by(known, "decision")[kind] for kind in ("approve", "refer", "deny")}
    content: dict[str, Any] = {
        "environment": parts.settings.environment,
        "version": serving.version,
        "entry": serving.number,
        "since": entry.time if entry else None,
        "first": min((cell.hour for cell in known), default=None),
        "total": sum(counts.values()),
        "decisions": counts,
        "by_rule": count_by(known, "decided_by")["rule"],
        "reviews": _count_reviews(parts, serving),
        "limit": limit.at_least,
        "groups": [
            {"attribute": attribute, **group._asdict()}
            for attribute, found in zip(protected, count_by_group(known, protected, limit.at_least), strict=True)
            for group in found.groups
        ],
        "notes": [*describe_gaps(recent), *others],
        "problems": [*collect_problems(parts).values(), *filter(None, [find_lack_of_approvals(known)])],
    }
    for group in content["groups"]:
        group["group"] = group.pop("name")
        del group["width"]
    return render_json(content)


def _separate(counts: DecisionCounts, serving: LiveVersion) -> tuple[DecisionCounts, list[str]]:
    """Separate the decisions of the live version from those that the challengers of splits made by the same entry."""
    own = {None, serving.version, serving.entry.version if serving.entry else None}
    others = Counter({cell: number for cell, number in counts.items() if cell.version not in own})
    notes = [
        f"{number:,} more by {name}, the challenger of a split" for name, number in count_by(others, "version").items()
    ]
    return counts - others, notes


def _count_reviews(parts: Parts, serving: LiveVersion) -> dict[str, int] | None:
    try:
        return count_reviews(parts.log.database, _find_begin(serving), parts.settings.environment)._asdict()
    except CreditError:
        return None


def _find_begin(serving: LiveVersion) -> datetime:
    return serving.entry.time - _CLOCK_MARGIN if serving.entry else datetime.fromtimestamp(0, UTC)


def _read_log(parts: Parts, serving: LiveVersion) -> DecisionSummary | None:
    """Count the decisions by the live entry; None when the log cannot be read."""
    since = _find_begin(serving)
    try:
        return summarize_decisions(parts.log, since, parts.settings.environment, entry=serving.number)
    except CreditError:
        return None

"""What analysts decided: on referrals, and where they overrode a decision."""

from collections import Counter
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select

from credit.decision_log.database import Database, DecisionRow
from credit.decision_log.integrity.append import Appender
from credit.decision_log.outcomes import lock_decision
from credit.decision_log.people.events import build_event
from credit.decision_log.tables import EVENTS_TABLE, is_of_environment

MAX_COUNTED = 100_000


class Review(NamedTuple):
    """A decision of an analyst. `override`: it replaces another one that was no referral."""

    decision: str
    reviewer: str
    reason: str | None
    override: bool


class RecordedReview(NamedTuple):
    """A review in the log. `is_new`: it was not there before."""

    reviewed_at: datetime
    is_new: bool


class ReviewCounts(NamedTuple):
    """Decisions that analysts reviewed, by what they decided last."""

    approve: int
    deny: int
    override: int


def record_review(events: Appender, record: DecisionRow, review: Review, caller: str) -> RecordedReview:
    """Add a review of a decision; the newest one again changes nothing."""
    with events.begin() as transaction:
        lock_decision(transaction.connection, record["id"])
        newest = select(EVENTS_TABLE).where(*_is_review_of(record["id"])).order_by(EVENTS_TABLE.c.happened_at.desc())
        row = transaction.connection.execute(newest.limit(1)).first()
        if row is not None and _read_review(row._mapping) == review:
            return RecordedReview(row.happened_at, False)
        detail = {"decision": review.decision, "override": review.override, "reviewer": review.reviewer}
        personal = {"reason": review.reason}
        event = build_event("review", caller, record["environment"], detail, record["id"], personal)
        transaction.append(event)
        return RecordedReview(event["happened_at"], True)


def find_newest_review(database: Database, decision: str) -> Review | None:
    """Find the review of a decision that holds; None when there is none."""
    newest = select(EVENTS_TABLE).where(*_is_review_of(decision)).order_by(EVENTS_TABLE.c.happened_at.desc()).limit(1)
    with database.begin_read() as connection:
        row = connection.execute(newest).first()
    return _read_review(row._mapping) if row is not None else None


def count_reviews(database: Database, since: datetime, environment: str) -> ReviewCounts:
    """Count the decisions that were reviewed since a moment, each by its newest review."""
    events = EVENTS_TABLE.c
    query = select(events.decision_id, events.detail).where(events.kind == "review", events.happened_at >= since)
    query = query.where(is_of_environment(environment, EVENTS_TABLE))
    with database.begin_read() as connection:
        rows = connection.execute(query.order_by(events.happened_at.desc()).limit(MAX_COUNTED))
        newest: dict[str, dict[str, Any]] = {}
        for decision, detail in rows:
            newest.setdefault(decision, detail)
    counts = Counter(detail["decision"] for detail in newest.values())
    return ReviewCounts(counts["approve"], counts["deny"], sum(detail["override"] for detail in newest.values()))


def _is_review_of(decision: str) -> tuple[Any, ...]:
    return EVENTS_TABLE.c.decision_id == decision, EVENTS_TABLE.c.kind == "review"


def _read_review(event: Any) -> Review:
    detail, words = event["detail"], event["personal"] or {}
    return Review(detail["decision"], detail["reviewer"], words.get("reason"), detail["override"])

"""The tables of the decision log, for SQLite and PostgreSQL. `migrations/` makes them."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ColumnElement,
    DateTime,
    Dialect,
    Float,
    FromClause,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    or_,
    text,
)

METADATA = MetaData()


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC; SQLite stores it without a zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Add the zone, UTC."""
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Convert to UTC; refuse a moment without a zone."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment without a time zone")
        return value.astimezone(UTC) if value is not None else None


def _make_chain_columns() -> list[Column[Any]]:
    """Make the columns by which a row carries the hash of its content and of its writer's row before."""
    return [
        Column("writer", String(32)),
        Column("sequence", BigInteger),
        Column("previous", String(64)),
        Column("salt", String(32)),
        Column("personal_hash", String(64)),
        Column("row_hash", String(64)),
        Column("erased_by", String(32)),
    ]


_IS_KNOWN = text("applicant IS NOT NULL")

DECISIONS_TABLE = Table(
    "decisions",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("decided_at", UtcDateTime, nullable=False),
    Column("decision", String(8), nullable=False),
    Column("score", Float, nullable=False),
    Column("reasons", JSON, nullable=False),
    Column("decided_by", String(8), nullable=False),
    Column("rule_because", Text),
    Column("version", String(32)),
    Column("digest", String(64), nullable=False),
    Column("entry", Integer, nullable=False),
    Column("inputs", JSON, nullable=False),
    Column("protected", JSON, nullable=False),
    Column("caller", String(64), nullable=False),
    Column("idempotency_key", String(64), unique=True),
    Column("repeat_of", String(32)),
    Column("reason_codes", JSON),
    Column("language", String(64)),
    Column("repeated_key", String(64)),
    Column("environment", String(16)),
    Column("fingerprint", String(64)),
    Column("applicant", String(64)),
    *_make_chain_columns(),
    Index("decisions_by_time", "decided_at"),
    Index("decisions_by_writer", "writer", "sequence"),
    Index("decisions_by_applicant", "applicant", sqlite_where=_IS_KNOWN, postgresql_where=_IS_KNOWN),
)
"""One row per answered application. `protected` is for watching over groups; nothing that decides reads it.

`idempotency_key`: SHA-256 of caller and key. `repeat_of`: another decision under the same key, known too late because
the database was away; the key is in `repeated_key` then. `fingerprint`: SHA-256 of the whole request under the key.
`applicant`: HMAC of the applicant's reference. Rows of before there was a chain have no `writer`.
`reason_codes`: of each reason; `language`: of their words. Both are null in rows of before there were codes.
"""

OUTCOMES_TABLE = Table(
    "outcomes",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("decision_id", String(32), nullable=False, index=True),
    Column("label", Text),
    Column("outcome", JSON, nullable=False),
    Column("observed_at", UtcDateTime, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("caller", String(64), nullable=False),
    *_make_chain_columns(),
    Index("outcomes_by_writer", "writer", "sequence"),
)
"""The outcome of a decision, which the contract that decided calls `label`; the one that was observed last holds."""

EVENTS_TABLE = Table(
    "events",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("happened_at", UtcDateTime, nullable=False),
    Column("environment", String(16)),
    Column("kind", String(16), nullable=False),
    Column("caller", String(64), nullable=False),
    Column("decision_id", String(32), index=True),
    Column("detail", JSON, nullable=False),
    Column("personal", JSON, nullable=False),
    *_make_chain_columns(),
    Index("events_by_writer", "writer", "sequence"),
    Index("events_by_time", "kind", "happened_at"),
)
"""What else happened to decisions: looked up, reviewed, corrected, erased. `personal` goes with an erasure."""

SHADOWS_TABLE = Table(
    "shadows",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("decision_id", String(32), nullable=False, index=True),
    Column("shadowed_at", UtcDateTime, nullable=False),
    Column("environment", String(16), nullable=False),
    Column("challenge", Integer, nullable=False),
    Column("version", String(32), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("entry", Integer, nullable=False),
    Column("decision", String(8)),
    Column("score", Float),
    Column("decided_by", String(8)),
    Column("rule_because", Text),
    *_make_chain_columns(),
    Index("shadows_by_writer", "writer", "sequence"),
    Index("shadows_by_challenge", "challenge", "entry"),
)
"""What the challenger of a challenge would have decided, beside the decision that was answered by the entry.

Without a `decision` it could decide nothing, and `rule_because` says why, or its values were erased with the person's.
"""

HOURLY_COUNTS_TABLE = Table(
    "hourly_counts",
    METADATA,
    Column("cell", String(64), primary_key=True),
    Column("environment", String(16)),
    Column("hour", UtcDateTime, nullable=False),
    Column("entry", Integer, nullable=False),
    Column("version", String(32)),
    Column("decision", String(8), nullable=False),
    Column("decided_by", String(8), nullable=False),
    Column("rule_because", Text),
    Column("attribute", Text),
    Column("value", Text),
    Column("number", BigInteger, nullable=False),
    Index("hourly_counts_by_hour", "hour"),
    Index("hourly_counts_by_entry", "entry"),
)
"""How many decisions of an hour are alike; `cell`: the hash of the columns by which they are.

Without `attribute` all of them are counted, with it those that have a `value` of this protected attribute.
"""

COUNTED_WRITERS_TABLE = Table(
    "counted_writers",
    METADATA,
    Column("writer", String(32), primary_key=True),
    Column("counted", BigInteger, nullable=False),
    Column("gaps", JSON, nullable=False),
)
"""The place up to which a writer's decisions are counted, but those in `gaps`, pairs of first and last place."""

DECISION_WRITERS_TABLE = Table(
    "decision_writers",
    METADATA,
    Column("writer", String(32), primary_key=True),
    Column("environment", String(16)),
    Column("newest", BigInteger, nullable=False),
    Column("newest_at", UtcDateTime, nullable=False),
)
"""How far the writers of decisions have come, which a trigger notes: the newest place, and a time that none is after.

`environment`: that of the newest; a writer is a process, and so of one.
"""


def is_of_environment(environment: str, table: FromClause = DECISIONS_TABLE) -> ColumnElement[bool]:
    """Build the condition for decisions of an environment; those from before it was noted were of the only one."""
    return or_(table.c.environment == environment, table.c.environment.is_(None))

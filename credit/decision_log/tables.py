"""The tables of the decision log, for SQLite and PostgreSQL. `migrations/` makes them."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Dialect,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
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
    Index("decisions_by_time", "decided_at"),
)
"""One row per answered application. `protected` is for watching over groups; nothing that decides reads it.

`idempotency_key`: SHA-256 of caller and key. `repeat_of`: another decision under the same key, known too late because
the database was away. `reason_codes`: of each reason; `language`: of their words. Both are null in rows of before there
were codes.
"""

OUTCOMES_TABLE = Table(
    "outcomes",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("decision_id", String(32), nullable=False, index=True),
    Column("outcome", JSON, nullable=False),
    Column("observed_at", UtcDateTime, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("caller", String(64), nullable=False),
)
"""What became of a decision; the newest row of a decision holds."""

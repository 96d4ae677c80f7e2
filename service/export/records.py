"""Decisions as analysts get them: with the outcome that holds, and protected attributes apart."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from pydantic_core import to_json
from sqlalchemy import select

from credit.decision_log.database import Database
from credit.decision_log.tables import OUTCOMES_TABLE

_COPIED = (
    "decision", "score", "reasons", "reason_codes", "decided_by", "rule_because", "version", "digest", "entry",
    "environment", "inputs", "repeat_of",
)  # fmt: skip
_MODULUS, _LARGEST = 1 << 256, 1 << 63


class ExportedRecord(NamedTuple):
    """A decision. `content` has no protected attribute; `protected` None: erased."""

    id: str
    decided_at: datetime
    content: dict[str, Any]
    protected: dict[str, Any] | None

    def hash(self) -> int:
        """Hash the decision as every target keeps it: moments to the millisecond."""
        content = [self.id, truncate(self.decided_at).isoformat(), self.content, self.protected]
        return int.from_bytes(hashlib.sha256(to_json(_sort(content))).digest())


class DayDigest(NamedTuple):
    """The decisions of a day: how many, and a digest that does not depend on their order."""

    number: int = 0
    digest: int = 0

    def add(self, record: ExportedRecord) -> "DayDigest":
        """Add a decision."""
        return DayDigest(self.number + 1, (self.digest + record.hash()) % _MODULUS)


def build_records(database: Database, rows: Sequence[dict[str, Any]]) -> list[ExportedRecord]:
    """Build the records of decisions, with the outcomes that hold now. Raises CreditError without an answer."""
    outcomes = read_outcomes(database, [row["id"] for row in rows])
    return [
        ExportedRecord(
            row["id"],
            row["decided_at"],
            shorten_numbers({name: row[name] for name in _COPIED})
            | {"erased": row["erased_by"] is not None, "outcome": shorten_numbers(outcomes.get(row["id"]))},
            shorten_numbers(row["protected"]),
        )
        for row in rows
    ]


def read_outcomes(database: Database, decisions: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Read the outcome of each decision that holds: the one that was observed last."""
    columns = OUTCOMES_TABLE.c
    query = select(columns.decision_id, columns.outcome, columns.observed_at, columns.label)
    query = query.where(columns.decision_id.in_(decisions)).order_by(columns.observed_at, columns.id)
    with database.begin_read() as connection:
        return {
            identifier: {"value": value, "observed_at": truncate(at).isoformat(), "label": label}
            for identifier, value, at, label in connection.execute(query)
        }


def digest_days(records: Iterable[ExportedRecord]) -> dict[date, DayDigest]:
    """Digest decisions by their day, UTC."""
    days: dict[date, DayDigest] = {}
    for one in records:
        day = one.decided_at.astimezone(UTC).date()
        days[day] = days.get(day, DayDigest()).add(one)
    return days


def shorten_numbers(value: Any) -> Any:
    """Make texts of whole numbers beyond 64 bits, for which BSON has no room."""
    if isinstance(value, dict):
        return {key: shorten_numbers(one) for key, one in value.items()}
    if isinstance(value, list):
        return [shorten_numbers(one) for one in value]
    is_large = isinstance(value, int) and not isinstance(value, bool) and not -_LARGEST <= value < _LARGEST
    return str(value) if is_large else value


def truncate(moment: datetime) -> datetime:
    """Truncate a moment to milliseconds, which MongoDB keeps."""
    return moment.astimezone(UTC).replace(microsecond=moment.microsecond // 1000 * 1000)


def _sort(value: Any) -> Any:
    """Sort the keys of mappings, so that the same content has one form."""
    if isinstance(value, dict):
        return {key: _sort(value[key]) for key in sorted(value)}
    return [_sort(one) for one in value] if isinstance(value, list | tuple) else value

"""Check one decision: by its hash, by its neighbours in the chain, and whether it repeats what it is said to repeat."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

from credit.decision_log.database import Database, DecisionRow
from credit.decision_log.integrity.chain import DECISIONS, Hasher
from credit.decision_log.integrity.reading import read_rows
from credit.decision_log.integrity.removed import Removals, read_removals
from credit.decision_log.integrity.walk import check_content

_LAST_MILLISECOND = 253_402_300_799_000


def check_decision(databases: Sequence[Database], row: DecisionRow) -> str | None:
    """Check one decision by its hash and by its neighbours in the chain; None when it is as it was written."""
    if row["writer"] is None:
        return None
    if (wrong := check_content(DECISIONS, Hasher(DECISIONS), row) or check_repeat(databases, row)) is not None:
        return wrong
    place = row["sequence"]
    for near in read_rows(databases, DECISIONS, row["writer"], place - 1, place + 1):
        if near["sequence"] == place and near["id"] != row["id"]:
            return "another decision is at its place of the chain"
        if near["sequence"] == place - 1 and near["row_hash"] != row["previous"]:
            return "it does not follow the decision before it"
        if near["sequence"] == place + 1 and near["previous"] != row["row_hash"]:
            return "the decision after it has another hash of it"
    return None


def check_repeat(databases: Sequence[Database], row: DecisionRow, removals: Removals | None = None) -> str | None:
    """Check that a repeat is one: another decision has its idempotency key, or was removed by its age."""
    if row["repeat_of"] is None and row["repeated_key"] is None:
        return None
    key = row["repeated_key"]
    found = [database.find(row["repeat_of"] or "") for database in databases]
    if key is not None and row["idempotency_key"] is None and not any(found):
        removals = removals or read_removals(databases)
        if removals.before is not None and _read_time(row["repeat_of"]) < removals.before:
            return None
    if (
        key is None
        or row["idempotency_key"] is not None
        or not any(one and one["idempotency_key"] == key for one in found)
    ):
        return "it is said to repeat a decision that has not its key"
    return None


def _read_time(identifier: str | None) -> datetime:
    """Read the moment of a decision from its id, a UUID of version 7; of no id it is the last of all."""
    milliseconds = _LAST_MILLISECOND
    with suppress(ValueError):  # what somebody put there
        milliseconds = min(int((identifier or "")[:12], 16), _LAST_MILLISECOND)
    return datetime.fromtimestamp(milliseconds / 1000, UTC)

"""The decisions of one applicant: found by the hash of the lender's reference, exported, corrected."""

import hashlib
import hmac
from typing import Any

from sqlalchemy import select

from credit.common.errors import CreditError, Problem
from credit.decision_log.database import Database, DecisionRow
from credit.decision_log.integrity.append import Appender
from credit.decision_log.outcomes import list_outcomes
from credit.decision_log.people.events import build_event, list_events
from credit.decision_log.shadows.recording import list_shadows
from credit.decision_log.tables import DECISIONS_TABLE

_EXPORTED = (
    "id", "decided_at", "decision", "score", "reasons", "decided_by", "rule_because", "version", "environment",
    "inputs", "protected", "caller", "repeat_of",
)  # fmt: skip


def hash_reference(key: str, reference: str) -> str:
    """Hash the lender's reference of a person by the key of the deployment: without it nobody can try references."""
    return hmac.new(key.encode(), reference.encode(), hashlib.sha256).hexdigest()


def find_decisions(database: Database, applicant: str) -> list[DecisionRow]:
    """Find the decisions about an applicant, the oldest first. Erased ones are nobody's any more."""
    decisions = DECISIONS_TABLE.c
    query = select(DECISIONS_TABLE).where(decisions.applicant == applicant).order_by(decisions.decided_at, decisions.id)
    with database.begin_read() as connection:
        return [dict(row._mapping) for row in connection.execute(query)]


def export_decision(database: Database, record: DecisionRow) -> dict[str, Any]:
    """Collect all about a decision: its application and answer, outcomes, reviews, corrections, shadows."""
    events = list_events(database, record["id"], ("review", "correct"))
    told = [
        {"kind": one["kind"], "at": one["happened_at"], "by": one["caller"], **one["detail"], **(one["personal"] or {})}
        for one in events
    ]
    outcomes = [one._asdict() for one in list_outcomes(database, record["id"])]
    beside = {"outcomes": outcomes, "events": told, "shadows": list_shadows(database, record["id"])}
    return {name: record[name] for name in _EXPORTED} | beside


def correct_decision(events: Appender, record: DecisionRow, values: dict[str, Any], caller: str, reason: str) -> None:
    """Note the right values beside a decision, and the wrong ones. Those that it was decided by stay.

    Raises CreditError for values that the decision has not, or that were erased.
    """
    if record["inputs"] is None:
        raise CreditError(Problem(f"the decision {record['id']}", "its inputs were erased"))
    known = {**record["inputs"], **record["protected"]}
    if unknown := sorted(values.keys() - known.keys()):
        raise CreditError(Problem(", ".join(unknown), "no value of this decision", f"one of {', '.join(known)}"))
    was = {name: known[name] for name in values}
    personal = {"was": was, "is": values, "reason": reason}
    events.append(build_event("correct", caller, record["environment"], {}, record["id"], personal))

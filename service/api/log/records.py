"""Decisions of the log for routes: found or refused, and every look-up noted in the log."""

from typing import Any

from fastapi import Request

from credit.common.errors import CreditError, Problem
from credit.decision_log.database import DecisionRow
from credit.decision_log.people.events import build_event
from service.api.request_reading import read_parts
from service.api.responses import RefusalError
from service.api.state import Parts


def require_record(parts: Parts, decision_id: str) -> DecisionRow:
    """Find a decision of this environment. Raises RefusalError when there is none, or the log does not answer.

    Environments may share a database, and a key is good for its own: those of others are not there for it.
    """
    environment = parts.settings.environment
    try:
        record = parts.log.find(decision_id)
    except CreditError:
        raise RefusalError(503, "the decision log does not answer", Retry_After="1") from None
    if record is None or record["environment"] not in (environment, None):  # None: as in `is_of_environment`
        expected = f"the id of a decision of {environment} in the log"
        raise RefusalError(404, "no such decision", [Problem("decision_id", decision_id, expected)])
    return record


def note_look_up(request: Request, detail: dict[str, Any], decision_id: str | None = None) -> None:
    """Note who looks at what, before it is shown. Raises RefusalError when that cannot be noted."""
    parts = read_parts(request)
    event = build_event("look_up", request.state.caller, parts.settings.environment, detail, decision_id)
    try:
        parts.log.events.append(event)
    except CreditError:
        raise RefusalError(503, "the look-up could not be noted in the log", Retry_After="1") from None

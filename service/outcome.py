"""What became of a decision, as it is reported."""

from datetime import datetime, timedelta
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from credit.contract import Contract
from credit.errors import Problem, raise_if_any
from service.applications import words
from service.log.database import Record

_AHEAD = timedelta(days=1)  # clocks and time zones of others


class Outcome(BaseModel):
    """What became of a decision: the value of the label that the contract names."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    decision_id: str = Field(pattern="^[0-9a-f]{32}$")
    outcome: bool | int | float | str = Field(examples=[True])
    observed_at: AwareDatetime | None = Field(default=None, description="Now, when it is left out")


def checked(told: Outcome, decision: Record, contract: Contract, now: datetime) -> dict[str, Any]:
    """The row for the log. Raises CreditError when the contract's label cannot have this value, or not at that time."""
    label = contract.columns[contract.label]
    kinds: dict[str, tuple[type, ...]] = {"boolean": (bool,), "integer": (int,), "number": (int, float)}
    kind, value, moment = kinds.get(label.type, (str,)), told.outcome, told.observed_at or now
    wrong = not isinstance(value, kind) or (isinstance(value, bool) and bool not in kind)
    wrong = wrong or (label.allowed is not None and value not in label.allowed) or len(str(value)) > 100
    problems = [Problem("outcome", repr(value)[:80], words(label))] if wrong else []
    if not decision["decided_at"] - _AHEAD <= moment <= now + _AHEAD:
        problems.append(Problem("observed_at", moment.isoformat(), "a moment after the decision and not in the future"))
    raise_if_any(problems)
    return {
        "decision_id": told.decision_id,
        "outcome": value,
        "observed_at": moment,
        "recorded_at": now,
    }

"""What became of a decision, as it is reported."""

from datetime import datetime, timedelta
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from credit.common.errors import CreditError, Problem
from credit.contract import Contract
from credit.decision_log.database import Record
from service.api.responses import RefusedError
from service.engine.requests import problem_of, type_of, words

_AHEAD = timedelta(days=1)  # clocks and time zones of others


class Outcome(BaseModel):
    """What became of a decision: the value of the label that the contract names."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    decision_id: str = Field(pattern="^[0-9a-f]{32}$")
    outcome: bool | int | float | str = Field(examples=[True])
    observed_at: AwareDatetime | None = Field(default=None, description="Now, when it is left out")


def reported(body: bytes) -> Outcome:
    """What a body reports. Raises CreditError with every field that is wrong."""
    try:
        return Outcome.model_validate_json(body)
    except ValidationError as error:
        raise CreditError([problem_of(one) for one in error.errors(include_url=False)]) from None


def checked(told: Outcome, decision: Record, contract: Contract, now: datetime) -> dict[str, Any]:
    """The row for the log. Raises CreditError when the contract's label cannot have this value.

    Raises RefusedError when the moment does not fit the decision.
    """
    label = contract.columns[contract.label]
    try:
        value = TypeAdapter(type_of(label)).validate_python(told.outcome)
    except ValidationError:
        raise CreditError(Problem("outcome", repr(told.outcome)[:80], words(label))) from None
    moment = told.observed_at or now
    if not decision["decided_at"] - _AHEAD <= moment <= now + _AHEAD:
        expected = "a moment after the decision and not in the future"
        problem = Problem("observed_at", moment.isoformat(), expected)
        raise RefusedError(409, "the outcome does not fit the decision", [problem])
    return {"decision_id": told.decision_id, "outcome": value, "observed_at": moment, "recorded_at": now}

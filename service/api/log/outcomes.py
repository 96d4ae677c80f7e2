"""Check the reported outcomes of decisions."""

from datetime import datetime, timedelta

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from credit.bundle.field_types import build_field_type, describe_values
from credit.common.errors import CreditError, Problem
from credit.contract import Contract
from credit.contract.levels import Scalar
from credit.decision_log.database import DecisionRow
from service.api.responses import RefusalError

_CLOCK_SKEW = timedelta(days=1)  # clocks and time zones of others


class OutcomeReport(BaseModel):
    """The outcome of a decision: the value of the label that the contract names."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    decision_id: str = Field(pattern="^[0-9a-f]{32}$")
    outcome: bool | int | float | str = Field(examples=[True])
    observed_at: AwareDatetime | None = Field(default=None, description="Default: now")


def check_outcome(reported: OutcomeReport, decision: DecisionRow, contract: Contract, now: datetime) -> Scalar:
    """Check a reported outcome against its decision and the contract that decided; return the label's value.

    Raises CreditError when the contract's label cannot have this value,
    and RefusalError when the moment does not fit the decision.
    """
    label = contract.columns[contract.label]
    try:
        value: Scalar = TypeAdapter(build_field_type(label)).validate_python(reported.outcome)
    except ValidationError:
        raise CreditError(
            Problem("outcome", repr(reported.outcome)[:80], f"{contract.label}: {describe_values(label)}")
        ) from None
    moment = reported.observed_at or now
    if not decision["decided_at"] - _CLOCK_SKEW <= moment <= now + _CLOCK_SKEW:
        expected = "a moment after the decision and not in the future"
        problem = Problem("observed_at", moment.isoformat(), expected)
        raise RefusalError(409, "the outcome does not fit the decision", [problem])
    return value

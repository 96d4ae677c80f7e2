"""The block `watch` of params.yaml: the limit, how surely it is judged, and whether a version may be taken back."""

from typing import Annotated

from pydantic import Field, field_validator

from credit.common.invalid_values import make_value_error
from credit.common.params import Params

_MOST_DAYS = 36_500
"""A hundred years stand for never: beyond them no calendar has the moments that are computed."""


class WatchParams(Params):
    """The block `watch`. `at_least`: of the adverse impact ratio; None: the limit of the fairness policy."""

    acts: bool
    """Whether a version is taken back; else people are only told."""
    at_least: float | None = Field(gt=0, lt=1.25)
    alpha: float = Field(gt=0, lt=0.5)
    """How likely a false alarm may be, of any group of a version that is lawful, within `horizon_days`."""
    horizon_days: int = Field(ge=1, le=3650)
    better_alpha: float = Field(gt=0, lt=0.5)
    """How likely a target may pass for better than the live version without being so."""
    rescored: int = Field(ge=100, le=200_000)
    """The newest applicants of the version, at most, that the targets are tried on."""
    least_rescored: float = Field(gt=0, le=1)
    """The share of them that a target must be able to decide."""
    pause_days: float = Field(gt=0, le=_MOST_DAYS)
    """After a version was taken back, no other one is for so long."""
    failing_budget: float = Field(gt=0, lt=0.5)
    """The share of people for whom the model may fail or be late, and the rule decide in its place."""
    failing_alpha: float = Field(gt=0, lt=0.5)
    """How likely a model within its budget may be taken back for failing, within `horizon_days`."""
    failing_least: int = Field(ge=1)
    """Fewer failures within the last hour in which people came are no reason to act."""
    drift_days: int = Field(ge=1, le=366)
    """The length of the periods whose applicants are compared with those that the version was made from."""
    drift_alpha: float = Field(gt=0, lt=0.5)
    """How likely a period is to be told to differ in any figure by chance."""
    drift_moved: float = Field(ge=0, lt=1)
    """The share of people, at least, who would have to be in another bin."""
    refused_share: float = Field(gt=0, lt=1)
    """The share of requests that may be refused for a field."""
    refused_alpha: float = Field(gt=0, lt=0.5)
    """How likely a day with such a share is to be told of, for any field, by chance."""
    outcome_days: tuple[Annotated[int, Field(ge=1, le=3660)], ...] = Field(min_length=1, max_length=6)
    """The ages at which months of decisions are compared; at the last one outcomes are what the label is about."""
    outcome_alpha: float = Field(gt=0, lt=0.5)
    """How likely a month is to be told to turn out otherwise than expected, at any age, by chance."""
    least_known: float = Field(gt=0, le=1)
    """At the last age, the share of outcomes that must be known for a month to be judged."""
    outcome_stale_days: int = Field(ge=1, le=_MOST_DAYS)
    """Without an outcome for so long it is told."""
    model_days: int = Field(ge=1, le=_MOST_DAYS)
    """A version that was published longer ago is told."""
    stale_hours: float = Field(gt=0)
    """Without a decision for so long, the watch is inconclusive."""
    poll_seconds: float = Field(gt=0, le=30)
    """Between two looks. Alerts wait a minute for the look after the one that took a version back."""

    @field_validator("outcome_days")
    @classmethod
    def _check_order(cls, days: tuple[int, ...]) -> tuple[int, ...]:
        if list(days) != sorted(set(days)):
            raise make_value_error(f"{list(days)}", "ages that rise")
        return days

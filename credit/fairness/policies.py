"""Limits of unequal treatment: named policies of params.yaml. A limit is a choice with a source, not the law.

Criteria of equal treatment conflict: where base rates differ, an imperfect score cannot have equal true and false
positive rates and equal precision at once (Chouldechova 2017, Fair prediction with disparate impact; Kleinberg,
Mullainathan and Raghavan 2016, Inherent trade-offs in the fair determination of risk scores). So a policy gates a
few metrics and reports the others.
"""

import math
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, overload

from pydantic import Field, model_validator

from credit.common.errors import CreditError, Problem
from credit.common.invalid_values import make_value_error
from credit.common.params import Params
from credit.reports.figures import FAIRNESS_METRICS

if TYPE_CHECKING:  # the report reads policies without loading numpy
    import numpy as np
    from numpy.typing import NDArray

    from credit.evaluation.exact_tests import Tail
    from credit.evaluation.intervals import Array


class Limit(Params):
    """The limits of one metric, as signed values: a gap of a rate is negative where the group's rate is lower.

    Without `at_least` and `at_most` the metric is only reported, with a remark beyond `warn_below` or `warn_above`.
    """

    at_least: float | None = None
    at_most: float | None = None
    warn_below: float | None = None
    warn_above: float | None = None
    source: str

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        given = [v for v in (self.at_least, self.warn_below, self.warn_above, self.at_most) if v is not None]
        if not given:
            raise make_value_error("no limit", "at_least, at_most, warn_below or warn_above")
        if given != sorted(given) or not all(map(math.isfinite, given)):
            raise make_value_error(f"the limits {given}", "at_least <= warn_below <= warn_above <= at_most")
        return self

    @property
    def gated(self) -> bool:
        """Tell whether the metric gets a verdict."""
        return self.at_least is not None or self.at_most is not None

    @overload
    def is_kept_by(self, low: float, high: float) -> bool: ...
    @overload
    def is_kept_by(self, low: "Array", high: "Array") -> "NDArray[np.bool_]": ...
    def is_kept_by(self, low: Any, high: Any) -> Any:
        """Tell whether the whole interval complies, of one or of an array each. A point is one too; NaN does not."""
        lowest, highest = self._ends
        return (low >= lowest - _TOLERANCE) & (high <= highest + _TOLERANCE)

    @overload
    def is_broken_by(self, low: float, high: float) -> bool: ...
    @overload
    def is_broken_by(self, low: "Array", high: "Array") -> "NDArray[np.bool_]": ...
    def is_broken_by(self, low: Any, high: Any) -> Any:
        """Tell whether the whole interval is beyond a limit, of one or of an array each. NaN is not."""
        lowest, highest = self._ends
        return (high < lowest - _TOLERANCE) | (low > highest + _TOLERANCE)

    @property
    def _ends(self) -> tuple[float, float]:
        return -math.inf if self.at_least is None else self.at_least, math.inf if self.at_most is None else self.at_most

    @property
    def tail(self) -> "Tail":
        """The side on which a figure is beyond the limit."""
        if self.at_least is not None and self.at_most is not None:
            return "both"
        return "upper" if self.at_least is None else "lower"

    def has_warning_at(self, value: float) -> bool:
        """Tell whether the point is beyond a warning level."""
        return (self.warn_below is not None and value < self.warn_below - _TOLERANCE) or (
            self.warn_above is not None and value > self.warn_above + _TOLERANCE
        )

    def __str__(self) -> str:
        ends = (("at least", self.at_least), ("at most", self.at_most))
        return " and ".join(f"{word} {value:g}" for word, value in ends if value is not None)


_TOLERANCE = 1e-12  # 18 of 30 over 3750 of 5000 is 0.8, whatever floating point makes of it


class VerdictRules(Params):
    """Rules by which an interval becomes a verdict; the same for every policy."""

    level: float = Field(gt=0.5, lt=1)
    primary: Annotated[tuple[str, ...], Field(min_length=1)] | None
    """Protected attributes that gate, corrected among themselves; the others are reported. None: all of them."""
    smallest_denominator: int = Field(ge=2)
    block_from: Literal["unequal", "beyond", "undecided"]
    """The mildest finding that blocks: parity is rejected, or the figure is beyond the limit, or nothing but a pass."""
    planned_ratio: float = Field(gt=0, lt=1)
    """Of a group's approvals to its reference's: the unequal treatment that power and numbers of people are about."""
    planned_power: float = Field(gt=0, lt=1)
    undisclosed_warn: float = Field(ge=0, le=1)
    undisclosed_no_pass: float = Field(ge=0, le=1)
    largest_drop: float = Field(ge=0)
    """Of a ratio against the version in production."""

    @property
    def error(self) -> float:
        """How likely all wrong rejections together may be, one-sided: what is outside the interval on one side."""
        return (1 - self.level) / 2


class FairnessPolicy(Params):
    """One named policy. `gates`: what may block; `pairs` means attributes and pairs of them."""

    description: str
    gates: Literal["nothing", "attributes", "pairs"]
    limits: dict[str, Limit] = Field(min_length=1)

    @property
    def gated_limits(self) -> dict[str, Limit]:
        """The limits with a verdict, by metric."""
        return {name: limit for name, limit in self.limits.items() if limit.gated}

    @property
    def has_gated_limits(self) -> bool:
        """Tell whether any metric gets a verdict."""
        return bool(self.gated_limits)

    @property
    def pair_policy(self) -> "FairnessPolicy":
        """Build the policy for pairs of attributes that do not gate: the limits with a verdict, and none blocks."""
        return self.model_copy(update={"limits": self.gated_limits, "gates": "nothing"})

    @model_validator(mode="after")
    def _check_metrics(self) -> Self:
        unknown = sorted(self.limits.keys() - set(FAIRNESS_METRICS))
        if unknown:
            raise make_value_error(f"limits of {', '.join(unknown)}", f"figures among {', '.join(FAIRNESS_METRICS)}")
        return self


class WaiverRules(Params):
    """Rules of waivers. longest: the days that one may last, from the day on which the pipeline reads it."""

    longest: int = Field(default=365, ge=1)


class Fairness(Params):
    """The block `fairness`: the chosen policy among several, the rules, and those of waivers."""

    policy: str
    report_level: float = Field(gt=0.5, lt=1)
    rules: VerdictRules
    waivers: WaiverRules = WaiverRules()
    policies: dict[str, FairnessPolicy]

    @model_validator(mode="after")
    def _check_policy(self) -> Self:
        if self.policy not in self.policies:
            raise make_value_error(f"the policy {self.policy}", f"one of {', '.join(self.policies)}")
        return self

    @property
    def chosen_policy(self) -> FairnessPolicy:
        """The policy that decides."""
        return self.policies[self.policy]

    def switch_policy(self, name: str) -> "Fairness":
        """Choose another policy of the block. Raises CreditError for an unknown name."""
        if name not in self.policies:
            raise CreditError(Problem("policy", name, f"one of {', '.join(self.policies)}"))
        return self.model_copy(update={"policy": name})

"""The rule of a contract: the threshold on one value that decides where no model does."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from credit.common.errors import Problem
from credit.contract.columns import Column
from credit.contract.frozen_model import FrozenModel

RULE_COLUMN = "rule"
"""The name of the column that holds the value of an SQL expression of the rule."""

ApprovedSide = Literal["at_least", "at_most"]


class Rule(FrozenModel):
    """A threshold on a value, and the side of it that passes; a value on the threshold passes.

    `sql`: a feature, or an expression over columns as those of derived columns. `reason` is what an applicant is told
    who does not pass, `reason_if_missing` who has no such value; the default is that of the feature that `sql` is.
    """

    sql: Annotated[str, Field(min_length=1)]
    threshold: Annotated[float, Field(allow_inf_nan=False)]
    approve: ApprovedSide
    reason: str | None = None
    reason_if_missing: str | None = None

    @property
    def direction(self) -> Literal[-1, 1]:
        """The sign of the effect of a higher value: 1 where the rule approves from the threshold on."""
        return 1 if self.approve == "at_least" else -1

    def __str__(self) -> str:
        return f"{self.sql} {self.approve.replace('_', ' ')} {self.threshold:.12g}"


def find_named_column(sql: str, columns: Mapping[str, Column]) -> str | None:
    """Find the feature, or score, that an expression consists of; None where it is more than a name."""
    plain = sql.strip()
    names = {plain.casefold(), re.sub(r'^"(.*)"$', r"\1", plain).replace('""', '"').casefold()}
    seen = (name for name, column in columns.items() if column.role in ("feature", "score"))
    return next((name for name in seen if name.casefold() in names), None)


def make_rule_column(rule: Rule) -> Column:
    """Describe the derived column that holds the value of the rule's expression; no model sees it."""
    return Column(
        type="number",
        role="ignored",
        because="Only the rule reads it",
        description=f"What the rule decides by: {rule.sql}",
        missing="allowed",
        sql=rule.sql,
        reason=rule.reason,
        reason_if_missing=rule.reason_if_missing,
    )


def read_score_column(name: str, column: Column) -> Rule:
    """Read the rule that a column of role score is: approve from its threshold on."""
    return Rule(sql=name, threshold=column.threshold or 0.0, approve="at_least")


def describe_missing_rule(file: str) -> Problem:
    """Describe what a contract lacks that has nothing to decide by where there is no model."""
    fix = "the rule decides where no model does: say `rule:` with sql, threshold, approve and reason"
    return Problem(f"{file}: rule", "no column of role score and no rule", "one of them", fix)

"""Columns of a contract, and the fields that each role needs and forbids."""

import math
import re
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, model_validator

from credit.common.invalid_values import make_value_error
from credit.contract.levels import OTHER_GROUP, UNDISCLOSED, ColumnDirection, Scalar
from credit.contract.text_format import TextFormat

ColumnRole = Literal["feature", "score", "label", "protected", "id", "group", "time", "source", "ignored"]

_PLAIN_NUMBER = r"[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?"

_ROLE_KEYS: dict[ColumnRole, tuple[str, str]] = {
    "ignored": ("because", "why the model may not see it"),
    "label": ("favourable", "the value that is good for the applicant"),
    "protected": ("reference", "the group that the others are compared with"),
    "score": ("threshold", "the score from which the rule lets an applicant pass"),
}
"""The key that a column of a role needs and that no other may have, and what it says."""


def _reject_role_list(value: Any) -> Any:
    if isinstance(value, list):
        raise make_value_error(f"the roles {value}", "one role", "a protected column is never a feature")
    return value


class Column(ColumnDirection):
    """One column: its values, its purpose, and the reason that an applicant is given when it counts against them.

    `allowed` and `range` (lowest, highest; null is open) bound the values; `missing_codes` are values of the raw
    file that mean "not known"; `missing` says whether a row without a value is accepted. `format` says how the file
    writes a number or a date. `known_at_decision`: a person vouches that a feature which guesses the label nearly
    always is known when a decision is made; without that it is taken for a leak. Role `group`: rows of one value
    belong together, all applications of a person for example, and are never on two sides of a split or of a fold.
    Role `source`: only the `sql` of other columns reads it, so it may be a text or a date; `example` is a made-up text
    of which these can be computed.
    """

    role: Annotated[ColumnRole, BeforeValidator(_reject_role_list)]
    description: str
    format: TextFormat | None = None
    range: tuple[float | None, float | None] | None = None
    missing_codes: tuple[int | float | str, ...] = ()
    sql: str | None = None
    because: str | None = None
    favourable: Scalar | None = None
    reference: str | None = None
    threshold: float | None = None
    known_at_decision: bool = False
    example: str | None = None

    @property
    def may_be_shown(self) -> bool:
        """Tell whether one row's value may stand in a report: it names nobody, and tells nobody's group."""
        return self.role in ("feature", "score", "label") and self.type not in ("text", "date", "timestamp")

    def find_group(self, value: Any) -> str:
        """Find the group of a logged value of a protected attribute: `other` where the contract does not list it."""
        level = None if str(value) in map(str, self.missing_codes) else self.fold_level(value)
        if level is None:
            return UNDISCLOSED
        return level if level in (self.allowed or ()) else OTHER_GROUP

    def complete_format(self, default: TextFormat) -> Self:
        """Take from the format of the file what this column does not say; a derived column is in no file."""
        own = self.format or TextFormat()
        if self.type in ("integer", "number"):
            own = own.complete_numbers(default)
        elif self.type in ("date", "timestamp") and not own.date:
            own = TextFormat(date=default.date)
        is_said = own != TextFormat() and self.sql is None
        return self.model_copy(update={"format": own}) if is_said else self

    @model_validator(mode="after")
    def _check_consistency(self) -> Self:
        """Check the column's allowed values, then the fields that its role needs; the first contradiction is raised."""
        self._check_role_keys()
        self._check_allowed()
        self._check_file_keys()
        self._check_codes()
        self._check_format()
        self._check_range()
        self._check_role_type()
        self._check_role_values()
        return self

    def _check_role_keys(self) -> None:
        own, meaning = _ROLE_KEYS.get(self.role, (None, ""))
        if own and getattr(self, own) is None:
            raise make_value_error(f"role {self.role} without `{own}`", f"`{own}`: {meaning}")
        for role, (key, _) in _ROLE_KEYS.items():
            if role != self.role and getattr(self, key) is not None:
                raise make_value_error(f"`{key}` on a column of role {self.role}", f"`{key}` only on role {role}")
        for key in ("known_at_decision", "more_is", "about"):
            if getattr(self, key) and self.role not in ("feature", "score"):
                found = f"`{key}` on a column of role {self.role}"
                raise make_value_error(found, f"`{key}` only on role feature or score")

    def _check_allowed(self) -> None:
        if self.type == "category" and not self.allowed:
            raise make_value_error("a category without `allowed`", "the list of its values")
        if self.allowed is None:
            return
        if not self.allowed:
            raise make_value_error("`allowed` without a value", "the list of values, or no `allowed`")
        if self.type == "category" and not all(isinstance(value, str) for value in self.allowed):
            raise make_value_error(f"category values {list(self.allowed)}", "text", "put them in quotes")
        if self.type in ("number", "date", "timestamp"):
            raise make_value_error(f"`allowed` on type {self.type}", "`range`, or type category")
        if len(set(map(str, self.allowed))) < len(self.allowed):
            raise make_value_error(f"a duplicate in {list(self.allowed)}", "each value once")
        for value in self.allowed:
            self._check_value("allowed", value)

    def _check_file_keys(self) -> None:
        """Check what says how a column of the file is read: a derived one is in no file, and a label is not folded."""
        key = "role source" if self.role == "source" else "`format`" if self.format else "`fold` or `new_levels`"
        if self.sql is not None and (self.role == "source" or self.format or self.has_folds):
            raise make_value_error(f"{key} on a column with `sql`", "it on a column of the file", "say it in the `sql`")
        if self.example is not None and (self.role, self.type) != ("source", "text"):
            raise make_value_error(f"`example` on role {self.role}, type {self.type}", "it on a source of type text")
        if self.has_folds and self.role in ("label", "id", "group", "time"):
            found = f"`fold` or `new_levels` on a column of role {self.role}"
            raise make_value_error(found, "it on a feature, a protected column or a source")
        if self.new_levels == UNDISCLOSED and (self.role, self.missing) != ("protected", "allowed"):
            found = f"new_levels {UNDISCLOSED!r} on role {self.role}, `missing` {self.missing}"
            raise make_value_error(found, "it on a protected column with `missing: allowed`")
        codes = set(map(str, self.missing_codes))
        for key, levels in (("fold", self.folded.keys()), ("allowed", set(map(str, self.allowed or ())))):
            if coded := sorted(levels & codes):
                raise make_value_error(f"{coded} in both `{key}` and `missing_codes`", "each level once")

    def _check_codes(self) -> None:
        """Check codes for missing: of '99' in quotes a column of numbers would know only one way to write it."""
        if endless := [code for code in self.missing_codes if not isinstance(code, str) and not math.isfinite(code)]:
            raise make_value_error(f"missing_codes {endless[0]}", "a number, or a text in quotes")
        if self.type not in ("boolean", "integer", "number"):
            return
        for code in self.missing_codes:
            if isinstance(code, str) and re.fullmatch(_PLAIN_NUMBER, code.strip()):
                fix = "or of type category or text, if the column is none of numbers"
                raise make_value_error(f"missing_codes {code!r} on type {self.type}", "it without quotes", fix)

    def _check_format(self) -> None:
        if self.format is None:
            return
        numbers, dates = ("integer", "number"), ("date", "timestamp")
        for kinds, said, key in (
            (numbers, self.format.is_of_numbers, "decimal, thousands, unit or negative"),
            (dates, self.format.date is not None, "date"),
        ):
            if said and self.type not in kinds:
                raise make_value_error(f"a format of {key} on type {self.type}", f"it on {' or '.join(kinds)} only")

    def _check_range(self) -> None:
        if self.range is None:
            return
        if self.type not in ("integer", "number"):
            raise make_value_error(f"`range` on type {self.type}", "`range` only on integer or number")
        ends = [end for end in self.range if end is not None]
        if ends != sorted(ends) or any(map(math.isnan, ends)):
            raise make_value_error(f"`range` {list(self.range)}", "[lowest, highest]")

    def _check_role_type(self) -> None:
        """Check that the type suits the role: people are grouped, a model and a rule calculate."""
        if self.role == "protected" and self.type != "category":
            raise make_value_error(
                f"a protected column of type {self.type}", "type category", "derive the groups with `sql`"
            )
        if self.role in ("score", "feature") and self.type not in ("boolean", "integer", "number", "category"):
            raise make_value_error(f"a {self.role} of type {self.type}", "boolean, integer, number or category")
        if self.role == "group" and self.type not in ("integer", "category", "text"):
            raise make_value_error(f"a group of type {self.type}", "integer, category or text")
        if self.role == "score" and self.type == "category":
            raise make_value_error("a score of type category", "boolean, integer or number")

    def _check_role_values(self) -> None:
        """Check that the values that a role names, `favourable` and `reference`, are among those of the column."""
        if self.favourable is not None:
            self._check_value("favourable", self.favourable)
        for key, value in (("favourable", self.favourable), ("reference", self.reference)):
            if value is not None and self.allowed and value not in self.allowed:
                raise make_value_error(f"{key} {value!r}", f"one of {list(self.allowed)}")
        if self.role == "protected" and UNDISCLOSED in (self.allowed or ()):
            fix = "missing values make that group"
            raise make_value_error(f"the group {UNDISCLOSED!r}", "no group of this name", fix)

    def _check_value(self, key: str, value: Scalar) -> None:
        if not self._is_of_type(value):
            raise make_value_error(
                f"{key} {value!r}", f"a value of type {self.type}", "a comparison with it is never true"
            )

    def _is_of_type(self, value: Scalar) -> bool:
        if self.type == "boolean":
            return isinstance(value, bool)
        if self.type in ("integer", "number"):
            return not isinstance(value, bool | str) and (self.type == "number" or isinstance(value, int))
        return isinstance(value, str)


class Family(Column):
    """Columns alike in everything but their name, described once. Matches any number of columns, none included."""

    role: Annotated[Literal["feature", "ignored"], BeforeValidator(_reject_role_list)]
    pattern: str

    @model_validator(mode="after")
    def _reject_sql(self) -> Self:
        if self.sql is not None:
            raise make_value_error("`sql` on a family", "`sql` only on a single column")
        return self

    def describe_member(self) -> Column:
        """Describe one member of the family as a column."""
        return Column(**self.model_dump(exclude={"pattern"}))

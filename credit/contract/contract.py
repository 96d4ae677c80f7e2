"""The contract: a dataset's columns, who may see which, and the rule that decides where no model does."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import Field, field_validator

from credit.common.errors import Problem, raise_if_any
from credit.common.invalid_values import make_value_error
from credit.contract.columns import Column, ColumnRole, Family
from credit.contract.frozen_model import FrozenModel
from credit.contract.rule import RULE_COLUMN, Rule, find_named_column, make_rule_column, read_score_column
from credit.contract.sql_names import extract_sql_names
from credit.contract.text_format import TextFormat

CONTRACT_FORMAT = 1
"""The newest layout. Raised when older code could no longer read a contract; this code reads all before it."""


class DataSource(FrozenModel):
    """Where the data comes from, under which licence, and how to cite it."""

    title: str
    licence: str
    citation: str
    notes: str = ""


class Contract(FrozenModel):
    """A dataset's description. `columns` keeps the order of the file; derived columns have `sql`.

    `rule` is None where the file has neither the block nor a column of role score. `format` is that of the columns
    that have none. `language`: of its reasons, as in Accept-Language. `file`: where a contract without its words was
    made of, for messages. `contract_format` is the version of this layout; a file that does not say it has the first.
    """

    contract_format: Annotated[int, Field(ge=1, exclude=True)] = 1
    name: str
    file: str = ""
    row: str
    reviewed: str = ""
    language: str = "en"
    source: DataSource
    format: TextFormat | None = None
    columns: dict[str, Column]
    families: dict[str, Family] = Field(default_factory=dict)
    rule: Rule | None = None

    @field_validator("format")
    @classmethod
    def _reject_unit(cls, value: TextFormat | None) -> TextFormat | None:
        if value is not None and value.unit is not None:
            raise make_value_error(f"the unit {value.unit!r} of all columns", "`unit` in the format of a column")
        return value

    @property
    def raw(self) -> dict[str, Column]:
        """The columns that the raw file must have."""
        return {name: column for name, column in self.columns.items() if column.sql is None}

    @property
    def derived(self) -> dict[str, Column]:
        """The columns computed from others by their SQL expression."""
        return {name: column for name, column in self.columns.items() if column.sql is not None}

    @property
    def features(self) -> dict[str, Column]:
        """What a model may see: roles feature and score, never a protected column."""
        return {name: column for name, column in self.columns.items() if column.role in ("feature", "score")}

    @property
    def candidate_columns(self) -> list[str]:
        """What any candidate reads: the features of the models, and the column of the rule."""
        return list(dict.fromkeys([*self.features, *filter(None, [self.rule_column])]))

    @property
    def inputs(self) -> dict[str, Column]:
        """The columns of the file that any version's application may have: features, and sources of no other."""
        hidden = {
            name
            for column in self.derived.values()
            if column.role in ("protected", "label")
            for name in extract_sql_names(column.sql or "")
        }
        return {
            name: column
            for name, column in self.raw.items()
            if column.role in ("feature", "score") or (column.role == "source" and name.casefold() not in hidden)
        }

    @property
    def group(self) -> str | None:
        """The column whose equal values mark rows that belong together, as of one person; None where there is none."""
        return next(iter(self.find_by_role("group")), None)

    @property
    def protected(self) -> dict[str, Column]:
        """The attributes by which equal treatment is judged."""
        return self.find_by_role("protected")

    @property
    def label(self) -> str:
        """The name of the label column."""
        return next(iter(self.find_by_role("label")))

    @property
    def rule_column(self) -> str | None:
        """The column that the rule decides by: a feature, or the derived one that holds the rule's expression."""
        return None if self.rule is None else find_named_column(self.rule.sql, self.columns) or RULE_COLUMN

    def find_by_role(self, role: ColumnRole) -> dict[str, Column]:
        """Find the columns of one role."""
        return {name: column for name, column in self.columns.items() if column.role == role}

    def is_rule_expression(self, name: str) -> bool:
        """Tell whether a column is none of the file's but the value of the rule's expression."""
        return name == self.rule_column and self.columns[name].role == "ignored"

    def complete_rule(self) -> "Contract":
        """Take the column of role score for the rule where there is no block; derive the value of an expression."""
        scores = self.find_by_role("score").items()
        rule = self.rule or next((read_score_column(name, column) for name, column in scores), None)
        is_taken = any(name.casefold() == RULE_COLUMN for name in self.columns)
        if rule is None or is_taken or find_named_column(rule.sql, self.columns) is not None:
            return self.model_copy(update={"rule": rule})
        columns = {**self.columns, RULE_COLUMN: make_rule_column(rule)}
        return self.model_copy(update={"rule": rule, "columns": columns})

    def complete_formats(self) -> "Contract":
        """Give the format of the file to the columns and families of numbers and dates that have none."""
        if self.format is None:
            return self
        columns = {name: one.complete_format(self.format) for name, one in self.columns.items()}
        families = {name: one.complete_format(self.format) for name, one in self.families.items()}
        return self.model_copy(update={"columns": columns, "families": families})

    def give_rule_its_words(self) -> "Contract":
        """Give the column of the rule the reasons that the rule's own block has."""
        if self.rule is None or self.rule_column is None or self.rule.reason is None:
            return self
        words = {"reason": self.rule.reason, "reason_if_missing": self.rule.reason_if_missing}
        column = self.columns[self.rule_column].model_copy(update=words)
        return self.model_copy(update={"columns": {**self.columns, self.rule_column: column}})

    def bind(self, names: Iterable[str], where: str) -> "Contract":
        """Replace each family by its members among `names`, the columns of the file `where`.

        Raises CreditError that lists every missing and every unknown column.
        """
        counts = Counter(iter(names))  # of a dict, Counter would take the values for counts
        families = {name: self._match_families(name) for name in counts if name not in self.columns}
        raise_if_any(self._find_binding_problems(counts, families, where))
        members = {name: self.families[keys[0]].describe_member() for name, keys in families.items()}
        return self.model_copy(update={"columns": {**self.columns, **members}, "families": {}})

    def _match_families(self, name: str) -> list[str]:
        return [key for key, family in self.families.items() if re.fullmatch(family.pattern, name)]

    def _find_binding_problems(
        self, counts: Mapping[str, int], families: Mapping[str, list[str]], where: str
    ) -> list[Problem]:
        """Find missing, unknown, duplicate and ambiguous columns. `families`: those that each new column matches."""
        missing = [
            Problem(f"{where}: {name}", "no such column", fix=f"the contract has one of type {column.type}")
            for name, column in self.raw.items()
            if name not in counts
        ]
        unknown = [
            Problem(f"{where}: {name}", "not in the contract", fix="describe the column there, or remove it here")
            for name, keys in families.items()
            if not keys
        ]
        doubled = [
            Problem(f"{where}: {name}", f"duplicate column, {count} times")
            for name, count in counts.items()
            if count > 1
        ]
        ambiguous = [
            Problem(f"{where}: {name}", f"matches the families {keys}", fix="change a pattern: a column has one family")
            for name, keys in families.items()
            if len(keys) > 1
        ]
        return [*missing, *unknown, *doubled, *ambiguous]

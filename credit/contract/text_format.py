"""How a file writes numbers and dates, where it does not write them as 1234.5 and 2026-01-31."""

import re
from typing import Literal, Self

from pydantic import model_validator

from credit.common.invalid_values import make_value_error
from credit.contract.frozen_model import FrozenModel

_DIRECTIVES = frozenset("aAbBdmyYHIMSfpjz%")
"""Those of strptime that are common."""


class TextFormat(FrozenModel):
    """How texts are read as values: of one column, or as the default of the file.

    `decimal` is the mark before the decimals, `thousands` the one between groups of three digits, `unit` the sign or
    the words beside every number: 13.5% is 13.5. `negative` says how -1 is written, if not so. `date` is a pattern of
    strptime such as `%d/%m/%Y`.
    """

    decimal: str | None = None
    thousands: str | None = None
    unit: str | None = None
    negative: Literal["(1)", "1-", "\N{MINUS SIGN}1"] | None = None
    date: str | None = None

    @property
    def is_of_numbers(self) -> bool:
        """Tell whether anything is said of numbers."""
        return self.has_marks or self.unit is not None or self.negative is not None

    @property
    def has_marks(self) -> bool:
        """Tell whether anything is said of the marks within numbers."""
        return self.decimal is not None or self.thousands is not None

    @property
    def decimal_mark(self) -> str:
        """The mark before the decimals; where the point is that of thousands, the comma."""
        return self.decimal or ("," if self.thousands == "." else ".")

    def __str__(self) -> str:
        """Show how a value is written."""
        if self.date is not None:
            return f"written by the pattern {self.date}"
        number = f"1{self.thousands or ''}234{self.decimal_mark}5"
        unit = (self.unit or "").strip()
        one = f"{unit}{number}" if unit in ("$", "£", "€") else f"{number} {unit}".strip()
        return f"written as {one}" + (f", or {self.negative.replace('1', one)}" if self.negative else "")

    def complete_numbers(self, default: "TextFormat") -> "TextFormat":
        """Take the marks of the file where this says none."""
        marks = self if self.has_marks else default
        negative = self.negative or default.negative
        return TextFormat(decimal=marks.decimal, thousands=marks.thousands, unit=self.unit, negative=negative)

    @model_validator(mode="after")
    def _check_numbers(self) -> Self:
        for key in ("decimal", "thousands"):
            mark = getattr(self, key)
            if mark is not None and (len(mark) != 1 or mark.isalnum() or mark in "+-%_"):
                raise make_value_error(f"{key} {mark!r}", "one mark, such as a comma, a point or a blank")
        if self.thousands == self.decimal_mark:
            raise make_value_error(f"{self.thousands!r} for both thousands and decimals", "two marks")
        if self.unit is not None and (not self.unit.strip() or re.search(r"[\d+-]", self.unit)):
            raise make_value_error(f"the unit {self.unit!r}", "the sign or the words beside each number")
        return self

    @model_validator(mode="after")
    def _check_date(self) -> Self:
        if self.date is None:
            return self
        given = set(re.findall(r"%-?(.?)", self.date))
        if unknown := sorted(given - _DIRECTIVES):
            raise make_value_error(f"%{unknown[0]} in {self.date!r}", "a pattern of strptime such as %d/%m/%Y")
        if not (given & {"y", "Y"} and given & {"m", "b", "B", "j"}):
            raise make_value_error(f"the pattern {self.date!r}", "one with year and month, such as %d/%m/%Y")
        return self

"""The columns of a contract as types for pydantic, which check the fields of a request."""

import functools
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from credit.contract.columns import Column
from credit.contract.levels import OTHER_GROUP, Scalar
from credit.scoring.row_encoder import MAX_FLOAT32

_NUMBER_TYPES: dict[str, Any] = {"integer": StrictInt, "number": StrictFloat}
_TYPE_WORDS = {"integer": "a whole number", "category": "a text", "date": "a date such as 2026-01-31"}
_MAX_INTEGER = 2**63 - 1


def build_field_type(column: Column) -> Any:
    """Turn a column into a type for pydantic, which makes its JSON schema too."""
    kind: Any
    if column.type == "boolean":
        kind = StrictBool
    elif column.allowed is not None:
        kind = _build_level_type(column)
    elif column.type not in _NUMBER_TYPES:
        kind = Annotated[StrictStr, AfterValidator(_DATE_CHECKS.get(column.type, str))]
    else:
        low, high = column.range or (None, None)
        largest = _MAX_INTEGER if column.type == "integer" else MAX_FLOAT32
        bounds = Field(ge=-largest if low is None else low, le=largest if high is None else high)
        kind = Annotated[_NUMBER_TYPES[column.type], bounds]
    if column.type == "integer":
        kind = Annotated[kind, BeforeValidator(_convert_whole_float)]
    return _add_description(kind | None if column.missing == "allowed" else kind, column)


MAX_PROTECTED_CHARACTERS = 200
PROTECTED_VALUES = (
    f"a text of at most {MAX_PROTECTED_CHARACTERS} characters, a number, true, false, or null if it is not known"
)


def build_protected_type(column: Column) -> Any:
    """Turn a protected attribute into a type for pydantic: any value, for what is not listed counts as `other`.

    To refuse people by a word of their own would be worse than to count them together.
    """
    text = Annotated[StrictStr, Field(max_length=MAX_PROTECTED_CHARACTERS)]
    groups = ", ".join(map(str, column.allowed or ()))
    described = f"{column.description}: {groups}; any other value counts as {OTHER_GROUP}"
    return Annotated[StrictBool | StrictInt | StrictFloat | text | None, Field(description=described)]


def _build_level_type(column: Column) -> Any:
    """Build the type of a named value: an allowed one, or one that is folded into such; any, where new ones are."""
    if column.new_levels is not None:
        return Annotated[StrictStr, AfterValidator(functools.partial(_reject_code, column.missing_codes))]
    return Literal[(*(column.allowed or ()), *column.folded)]


def describe_values(column: Column) -> str:
    """Describe the values that a column accepts."""
    if column.type == "boolean":
        text = "true or false"
    elif column.allowed is not None:
        text = f"one of {', '.join(map(str, [*column.allowed, *column.folded]))}"
        text += f", or any other text, which counts as {column.new_levels}" if column.new_levels is not None else ""
    else:
        low, high = column.range or (None, None)
        text = _TYPE_WORDS.get(column.type, f"a {column.type}")
        text += f" of at least {low:g}" if low is not None else ""
        text += " and" if low is not None and high is not None else ""
        text += f" of at most {high:g}" if high is not None else ""
    return f"{text}, or null if it is not known" if column.missing == "allowed" else text


def _reject_code(codes: tuple[Scalar, ...], level: str) -> str:
    """Reject a code for missing: where any text is taken, it would count as a level."""
    if level in map(str, codes):
        raise ValueError(level)
    return level


def _check_date(value: str) -> str:
    date.fromisoformat(value)
    return value


def _check_timestamp(value: str) -> str:
    datetime.fromisoformat(value)
    return value


_DATE_CHECKS = {"date": _check_date, "timestamp": _check_timestamp}
"""Checks of columns that only derived ones are made of; the database that computes those reads them."""


def _convert_whole_float(value: Any) -> Any:
    """Convert 3.0 to 3: it is a whole number in JSON, as it is in a table."""
    return int(value) if type(value) is float and value.is_integer() else value


def _add_description(kind: Any, column: Column) -> Any:
    text = column.description
    if column.new_levels is not None:
        text += f": {describe_values(column)}"
    elif column.format is not None and column.format.unit is not None:
        text += f", in {column.format.unit.strip()}"  # 13.5 where the file has 13.5%
    return Annotated[kind, Field(description=text)]

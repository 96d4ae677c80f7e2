"""Encoder of applications given as plain dicts: the design matrix as design_matrix builds it, without pandas."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit.common.errors import Problem, raise_if_any
from credit.contract import Contract
from credit.contract.columns import Column
from credit.scoring.design_matrix import locate_features

ApplicationRow = Mapping[str, Any]
"""The typed values of one application by column name; None is a value that is missing."""

_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "category": (str,),
}
MAX_FLOAT32 = float(np.finfo(np.float32).max)
"""The largest number that a model computes with."""

_ABSENT = object()
_MAX_EXACT_INTEGER = 2**53  # whole numbers up to here are exact as floating point


class RowEncoder:
    """Encodes rows of one contract and one choice of features; made once, because every decision goes through it.

    The usual value of a column takes the short way, `_make_fast_encoder`; whatever else it may be is looked at closely.
    """

    def __init__(self, contract: Contract, features: Sequence[str]) -> None:
        self._contract, self._features = contract, tuple(features)
        self._quick = [(name, _make_fast_encoder(contract.columns[name])) for name in features]
        self._groups = locate_features(contract, features)
        self._width = max((group.stop for group in self._groups.values()), default=0)

    def __call__(self, rows: Sequence[ApplicationRow]) -> NDArray[np.float32]:
        """Encode rows; shape (rows, design columns). Columns that are not features are ignored.

        Raises CreditError with every value that the contract does not allow.
        """
        listed = [self._encode_usual(row) for row in rows]
        if not all(listed):
            return self._encode_checked(rows)
        return np.array(listed, np.float32).reshape(len(rows), self._width)

    def _encode_usual(self, row: ApplicationRow) -> list[float]:
        """Encode one row when every value is a usual one; empty if not."""
        numbers: list[float] = []
        for name, quick in self._quick:
            cells = quick(row.get(name, _ABSENT))
            if cells is None:
                return []
            numbers += cells
        return numbers

    def _encode_checked(self, rows: Sequence[ApplicationRow]) -> NDArray[np.float32]:
        where = [f"row {i}: " if len(rows) > 1 else "" for i in range(len(rows))]
        raise_if_any(
            [
                problem
                for i, row in enumerate(rows)
                for name in self._features
                for problem in _find_problems(self._contract, name, row, where[i])
            ]
        )
        matrix = np.empty((len(rows), self._width), np.float32)
        for name, group in self._groups.items():
            column = self._contract.columns[name]
            for i, row in enumerate(rows):
                matrix[i, group] = _encode_value(column, row[name])
        return matrix


def encode_rows(contract: Contract, features: Sequence[str], rows: Sequence[ApplicationRow]) -> NDArray[np.float32]:
    """Encode rows as the design matrix; see RowEncoder."""
    return RowEncoder(contract, features)(rows)


def is_missing(value: Any) -> bool:
    """Tell whether a value is None, or the NaN by which a table says None."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def _make_fast_encoder(column: Column) -> Callable[[Any], tuple[float, ...] | None]:
    """Make the function that encodes a column's usual value; it returns None for any other, allowed or not."""
    optional, kind = column.missing == "allowed", _PYTHON_TYPES[column.type][-1]
    present: tuple[float, ...] = (0.0,) if optional else ()
    absent = tuple(map(float, _encode_value(column, None))) if optional else None
    if column.type in ("category", "boolean") or column.allowed is not None:
        known: dict[Any, tuple[float, ...] | None] = {None: absent}
        known |= {value: tuple(map(float, _encode_value(column, value))) for value in column.allowed or (False, True)}
        kinds = (kind, type(None))
        return lambda value: known.get(value) if type(value) in kinds else None
    low, high = column.range or (None, None)
    least, most = (-MAX_FLOAT32 if low is None else low), (MAX_FLOAT32 if high is None else high)
    number: Any = kind
    if number is int:
        least, most = max(least, -_MAX_EXACT_INTEGER), min(most, _MAX_EXACT_INTEGER)

    def encode_number(value: Any) -> tuple[float, ...] | None:
        if type(value) is number and least <= value <= most:
            return (value, *present)
        return absent if value is None else None

    return encode_number


def _encode_value(column: Column, value: Any) -> list[np.float32]:
    missing = is_missing(value)
    if column.type == "category":
        numbers = [np.float32(value == allowed) for allowed in column.allowed or ()]
    elif column.type == "integer" and not missing:
        numbers = [np.float32(np.int64(value))]  # not by way of a float, which would round twice
    else:
        numbers = [np.float32(np.nan if missing else value)]
    return [*numbers, np.float32(missing)] if column.missing == "allowed" else numbers


def _find_problems(contract: Contract, name: str, row: ApplicationRow, where: str) -> list[Problem]:
    """Find each rule of the contract that a value breaks."""
    column, place = contract.columns[name], f"{where}{name}"
    if name not in row:
        return [Problem(place, "nothing", f"a value of type {column.type}, or null if it is not known")]
    value = row[name]
    if is_missing(value):
        return [] if column.missing == "allowed" else [Problem(place, "null", f"a value of type {column.type}")]
    found = repr(value)[:80]
    kinds = _PYTHON_TYPES[column.type]
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        return [Problem(place, found, f"a value of type {column.type}")]
    if column.allowed is not None and value not in column.allowed:
        return [Problem(place, found, f"one of {list(column.allowed)}")]
    if not isinstance(value, int | float) or isinstance(value, bool):
        return []
    low, high = column.range or (None, None)
    if (low is not None and value < low) or (high is not None and value > high):
        return [Problem(place, found, f"from {low} to {high}")]
    if abs(value) > (2**63 - 1 if column.type == "integer" else MAX_FLOAT32):
        return [Problem(place, found, "a number that can be computed with")]
    return []

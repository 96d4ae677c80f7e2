"""One application as a plain dict to the numbers a model sees: what design_matrix does, without pandas."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit.columns import Column
from credit.contract import Contract
from credit.design_matrix import places
from credit.errors import Problem, raise_if_any

Row = Mapping[str, Any]
"""The typed values of one application by column name; None is a value that is missing."""

_TYPES: dict[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "category": (str,),
}
LARGEST = float(np.finfo(np.float32).max)
"""The largest number that a model computes with."""


def encode(contract: Contract, features: Sequence[str], rows: Sequence[Row]) -> NDArray[np.float32]:
    """The design matrix of the rows; shape (rows, design columns). Columns that are not features are not looked at.

    Raises CreditError with every value that the contract does not allow.
    """
    where = [f"row {i}: " if len(rows) > 1 else "" for i in range(len(rows))]
    raise_if_any(
        [p for i, row in enumerate(rows) for name in features for p in _problems(contract, name, row, where[i])]
    )
    groups = places(contract, features)
    matrix = np.empty((len(rows), max((group.stop for group in groups.values()), default=0)), np.float32)
    for name, group in groups.items():
        column = contract.columns[name]
        for i, row in enumerate(rows):
            matrix[i, group] = _numbers(column, row[name])
    return matrix


def is_missing(value: Any) -> bool:
    """None, and the NaN by which a table says None."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def _numbers(column: Column, value: Any) -> list[np.float32]:
    missing = is_missing(value)
    if column.type == "category":
        numbers = [np.float32(value == allowed) for allowed in column.allowed or ()]
    elif column.type == "integer" and not missing:
        numbers = [np.float32(np.int64(value))]  # not by way of a float, which would round twice
    else:
        numbers = [np.float32(np.nan if missing else value)]
    return [*numbers, np.float32(missing)] if column.missing == "allowed" else numbers


def _problems(contract: Contract, name: str, row: Row, where: str) -> list[Problem]:
    """What the contract has against one value."""
    column, place = contract.columns[name], f"{where}{name}"
    if name not in row:
        return [Problem(place, "nothing", f"a value of type {column.type}, or null if it is not known")]
    value = row[name]
    if is_missing(value):
        return [] if column.missing == "allowed" else [Problem(place, "null", f"a value of type {column.type}")]
    found = repr(value)[:80]
    kinds = _TYPES[column.type]
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        return [Problem(place, found, f"a value of type {column.type}")]
    if column.allowed is not None and value not in column.allowed:
        return [Problem(place, found, f"one of {list(column.allowed)}")]
    if not isinstance(value, int | float) or isinstance(value, bool):
        return []
    low, high = column.range or (None, None)
    if (low is not None and value < low) or (high is not None and value > high):
        return [Problem(place, found, f"from {low} to {high}")]
    if abs(value) > (2**63 - 1 if column.type == "integer" else LARGEST):
        return [Problem(place, found, "a number that can be computed with")]
    return []

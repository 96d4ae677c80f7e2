"""The design matrix: typed columns as float32, without fitting, the same in training and in the service."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from credit.contract import Contract
from credit.contract.columns import Column

if TYPE_CHECKING:
    import pandas as pd

MISSING_SUFFIX = " is missing"


def expand_feature(feature: str, column: Column) -> list[str]:
    """Expand one feature into its design columns; they are adjacent and change together."""
    names = [f"{feature}={value}" for value in column.allowed or ()] if column.type == "category" else [feature]
    return [*names, feature + MISSING_SUFFIX] if column.missing == "allowed" else names


def list_design_columns(contract: Contract, features: Iterable[str]) -> list[str]:
    """List the names of the design columns: the feature, `feature=value` per category, `feature is missing`."""
    return [name for feature in features for name in expand_feature(feature, contract.columns[feature])]


def locate_features(contract: Contract, features: Iterable[str]) -> dict[str, slice]:
    """Locate each feature's design columns."""
    found, start = {}, 0
    for feature in features:
        end = start + len(expand_feature(feature, contract.columns[feature]))
        found[feature] = slice(start, end)
        start = end
    return found


def list_directions(contract: Contract, features: Iterable[str]) -> tuple[int, ...]:
    """List what more of each design column is expected to do to the score: 1 better, -1 worse, 0 nothing is expected.

    Empty where nothing is expected of any feature. Of a category in order its last level has the direction and its
    first the opposite one: whatever is between is neither. That a value is missing has none.
    """
    signs = [sign for feature in features for sign in _expand_direction(contract.columns[feature])]
    return tuple(signs) if any(signs) else ()


def _expand_direction(column: Column) -> list[int]:
    own: list[int] = [column.direction]
    if column.type == "category":
        levels = len(column.allowed or ())
        own = [-column.direction, *[0] * (levels - 2), column.direction] if levels > 1 else [0] * levels
    return [*own, 0] if column.missing == "allowed" else own


def build_design_matrix(contract: Contract, features: Sequence[str], frame: "pd.DataFrame") -> "pd.DataFrame":
    """Build the design matrix of a frame of typed columns; shape (rows, len(design_columns)), dtype float32.

    A missing number stays NaN, for the model to impute; a missing category is 0 in each of its columns; where the
    contract allows missing values one more column says whether the value is missing. float32 because that is what
    ONNX computes in: a forest trained on float64 decides differently near its cuts.
    """
    import pandas as pd  # not needed by the service, which has rows and no frames

    columns: dict[str, np.ndarray] = {}
    for feature in features:
        column = contract.columns[feature]
        values = frame[feature]
        if column.type == "category":
            columns |= {f"{feature}={v}": values.eq(v).fillna(False).to_numpy(np.float32) for v in column.allowed or ()}
        else:
            columns[feature] = values.to_numpy(np.float32, na_value=np.nan)
        if column.missing == "allowed":
            columns[feature + MISSING_SUFFIX] = values.isna().to_numpy(np.float32)
    return pd.DataFrame(columns, index=frame.index, columns=list_design_columns(contract, features), dtype=np.float32)

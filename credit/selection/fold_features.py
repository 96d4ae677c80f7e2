"""Selection of features inside folds: on the rows outside a fold, so that none of its rows chooses them."""

from functools import partial
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from credit.common.errors import CreditError, Problem
from credit.common.params import Params
from credit.contract import Contract
from credit.data.tables import is_favourable
from credit.engine.mapping import map_partitions
from credit.selection.selection import SelectFeaturesParams, select_features

MIN_CLASS_ROWS = 2
"""Rows of each class of the label that a fold and its rest must have."""


class PredictParams(Params):
    """The block `predict`."""

    out_of_fold: Literal["until_power", "always", "never"]
    out_of_fold_up_to: int = Field(ge=0)
    folds: int = Field(ge=2)
    salt: str


class SelectInFoldsParams(Params):
    """The block `select_in_folds`.

    partitions: how many there are, that of `predict` among them; up_to: rows of a table that is divided further.
    """

    partitions: int = Field(ge=1)
    up_to: int = Field(ge=0)


def select_in_folds(
    contract: Contract, params: SelectFeaturesParams, frame: pd.DataFrame, codes: NDArray[np.int64]
) -> list[list[str]]:
    """Select features on each fold's other rows. `codes`: the fold of each row of the frame, shape (n,).

    Raises CreditError when a fold lacks rows of a class.
    """
    _check_class_counts(is_favourable(contract, frame), codes)
    work = partial(_select_in_fold, contract, params, frame, codes)
    return list(map_partitions(work, range(int(codes.max()) + 1), "select_in_folds", "fold"))


def _select_in_fold(
    contract: Contract, params: SelectFeaturesParams, frame: pd.DataFrame, codes: NDArray[np.int64], fold: int
) -> list[str]:
    return select_features(contract, params, frame[codes != fold].__getitem__).kept


def _check_class_counts(y: NDArray[np.bool_], codes: NDArray[np.int64]) -> None:
    smallest = min(int((y[codes == fold] == label).sum()) for fold in range(int(codes.max()) + 1) for label in (0, 1))
    if smallest < MIN_CLASS_ROWS:
        where = "params.yaml: predict.folds"
        found = f"a fold with {smallest} rows of the rarer class"
        raise CreditError(Problem(where, found, f"at least {MIN_CLASS_ROWS}", "use fewer folds"))

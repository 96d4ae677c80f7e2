"""Rows that belong together, as all applications of one person: no fold of a cross-validation divides them."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit.common.errors import Problem, raise_if_any
from credit.contract import Contract


def list_row_group_columns(contract: Contract) -> list[str]:
    """List the column of role group, or nothing."""
    return [contract.group] if contract.group else []


def encode_row_groups(contract: Contract, frame: pd.DataFrame) -> NDArray[np.int64] | None:
    """Encode which rows of a frame belong together: equal numbers, shape (n,); None where the contract has no group."""
    return None if contract.group is None else pd.factorize(frame[contract.group])[0].astype(np.int64)


def find_fold_problems(groups: int, folds: int, where: str) -> list[Problem]:
    """Find out whether there are fewer groups of rows than the folds that `where` says."""
    if groups >= folds:
        return []
    fix = "is the role group meant for that column?"
    return [Problem(where, f"{groups} groups of rows that belong together", f"at least {folds}, one per fold", fix)]


def make_splitter(folds: int, seed: int, row_groups: NDArray[np.int64] | None, where: str) -> Any:
    """Make scikit-learn's splitter into folds with equal shares of each class, which divides no group of rows.

    `where` says how many folds. Raises CreditError where there are fewer groups.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    raise_if_any([] if row_groups is None else find_fold_problems(len(np.unique(row_groups)), folds, where))
    return (StratifiedKFold if row_groups is None else StratifiedGroupKFold)(folds, shuffle=True, random_state=seed)

"""Protected attributes as groups of people. Nobody is left out: not known is a group of its own."""

import pandas as pd

from credit.contract.columns import UNDISCLOSED
from credit.contract.contract import Contract


def list_groups(contract: Contract, attribute: str) -> list[str]:
    """The names of an attribute's groups, the reference group first, `undisclosed` last."""
    column = contract.columns[attribute]
    names = [str(value) for value in column.allowed or ()]
    reference = str(column.reference)
    return [reference, *(name for name in names if name != reference), UNDISCLOSED]


def assign_groups(contract: Contract, attribute: str, values: pd.Series) -> pd.Categorical:
    """Each person's group, with the categories of `list_groups`; shape (n,). Missing values become `undisclosed`."""
    return pd.Categorical(values.fillna(UNDISCLOSED), categories=list_groups(contract, attribute))

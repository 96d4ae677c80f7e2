"""Protected attributes as groups of people. Nobody is left out: `undisclosed` is a group too."""

from typing import TYPE_CHECKING

from credit.contract.contract import Contract
from credit.contract.levels import UNDISCLOSED
from credit.reports.figures import GroupLabels

if TYPE_CHECKING:
    import pandas as pd


def list_groups(contract: Contract, attribute: str) -> list[str]:
    """List the names of an attribute's groups, the reference group first, `undisclosed` last."""
    column = contract.columns[attribute]
    names = [str(value) for value in column.allowed or ()]
    reference = str(column.reference)
    return [reference, *(name for name in names if name != reference), UNDISCLOSED]


def assign_groups(contract: Contract, attribute: str, values: "pd.Series") -> "pd.Categorical":
    """Assign each person to a group; shape (n,), categories of `list_groups`. Missing values are `undisclosed`."""
    import pandas as pd  # the report names groups without loading it

    return pd.Categorical(values.fillna(UNDISCLOSED), categories=list_groups(contract, attribute))


def list_group_labels(contract: Contract) -> GroupLabels:
    """List what people read in place of a group's code, by attribute and code; empty where no level has a label."""
    labels = {
        name: {code: column.name_value(code) for code, _ in column.labels}
        for name, column in contract.protected.items()
    }
    return {name: of for name, of in labels.items() if of}

"""Groups as training reads them, for estimators that are penalised for unequal treatment. Scoring never reads any."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit.common.candidate_definition import load_definition
from credit.contract import Contract
from credit.contract.groups import assign_groups
from credit.contract.levels import UNDISCLOSED

NO_GROUP = -1
"""The code of an undisclosed person: nobody's group, so no gap of it is penalised."""


def list_group_columns(name: str, contract: Contract) -> list[str]:
    """List the columns beside features that the training of a candidate reads: the protected ones, or none."""
    return list(contract.protected) if load_definition(name).reads_groups else []


def read_training_groups(name: str, contract: Contract, frame: pd.DataFrame) -> NDArray[np.int64] | None:
    """Encode the groups of a frame where the training of a candidate reads them; else None."""
    return encode_training_groups(contract, frame) if load_definition(name).reads_groups else None


def encode_training_groups(contract: Contract, frame: pd.DataFrame) -> NDArray[np.int64]:
    """Encode the groups of a frame with the protected columns: 0 the reference, NO_GROUP undisclosed.

    Shape (n, attributes), in the contract's order.
    """
    columns = []
    for attribute in contract.protected:
        groups = assign_groups(contract, attribute, frame[attribute])
        codes = np.asarray(groups.codes, dtype=np.int64)
        columns.append(np.where(codes == groups.categories.get_loc(UNDISCLOSED), NO_GROUP, codes))
    return np.column_stack(columns) if columns else np.empty((len(frame), 0), np.int64)

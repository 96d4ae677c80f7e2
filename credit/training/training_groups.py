"""Groups as training reads them, for estimators that are penalised for unequal treatment. Scoring never reads any."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit.contract import Contract
from credit.contract.columns import UNDISCLOSED
from credit.contract.groups import assign_groups

NO_GROUP = -1
"""The code of an undisclosed person: nobody's group, so no gap of it is penalised."""


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

"""Count the people of a file of predictions block by block, wherever the engine computes."""

from functools import partial
from pathlib import Path

from credit.common.errors import CreditError
from credit.contract import Contract
from credit.data.table_parts import TablePart, list_parts, read_part
from credit.engine.mapping import map_partitions
from credit.evaluation.prediction_codes import encode_predictions, map_group_columns
from credit.evaluation.predictions import PREDICTION_COLUMNS, open_predictions, read_predictions
from credit.fairness.counts import PeopleCounts, count_nobody, count_people, count_predictions
from credit.fairness.inputs import list_attribute_groups


def count_people_in(path: Path, contract: Contract) -> PeopleCounts:
    """Count the people of one candidate's file by group, label and decision; sums are added in the order of blocks.

    Raises CreditError as `read_predictions` does of the whole file.
    """
    open_predictions(path, contract)
    counts = count_nobody(contract)
    for part in map_partitions(partial(_count_part, contract), list_parts(path), f"count {path.stem}"):
        if part is None:
            break
        counts += part
    else:
        if counts.rows:
            return counts
    return count_predictions(contract, read_predictions(path, contract))  # says what is wrong, of all of the file


def _count_part(contract: Contract, part: TablePart) -> PeopleCounts | None:
    """Count the people of a block; None where a row is wrong."""
    groups = list(map_group_columns(contract))
    rows = read_part(part, [*groups, *PREDICTION_COLUMNS], coded=groups)
    try:
        return count_people(list_attribute_groups(contract), *encode_predictions(part.path, contract, rows))
    except CreditError:
        return None

"""Count the people of a file of predictions block by block, wherever the engine computes."""

from functools import partial, reduce
from operator import add
from pathlib import Path

from credit.common.errors import CreditError
from credit.contract import Contract
from credit.data.table_parts import TablePart, list_parts
from credit.engine.mapping import map_partitions
from credit.evaluation.predictions import read_predictions
from credit.fairness.counts import PeopleCounts, count_predictions


def count_people_in(path: Path, contract: Contract) -> PeopleCounts:
    """Count the people of one candidate's file by group, label and decision; sums are added in the order of blocks.

    Raises CreditError as `read_predictions` does of the whole file.
    """
    parts = list_parts(path)
    if len(parts) < 2:
        return count_predictions(contract, read_predictions(path, contract))
    try:
        return reduce(add, map_partitions(partial(_count_part, contract), parts, f"count {path.stem}"))
    except CreditError:
        read_predictions(path, contract)  # if a row is wrong: this counts those of the whole file, not of a block
        raise


def _count_part(contract: Contract, part: TablePart) -> PeopleCounts:
    return count_predictions(contract, read_predictions(part.path, contract, part))

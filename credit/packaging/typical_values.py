"""Typical values of the people whom a candidate approves: the baseline that reasons measure against."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from credit.common.errors import CreditError, Problem
from credit.contract import Contract
from credit.contract.columns import Column
from credit.contract.levels import Scalar
from credit.data.tables import iterate_partitions, make_frame, open_table
from credit.scoring.design_matrix import build_design_matrix
from credit.scoring.onnx import ScoreFunction
from credit.scoring.policy import Policy


def find_typical_values(
    score: ScoreFunction, policy: Policy, contract: Contract, features: Sequence[str], train: Path
) -> dict[str, Scalar | None]:
    """Find the median (numbers) or the commonest value of each feature among the approved training rows.

    If nobody is approved without an analyst, among those referred. Raises CreditError without any of them.
    One partition, then one column of the table is in memory at a time.
    """
    table = open_table(train)
    frames = (make_frame(part) for part in iterate_partitions(table, features))
    scores = [score(build_design_matrix(contract, features, frame).to_numpy()) for frame in frames]
    decisions = policy.decide(np.concatenate([np.empty(0), *scores]))
    good = decisions == ("approve" if (decisions == "approve").any() else "refer")
    if not good.any():
        raise CreditError(Problem(str(train), "no row is approved or referred", fix="reasons compare with such rows"))
    return {
        name: find_typical_value(contract.columns[name], _read_known_values(table, name, good)) for name in features
    }


def _read_known_values(table: Any, name: str, chosen: NDArray[np.bool_]) -> pa.ChunkedArray:
    return table.read(columns=[name]).column(name).filter(pa.array(chosen)).drop_null()


def find_typical_value(column: Column, known: pa.ChunkedArray) -> Scalar | None:
    """Find the lower median of numbers, else the commonest value (of equals the first). None: no value is known.

    The lower median is a value of a real row, so it is always one that the contract allows.
    """
    if column.type in ("integer", "number"):
        known = known.filter(pc.is_finite(known))
        if not len(known):
            return None
        values = np.sort(known.to_numpy())
        median: Scalar = values[(len(values) - 1) // 2].item()
        return median
    counts: Counter[Scalar] = Counter({item["values"]: item["counts"] for item in known.value_counts().to_pylist()})
    order: Sequence[Scalar] = column.allowed or (False, True)
    best = max(order, key=lambda value: counts[value])
    return best if counts[best] else None

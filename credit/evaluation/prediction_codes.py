"""Predictions as whole numbers, a partition at a time: groups and decisions are never texts of each person."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from credit.common.errors import CreditError, Problem, raise_if_any
from credit.contract import Contract
from credit.contract.groups import list_groups
from credit.contract.levels import UNDISCLOSED
from credit.evaluation.predictions import (
    find_column_problems,
    map_people_columns,
    name_groups,
)
from credit.scoring.policy import DECISION_KINDS


class PredictionCodes(NamedTuple):
    """Some people's predictions; shape (n,) each. groups: places in `list_groups`; decisions: in DECISION_KINDS.

    -1: neither group nor decision is known there.
    """

    groups: dict[str, NDArray[np.int16]]
    favourable: NDArray[np.bool_]
    scores: NDArray[np.float64]
    decisions: NDArray[np.int16]


def map_group_columns(contract: Contract) -> dict[str, str]:
    """Map the columns of groups: from their names in the file to those of the contract."""
    return {file: own for file, own in map_people_columns(contract).items() if own in contract.protected}


def encode_predictions(path: Path, contract: Contract, rows: pa.RecordBatch) -> PredictionCodes:
    """Encode rows of a candidate's file, in their order.

    Raises CreditError for what `read_predictions` refuses about single rows, which says it of the whole file.
    """
    raise_if_any(find_column_problems(path, rows))
    scores = rows.column("score").to_numpy(zero_copy_only=False).astype(np.float64)
    if ((scores < 0) | (scores > 1)).any():
        raise CreditError(Problem(f"{path}: score", "scores beyond 0 to 1", "probabilities"))
    groups = {
        own: _encode_groups(rows.column(file), list_groups(contract, own))
        for file, own in map_group_columns(contract).items()
    }
    favourable = rows.column("favourable").to_numpy(zero_copy_only=False)
    return PredictionCodes(groups, favourable, scores, _encode(rows.column("decision"), DECISION_KINDS))


def _encode_groups(values: pa.Array, groups: Sequence[str]) -> NDArray[np.int16]:
    encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    names = pa.array(name_groups(encoded.dictionary.to_pandas()), pa.string())
    named = pa.DictionaryArray.from_arrays(encoded.indices, names)
    return _encode(named, groups, groups.index(UNDISCLOSED))


def _encode(values: pa.Array, names: Sequence[str], missing: int = -1) -> NDArray[np.int16]:
    """Encode values as their places in `names`; those that are missing as `missing`, others as -1."""
    encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    kinds = encoded.dictionary.to_pylist()
    places = [names.index(kind) if kind in names else missing if kind is None else -1 for kind in kinds]
    indices = encoded.indices.cast(pa.int64()).fill_null(len(places)).to_numpy(zero_copy_only=False)
    codes: NDArray[np.int16] = np.array([*places, missing], np.int16)[indices]
    return codes

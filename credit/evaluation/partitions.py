"""Read and write `data/partitions/<candidate>.parquet`: out-of-fold scores of further partitions into folds.

Rows of a partition are in the order of `data/predictions/<candidate>.parquet`, whose folds are partition 0. The file
`data/reseeded/<candidate>.parquet` is the same of the test rows, with a seed for the number of a partition.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from credit.common.errors import Problem, raise_if_any
from credit.common.files import atomic_write
from credit.data.tables import open_table
from credit.scoring.policy import DECISION_KINDS

_COLUMNS = ("partition", "fold", "score", "decision")


class PartitionScores(NamedTuple):
    """A candidate's scores and decisions in one partition, and the fold of each row; shape (n,) each."""

    folds: NDArray[np.int64]
    scores: NDArray[np.float64]
    decisions: NDArray[np.str_]


def name_salt(partition: int) -> str:
    """Name the salt of the folds of a partition, from 1 on; 0 has that of `predict`."""
    return f"partition {partition}"


def write_partitions(path: Path, partitions: Mapping[int, PartitionScores]) -> None:
    """Write one candidate's file, whole or not at all; one without rows where there is no partition."""
    numbers = [np.full(len(one.folds), number, np.int32) for number, one in partitions.items()]
    kept = list(partitions.values())
    decisions = np.concatenate([one.decisions for one in kept]) if kept else np.empty(0, "<U7")
    codes = pd.Categorical(decisions, categories=list(DECISION_KINDS)).codes
    columns = {
        "partition": pa.array(np.concatenate(numbers or [np.empty(0, np.int32)])),
        "fold": pa.array(np.concatenate([one.folds.astype(np.int16) for one in kept] or [np.empty(0, np.int16)])),
        "score": pa.array(np.concatenate([one.scores for one in kept] or [np.empty(0)])),
        "decision": pa.DictionaryArray.from_arrays(codes, pa.array(list(DECISION_KINDS))),
    }
    with atomic_write(path) as temporary:
        pq.write_table(pa.table(columns), temporary, compression="zstd")


def read_partitions(path: Path, rows: int) -> dict[int, PartitionScores]:
    """Read one candidate's file, of which every partition has `rows` rows, by the number of the partition.

    Raises CreditError when it is missing, not readable, or was written for another table.
    """
    opened = open_table(path)
    missing = [name for name in _COLUMNS if name not in opened.schema_arrow.names]
    raise_if_any([Problem(f"{path}: {name}", "no such column", "it", "run dvc repro") for name in missing])
    table = opened.read(columns=list(_COLUMNS))
    numbers, counts = np.unique(table["partition"].to_numpy(), return_counts=True)
    others = [int(count) for count in counts if count != rows]
    raise_if_any([Problem(f"{path}: partition", f"{others[0]:,} rows", f"{rows:,}", "run dvc repro")] if others else [])
    folds, scores = table["fold"].to_numpy().astype(np.int64), table["score"].to_numpy().astype(np.float64)
    decisions = np.asarray(table["decision"].to_pandas(), dtype=np.str_)
    partition = table["partition"].to_numpy()
    places = {int(number): np.flatnonzero(partition == number) for number in numbers}
    return {number: PartitionScores(folds[own], scores[own], decisions[own]) for number, own in places.items()}

"""Read and write `data/shipped/<candidate>.parquet`: what a candidate as it is shipped scores about the test rows.

In the order of the test rows, so that a stage which needs these scores alone loads no model.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from credit.common.errors import Problem, raise_if_any
from credit.common.files import atomic_write
from credit.data.tables import open_table

_COLUMNS = ("favourable", "score")


class ShippedScores(NamedTuple):
    """Whether the label of each test row is favourable, and its score; shape (n,) each."""

    favourable: NDArray[np.bool_]
    scores: NDArray[np.float64]


def write_shipped(path: Path, shipped: ShippedScores) -> None:
    """Write one candidate's file, whole or not at all."""
    table = pa.table(dict(zip(_COLUMNS, map(pa.array, shipped), strict=True)))
    with atomic_write(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def read_shipped(path: Path, rows: int) -> ShippedScores:
    """Read one candidate's file. Raises CreditError when it is missing, not readable, or not of so many test rows."""
    opened = open_table(path)
    missing = [name for name in _COLUMNS if name not in opened.schema_arrow.names]
    raise_if_any([Problem(f"{path}: {name}", "no such column", "it", "run dvc repro") for name in missing])
    table = opened.read(columns=list(_COLUMNS))
    found, expected = f"{table.num_rows:,} rows", f"{rows:,}, as many as test rows"
    raise_if_any([Problem(str(path), found, expected, "run dvc repro")] if table.num_rows != rows else [])
    return ShippedScores(table["favourable"].to_numpy().astype(np.bool_), table["score"].to_numpy())

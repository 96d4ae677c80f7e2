"""The hash sample of rows: the same rows in whatever order or parts they come, each within the larger ones.

Rows that belong together, or are equal and have no id, come into it together or not at all.
"""

from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from credit.common.errors import CreditError, Problem
from credit.contract import Contract
from credit.data.splitting import hash_sql
from credit.data.sql_text import scan_parquet_sql

TRAIN_ROWS = "train.rows"
"""The parameter that says how many rows candidates learn from; its name salts their hashes."""

SEARCHED = "find_alternatives.people"
"""The parameter that says about how many people alternatives are searched."""


def hash_rows(contract: Contract, table: Path, salt: str = TRAIN_ROWS) -> NDArray[np.int64]:
    """Hash each row of a Parquet file by its key, in order; equal keys have equal hashes. Shape (n,)."""
    query = f"SELECT {hash_sql(contract, salt)} AS hash FROM {scan_parquet_sql([table])}"
    return np.asarray(duckdb.connect().execute(query).fetchnumpy()["hash"], dtype=np.int64)


def mark_smallest(hashes: NDArray[np.int64], rows: int) -> NDArray[np.bool_]:
    """Mark at most so many rows, those of the smallest hashes; none where more belong together. Shape (n,)."""
    if rows >= len(hashes):
        return np.ones(len(hashes), np.bool_)
    marked: NDArray[np.bool_] = hashes < np.partition(hashes, rows)[rows]
    return marked


def sample_rows(contract: Contract, table: Path, rows: int | None, parameter: str = TRAIN_ROWS) -> NDArray[np.bool_]:
    """Mark the rows of a Parquet file as `mark_sample` does; None: all, of which none is hashed. Shape (n,)."""
    if rows is None:
        return np.ones(pq.read_metadata(table).num_rows, np.bool_)
    return mark_sample(hash_rows(contract, table, parameter), rows, parameter)


def mark_sample(hashes: NDArray[np.int64], rows: int, parameter: str = TRAIN_ROWS) -> NDArray[np.bool_]:
    """Mark the rows of a sample of at most so many, as the parameter says; shape (n,).

    Raises CreditError where there are none, as more rows than that belong together.
    """
    marked = mark_smallest(hashes, rows)
    if not marked.any():
        found = f"{rows:,} rows, and more than that belong together"
        raise CreditError(Problem(f"params.yaml: {parameter}", found, "a larger number"))
    return marked

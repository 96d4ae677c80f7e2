"""Parquet tables as pandas frames: chosen columns, in one piece or in partitions."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from credit.common.errors import CreditError, Problem
from credit.contract import Contract
from credit.data.casts.table_queries import FOLDED_LEVELS_KEY

PARTITION_ROWS = 250_000
"""Rows per partition: some tens of megabytes, whatever the size of the table."""


def open_table(path: Path, coded: Sequence[str] = ()) -> pq.ParquetFile:
    """Open a Parquet file. Raises CreditError when it is missing or not readable.

    coded: columns of text to read as numbers of their distinct texts.
    """
    try:
        return pq.ParquetFile(path, read_dictionary=list(coded) or None)
    except FileNotFoundError:
        raise CreditError(Problem(str(path), "no such file", fix="run dvc repro")) from None
    except pa.ArrowException as error:
        found = f"not a Parquet file: {str(error).rstrip('.')}"
        raise CreditError(Problem(str(path), found, fix="run dvc checkout or dvc repro")) from None


def read_folded_levels(table: pq.ParquetFile) -> list[tuple[str, str | None, int]]:
    """Read what ingest counted when it folded levels: column, level of the file, rows. None: all other new levels."""
    counts = (table.metadata.metadata or {}).get(FOLDED_LEVELS_KEY.encode(), b"[]")
    return [(name, level, rows) for name, level, rows in json.loads(counts)]


def iterate_partitions(table: pq.ParquetFile, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
    """Iterate over the table in pieces of at most PARTITION_ROWS rows, in order."""
    yield from table.iter_batches(PARTITION_ROWS, columns=columns)


def read_frame(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Read the chosen columns of a Parquet file as a frame."""
    return make_frame(open_table(path).read(columns=list(columns)))


def read_spaced_rows(table: pq.ParquetFile, columns: Sequence[str], most: int) -> pd.DataFrame:
    """Read at most so many evenly spaced rows as a frame, a partition of the table at a time."""
    step = max(1, -(-table.metadata.num_rows // most))
    chosen, start = [], 0
    for part in iterate_partitions(table, columns):
        chosen.append(make_frame(part).iloc[-start % step :: step])
        start += part.num_rows
    return pd.concat(chosen, ignore_index=True) if chosen else make_frame(table.read(columns=list(columns)))


def iterate_marked_rows(
    table: pq.ParquetFile, columns: Sequence[str], marked: NDArray[np.bool_]
) -> Iterator[pd.DataFrame]:
    """Iterate over the rows that are marked, shape (n,), as frames, a partition of the table at a time."""
    start = 0
    for part in iterate_partitions(table, columns):
        yield make_frame(part.filter(pa.array(marked[start : start + part.num_rows])))
        start += part.num_rows


def read_marked_rows(table: pq.ParquetFile, columns: Sequence[str], marked: NDArray[np.bool_]) -> pd.DataFrame:
    """Read the rows that are marked, shape (n,), as a frame, a partition of the table at a time."""
    chosen = list(iterate_marked_rows(table, columns, marked))
    return pd.concat(chosen, ignore_index=True) if chosen else make_frame(table.read(columns=list(columns)))


def make_frame(table: pa.Table | pa.RecordBatch) -> pd.DataFrame:
    """Make a frame in which booleans and integers with missing values are nullable, not objects or floats."""
    nullable = {pa.bool_(): pd.BooleanDtype(), pa.int64(): pd.Int64Dtype()}
    frame: pd.DataFrame = table.to_pandas(types_mapper=nullable.get, ignore_metadata=True)
    return frame


def is_favourable(contract: Contract, frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell whether each row's label is the favourable one; shape (n,)."""
    wanted = contract.columns[contract.label].favourable
    return np.asarray(frame[contract.label] == wanted, dtype=np.bool_)

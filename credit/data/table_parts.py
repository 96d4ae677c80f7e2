"""Parts of a Parquet table: fixed blocks of its rows, which any process that sees the file can read."""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from credit.common.errors import CreditError, Problem
from credit.data import tables
from credit.data.splitting import check_parts

_SEEN_BYTES = 65_536
"""Bytes at the end of a file that tell it from another one: those of the footer, with the place of every column."""


class TablePart(NamedTuple):
    """A block of rows of a file: where it starts, how many they are. `seal`: of the file that its reader must see."""

    path: Path
    start: int
    rows: int
    seal: str


def list_parts(path: Path) -> list[TablePart]:
    """List the blocks of a table, of PARTITION_ROWS rows each, in order: those of `iterate_partitions`."""
    rows = tables.PARTITION_ROWS
    total = tables.open_table(path).metadata.num_rows
    seal = _seal_file(path)
    return [TablePart(path, start, min(rows, total - start), seal) for start in range(0, total, rows)]


def find_whole(path: Path) -> TablePart:
    """Find all rows of a table as one block."""
    return TablePart(path, 0, tables.open_table(path).metadata.num_rows, _seal_file(path))


def read_part(part: TablePart, columns: Sequence[str] | None = None, coded: Sequence[str] = ()) -> pa.RecordBatch:
    """Read a block, of all columns or of those named. Raises CreditError where its file is another one, or missing.

    coded: columns of text that are read as numbers of their distinct texts, which takes less time and memory.

    What another machine has by the same name may be older data, whose counts would add up as well.
    """
    read = _read_rows(_open_part(part, coded), part.start, part.rows, columns)
    check_parts(str(part.path), {"read": read.num_rows}, part.rows)
    return read


def read_column(whole: TablePart, name: str) -> pd.Series:
    """Read one column of a whole table, as `make_frame` does. Raises CreditError as `read_part` does.

    The file stays open for the next column: of thousands of columns its description takes longer to read than one.
    """
    return tables.make_frame(_open_whole(whole).read(columns=[name]))[name]


@lru_cache(maxsize=1)
def _open_whole(whole: TablePart) -> pq.ParquetFile:
    return _open_part(whole)


def _open_part(part: TablePart, coded: Sequence[str] = ()) -> pq.ParquetFile:
    """Open the file of a block; the error where it is none, or another one."""
    fix = "all workers must see the files of the one that started them, by the same path; docs/scaling.md"
    if not part.path.exists():
        raise CreditError(Problem(str(part.path.absolute()), "no such file", "that of the stage", fix))
    table = tables.open_table(part.path, coded)
    if (seal := _seal_file(part.path)) != part.seal:
        raise CreditError(Problem(str(part.path.absolute()), f"a file {seal}", f"{part.seal}, that of the stage", fix))
    return table


def _read_rows(table: pq.ParquetFile, start: int, rows: int, columns: Sequence[str] | None) -> pa.RecordBatch:
    """Read rows from the row groups that have some of them."""
    groups, before, skipped = [], 0, 0
    for group in range(table.metadata.num_row_groups):
        size = table.metadata.row_group(group).num_rows
        if before + size <= start:
            skipped = before + size
        elif before < start + rows:
            groups.append(group)
        before += size
    read = table.read_row_groups(groups, columns=None if columns is None else list(columns))
    return read.slice(start - skipped, rows).combine_chunks().to_batches()[0]


def _seal_file(path: Path) -> str:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _SEEN_BYTES))
        return f"of {size:,} bytes ending in {hashlib.sha256(file.read()).hexdigest()[:12]}"

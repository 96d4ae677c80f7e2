"""Stream a file of applications: values in the contract's types, or as text where they are not of that type.

The casts are those of ingest, so that a file is read for decisions as it would be for training.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from credit.bundle.bundle import Bundle
from credit.common.errors import CreditError, Problem, raise_if_any
from credit.contract.columns import Column
from credit.data.casts.columns import cast_sql
from credit.data.casts.missing_codes import decode_missing_sql, is_present_sql
from credit.data.false_rows import find_false_rows
from credit.data.raw_errors import describe_duckdb_error
from credit.data.raw_files import RawTable, open_raw_table
from credit.data.sql_text import quote_identifier

BLOCK_ROWS = 10_000
"""Rows that are read, and decided, at a time."""


class RowBlock(NamedTuple):
    """Rows of a file as they were read: a column for each that the version needs, one for the misfits of each, the id.

    `before`: how many rows of the file come before them.
    """

    before: int
    values: pa.RecordBatch


class RowBatch(NamedTuple):
    """Rows in the order of the file. `ids`: the contract's id as the file has it; None when it has none.

    `misfits`: by row, the values that are not written as the format of their column says; what a client may send is
    another thing, a date as 2026-01-31 for example.
    """

    rows: list[dict[str, Any]]
    ids: pa.Array | None
    misfits: dict[int, list[Problem]]


@dataclass(frozen=True)
class ApplicationSource:
    """An opened file, or a folder of files, which count as one in the order of their names.

    `ignored`: columns that the version does not need. `id`: the name of the id column, when the file has it.
    """

    path: Path
    table: RawTable
    columns: dict[str, Column]
    types: dict[str, str]
    id: str | None
    ignored: tuple[str, ...]
    connection: duckdb.DuckDBPyConnection

    @property
    def id_type(self) -> pa.DataType | None:
        """The type of the id column as the file has it; None without one."""
        if self.id is None:
            return None
        query = f"SELECT {quote_identifier(self.id)} FROM {self.table.scan_sql(self.types)} LIMIT 0"
        return self.connection.sql(query).to_arrow_table().schema.types[0]

    def count_rows(self) -> int:
        """Count the rows. Raises CreditError when there is none, one is nobody's, or the file is not readable."""
        try:
            ((rows,),) = self.connection.execute(f"SELECT count(*) FROM {self.table.scan_sql(self.types)}").fetchall()
            raise_if_any(find_false_rows(self.table, self.connection))
        except duckdb.Error as error:
            raise CreditError(describe_duckdb_error(self.path, error)) from None
        if not rows:
            raise CreditError(Problem(str(self.path), "a header and no rows", "at least one row"))
        return int(rows)

    def stream_blocks(self) -> Iterator[RowBlock]:
        """Stream all rows in blocks. Raises CreditError where a file is not readable, or not that of its manifest."""
        rows = 0
        try:
            for batch in self.connection.sql(self._build_query()).to_arrow_reader(BLOCK_ROWS):
                yield RowBlock(rows, batch)
                rows += len(batch)
        except (duckdb.Error, OSError) as error:  # in the middle of a stream it comes as the latter
            raise CreditError(describe_duckdb_error(self.path, error)) from None
        self.table.check_read(rows, self.path)

    def _build_query(self) -> str:
        values, misfits = [], []
        for name, column in self.columns.items():
            value = f"TRY({cast_sql(name, column, self.types[name])})"
            values.append(value)
            misfit = f"{is_present_sql(decode_missing_sql(name, column, self.types[name]))} AND {value} IS NULL"
            misfits.append(f"CASE WHEN {misfit} THEN CAST({quote_identifier(name)} AS VARCHAR) END")
        listed = [*values, *misfits, *([quote_identifier(self.id)] if self.id else [])]
        selected = ", ".join(f"{sql} AS c{place}" for place, sql in enumerate(listed))
        return f"SELECT {selected} FROM {self.table.scan_sql(self.types)}"


def read_block(block: RowBlock, columns: dict[str, Column]) -> RowBatch:
    """Read the rows of a block, wherever it was sent; `columns`: those that the version needs."""
    names, width, values = list(columns), len(columns), block.values
    listed = [column.to_pylist() for column in values.columns[: 2 * width]]
    unread: dict[int, list[Problem]] = {}
    for place, name in enumerate(names):
        if values.column(width + place).null_count == len(values):
            continue
        known, misfits, written = listed[place], listed[width + place], columns[name].format
        known[:] = [value if text is None else text for value, text in zip(known, misfits, strict=True)]
        if written is not None:
            expected = f"a {columns[name].type} {written}"
            for row, text in enumerate(misfits):
                if text is not None:
                    unread.setdefault(row, []).append(Problem(name, repr(text)[:80], expected))
    rows = [dict(zip(names, row, strict=True)) for row in zip(*listed[:width], strict=True)]
    return RowBatch(rows, values.column(2 * width) if values.num_columns > 2 * width else None, unread)


def list_needed_columns(bundle: Bundle) -> dict[str, Column]:
    """List the columns that a version needs of an application, by name."""
    return {name: bundle.contract.columns[name] for name in bundle.inputs}


def open_source(path: Path, bundle: Bundle) -> ApplicationSource:
    """Open a file or folder. Raises CreditError that lists every column which the version needs and it lacks."""
    connection = duckdb.connect(config={"threads": 1, "memory_limit": "512MB"})
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")
    # the statistics of a Parquet file leave NaN out: believing them, DuckDB takes a column with NaN for one without;
    # and it takes a cast that stands twice out of the TRY around it
    connection.execute("SET disabled_optimizers = 'statistics_propagation,common_subexpressions'")
    contract = bundle.contract
    table = open_raw_table(path, contract.columns.keys(), connection, roots=None)
    columns = list_needed_columns(bundle)
    raise_if_any(_check_columns(path, table, columns))
    if table.parquet:
        types = {row[0]: row[1] for row in connection.execute(f"DESCRIBE FROM {table.scan_sql({})}").fetchall()}
    else:
        types = dict.fromkeys(table.columns, "VARCHAR")  # as text, so that a value that is none of its type is kept
    identifier = next((name for name in contract.find_by_role("id") if name in table.columns), None)
    ignored = tuple(name for name in table.columns if name not in columns and name != identifier)
    return ApplicationSource(path, table, columns, types, identifier, ignored, connection)


def _check_columns(path: Path, table: RawTable, columns: dict[str, Column]) -> list[Problem]:
    return [
        Problem(f"{path}: {name}", "no such column", f"one of type {column.type}")
        for name, column in columns.items()
        if name not in table.columns
    ]

"""A file of applications, streamed: values as the contract types them, and as they stand in the file where it cannot.

The casts are those of ingest, so that a file is read for decisions as it would be for training.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from credit.bundle import Bundle
from credit.common.errors import CreditError, Problem, raise_if_any
from credit.contract.columns import Column
from credit.data.raw_files import RawTable, open_raw, quoted, unreadable
from credit.data.sql_casts import cast, present, value_of

_ROWS = 10_000
"""Rows in memory at a time."""


class Part(NamedTuple):
    """Some rows, in the order of the file. `ids`: the contract's id as the file has it; None when it has none."""

    rows: list[dict[str, Any]]
    ids: pa.Array | None


@dataclass(frozen=True)
class Source:
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
    def id_type(self) -> pa.DataType:
        """The type of the id column as the file has it."""
        query = f"SELECT {quoted(self.id or '')} FROM {self.table.scan(self.types)} LIMIT 0"
        return self.connection.sql(query).to_arrow_table().schema.types[0]

    def count(self) -> int:
        """How many rows there are. Raises CreditError when there is none or the file is not readable."""
        try:
            ((rows,),) = self.connection.execute(f"SELECT count(*) FROM {self.table.scan(self.types)}").fetchall()
        except duckdb.Error as error:
            raise CreditError(unreadable(self.path, error)) from None
        if not rows:
            raise CreditError(Problem(str(self.path), "a header and no rows", "at least one row"))
        return int(rows)

    def parts(self) -> Iterator[Part]:
        """All rows. Raises CreditError at what is not readable."""
        try:
            for batch in self.connection.sql(self._query()).to_arrow_reader(_ROWS):
                yield self._part(batch)
        except (duckdb.Error, OSError) as error:  # in the middle of a stream it comes as the latter
            raise CreditError(unreadable(self.path, error)) from None

    def _query(self) -> str:
        values, misfits = [], []
        for name, column in self.columns.items():
            value = f"TRY({cast(name, column, self.types[name])})"
            values.append(value)
            misfit = f"{present(value_of(name, column))} AND {value} IS NULL"
            misfits.append(f"CASE WHEN {misfit} THEN CAST({quoted(name)} AS VARCHAR) END")
        listed = [*values, *misfits, *([quoted(self.id)] if self.id else [])]
        selected = ", ".join(f"{sql} AS c{place}" for place, sql in enumerate(listed))
        return f"SELECT {selected} FROM {self.table.scan(self.types)}"

    def _part(self, batch: pa.RecordBatch) -> Part:
        names, width = list(self.columns), len(self.columns)
        listed = [column.to_pylist() for column in batch.columns[: 2 * width]]
        for values, misfits, column in zip(listed[:width], listed[width:], batch.columns[width:], strict=False):
            if column.null_count < len(column):
                values[:] = [v if text is None else text for v, text in zip(values, misfits, strict=True)]
        rows = [dict(zip(names, row, strict=True)) for row in zip(*listed[:width], strict=True)]
        return Part(rows, batch.column(2 * width) if self.id else None)


def open_source(path: Path, bundle: Bundle) -> Source:
    """Look at a file or folder. Raises CreditError that lists every column which the version needs and it lacks."""
    connection = duckdb.connect(config={"threads": 1, "memory_limit": "512MB"})
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")
    # the statistics of a Parquet file leave NaN out: believing them, DuckDB takes a column with NaN for one without;
    # and it takes a cast that stands twice out of the TRY around it
    connection.execute("SET disabled_optimizers = 'statistics_propagation,common_subexpressions'")
    contract = bundle.contract
    table = open_raw(path, contract.columns.keys(), connection)
    columns = {name: contract.columns[name] for name in bundle.inputs}
    raise_if_any(_column_problems(path, table, columns))
    if table.parquet:
        types = {row[0]: row[1] for row in connection.execute(f"DESCRIBE FROM {table.scan({})}").fetchall()}
    else:
        types = dict.fromkeys(table.columns, "VARCHAR")  # as text, so that a value that is none of its type is kept
    identifier = next((name for name in contract.of_role("id") if name in table.columns), None)
    ignored = tuple(name for name in table.columns if name not in columns and name != identifier)
    return Source(path, table, columns, types, identifier, ignored, connection)


def _column_problems(path: Path, table: RawTable, columns: dict[str, Column]) -> list[Problem]:
    problems = [
        Problem(f"{path}: {name}", "no such column", f"one of type {column.type}")
        for name, column in columns.items()
        if name not in table.columns
    ]
    times = Counter(map(str.casefold, table.columns))  # SQL does not tell capitals from small letters
    problems += [
        Problem(f"{path}: {name}", f"the column {count} times", "it once") for name, count in times.items() if count > 1
    ]
    return problems

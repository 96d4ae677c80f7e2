"""Write tables as Parquet or CSV, by the ending of the file, whole or not at all."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from pydantic_core import to_json

from credit.common.errors import Problem
from credit.common.files import atomic_write

ENDINGS = (".parquet", ".csv")

TableWriter = Callable[[pa.Table], None]


def check_ending(path: Path) -> list[Problem]:
    """Check that the name of an output file ends in .parquet or .csv."""
    return [] if path.suffix in ENDINGS else [Problem(str(path), f"the ending {path.suffix!r}", " or ".join(ENDINGS))]


@contextmanager
def open_sink(path: Path, schema: pa.Schema) -> Iterator[TableWriter]:
    """Open a writer for tables of a schema; the file appears when the block ends without an error."""
    with atomic_write(path) as temporary:
        if path.suffix == ".csv":
            with pa_csv.CSVWriter(temporary, _flatten_schema(schema)) as writer:
                yield lambda table: writer.write_table(_flatten_table(table))
        else:
            with pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
                yield writer.write_table


def _flatten_schema(schema: pa.Schema) -> pa.Schema:
    """Replace lists by text: CSV has none, so they are written as JSON."""
    return pa.schema([(field.name, pa.string() if pa.types.is_list(field.type) else field.type) for field in schema])


def _flatten_table(table: pa.Table) -> pa.Table:
    columns = [
        pa.array([to_json(value).decode() for value in column.to_pylist()], pa.string())
        if pa.types.is_list(column.type)
        else column
        for column in table.columns
    ]
    return pa.Table.from_arrays(columns, schema=_flatten_schema(table.schema))

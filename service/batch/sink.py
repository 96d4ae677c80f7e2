"""Tables as they are written: Parquet or CSV, by the ending of the file, whole or not at all."""

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
    """What is wrong with the name of a file that is to be written."""
    return [] if path.suffix in ENDINGS else [Problem(str(path), f"the ending {path.suffix!r}", " or ".join(ENDINGS))]


@contextmanager
def open_sink(path: Path, schema: pa.Schema) -> Iterator[TableWriter]:
    """What writes tables of a schema, one after another, to a file that is there when the block has ended."""
    with atomic_write(path) as temporary:
        if path.suffix == ".csv":
            with pa_csv.CSVWriter(temporary, _flatten_schema(schema)) as writer:
                yield lambda table: writer.write_table(_flatten_table(table))
        else:
            with pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
                yield writer.write_table


def _flatten_schema(schema: pa.Schema) -> pa.Schema:
    """CSV has no lists: they stand in it as JSON."""
    return pa.schema([(field.name, pa.string() if pa.types.is_list(field.type) else field.type) for field in schema])


def _flatten_table(table: pa.Table) -> pa.Table:
    columns = [
        pa.array([to_json(value).decode() for value in column.to_pylist()], pa.string())
        if pa.types.is_list(column.type)
        else column
        for column in table.columns
    ]
    return pa.Table.from_arrays(columns, schema=_flatten_schema(table.schema))

"""A CSV or Parquet file of any size as one DuckDB table of text, so that its values can be looked at as they are.

Columns of the table are called c0, c1, ...: real names may contain anything. Data beyond the memory limit are spilled
to a temporary folder.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from credit.common.errors import CreditError, Problem, raise_if_any
from credit.data.false_rows import find_false_rows
from credit.data.raw_errors import describe_duckdb_error
from credit.data.raw_files import RawTable, open_raw_table
from credit.data.sql_text import quote_identifier

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray

_MAX_ROWS = 5_000  # that are read into memory
_BLOCK_COLUMNS = 200  # and so many columns at a time


class TextTable(NamedTuple):
    """An open table: column i of the file is `c{i}` of the DuckDB table `raw`, and `names[i]` in the file."""

    connection: "DuckDBPyConnection"
    names: list[str]
    rows: int


@contextmanager
def open_text_table(path: Path) -> Iterator[TextTable]:
    """Open a CSV or Parquet file, or a folder of such files. Raises CreditError if it is anything else."""
    import duckdb

    with tempfile.TemporaryDirectory(prefix="draft-") as folder:
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": "1GB",
            "temp_directory": folder,
            "preserve_insertion_order": False,
        }
        with duckdb.connect(config=config) as connection:
            found = open_raw_table(path, (), connection, roots=None)
            scan = found.scan_sql(dict.fromkeys(found.columns, "VARCHAR"))
            kinds = [row[1] for row in connection.execute(f"DESCRIBE FROM {scan}").fetchall()]
            raise_if_any(_find_type_problems(found.columns, kinds, path))
            raise_if_any(_find_false_rows(found, connection, path))
            texts = (
                _build_text_expression(name, kind, i)
                for i, (name, kind) in enumerate(zip(found.columns, kinds, strict=True))
            )
            try:
                connection.execute(f"CREATE TABLE raw AS SELECT {', '.join(texts)} FROM {scan}")
            except duckdb.Error as error:
                raise CreditError(describe_duckdb_error(path, error)) from None
            (rows,) = connection.execute("SELECT count(*) FROM raw").fetchall()[0]
            found.check_read(rows, path)
            if not rows:
                raise CreditError(Problem(str(path), "no rows", "at least one row below the names"))
            yield TextTable(connection, list(found.columns), rows)


def _find_false_rows(table: RawTable, connection: "DuckDBPyConnection", path: Path) -> list[Problem]:
    import duckdb

    try:
        return find_false_rows(table, connection)
    except duckdb.Error as error:
        return [describe_duckdb_error(path, error)]


def _build_text_expression(name: str, kind: str, i: int) -> str:
    if kind in ("DOUBLE", "FLOAT"):  # NaN is how pandas writes missing
        return (
            f"CASE WHEN NOT isnan({quote_identifier(name)}) THEN CAST({quote_identifier(name)} AS VARCHAR) END AS c{i}"
        )
    return f"nullif(CAST({quote_identifier(name)} AS VARCHAR), '') AS c{i}"


def _find_type_problems(names: Sequence[str], kinds: Sequence[str], path: Path) -> list[Problem]:
    return [
        Problem(f"{path}: {name}", f"the nested or binary type {kind}", "one value per row and column")
        for name, kind in zip(names, kinds, strict=True)
        if kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION", "BLOB"))
    ]


def read_columns(table: TextTable, selected: Mapping[str, str]) -> "Iterator[tuple[str, NDArray[Any]]]":
    """Read expressions, by name, each as an array of at most _MAX_ROWS rows: the same rows in the same order.

    Rows are chosen and ordered by their content, so that the same file always looks the same; equal rows are alike.
    """
    content = f"hash({', '.join(f'c{i}' for i in range(len(table.names)))})"
    chosen = f"raw where {content} % {-(-table.rows // _MAX_ROWS)} = 0"
    listed = list(selected)
    for start in range(0, len(listed), _BLOCK_COLUMNS):
        names = listed[start : start + _BLOCK_COLUMNS]
        columns = ", ".join(f"{selected[name]} as v{place}" for place, name in enumerate(names))
        frame = table.connection.execute(f"select {content} as h, {columns} from {chosen}").df().sort_values("h")
        for place, name in enumerate(names):
            yield name, frame[f"v{place}"].to_numpy()

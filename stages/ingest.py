"""Cast the raw table to the contract's types and add its derived columns; one typed Parquet file comes out.

DuckDB streams it in bounded memory. Codes for missing become missing. A value that is not of its column's type is
an error, never a guess: 3.7 in an integer column is not rounded.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection

from credit.common.cli import make_stage
from credit.common.errors import CreditError, Problem, raise_if_any
from credit.common.files import atomic_write
from credit.common.params import read_params
from credit.contract import Contract, load_contract
from credit.contract.columns import Column
from credit.data.casts.failing_expressions import find_failing_expressions
from credit.data.casts.table_queries import (
    FOLDED_LEVELS_KEY,
    build_derived_misfits_query,
    build_levels_query,
    build_misfits_query,
    build_typed_query,
)
from credit.data.false_rows import find_totals
from credit.data.manifest.params import IngestParams
from credit.data.raw_binding import bind_raw_table
from credit.data.raw_errors import describe_duckdb_error
from credit.data.raw_files import RawTable
from credit.data.sql_text import quote_literal

_MAX_NEW_LEVELS = 20  # of a column that are counted one by one


def ingest_table(contract: Contract, raw: Path, typed: Path, file: str, roots: Sequence[str] = ()) -> int:
    """Write the typed table and return its number of rows; `file` is the contract's path, for messages.

    `roots`: below which the files of a manifest may be.
    Raises CreditError that lists every missing, unknown or repeated column, or every column with values of another
    type together with the first such value and its row.
    """
    connection = _connect_duckdb(typed.parent)
    bound, table, types = bind_raw_table(contract, raw, file, connection, roots)
    try:
        raise_if_any(find_totals(table, connection))
    except duckdb.Error as error:
        raise CreditError(describe_duckdb_error(raw, error)) from None
    with atomic_write(typed) as temporary:
        query = build_typed_query(bound, types, table.scan_sql(types))
        try:
            counts = _count_folded_levels(bound, types, table, connection)
            levels = f", KV_METADATA {{{FOLDED_LEVELS_KEY}: {quote_literal(json.dumps(counts))}}}" if counts else ""
            options = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880{levels}"
            rows: int = connection.execute(f"COPY ({query}) TO {quote_literal(temporary)} ({options})").fetchall()[0][0]
        except duckdb.Error as error:
            raise CreditError(
                _find_type_problems(bound, table, types, raw, file, connection)
                or find_failing_expressions(bound, types, table.scan_sql(types), file, connection)
                or describe_duckdb_error(raw, error)
            ) from None
        if not rows:
            raise CreditError(Problem(str(raw), "a header and no rows", "at least one row"))
        table.check_read(rows, raw)
    return rows


def _count_folded_levels(
    contract: Contract, types: Mapping[str, str], table: RawTable, connection: DuckDBPyConnection
) -> list[tuple[str, str | None, int]]:
    """Count the rows of each level of the file that counts as another: column, level, rows.

    Of the levels that the contract does not name the commonest are listed, all others are one, None.
    """
    query = build_levels_query(contract, types, table.scan_sql(types))
    found = connection.execute(query).fetchall() if query else []
    counts, new, others = [], Counter[str](), Counter[str]()
    for name, level, rows in found:
        new[name] += level not in contract.columns[name].folded
        if level in contract.columns[name].folded or new[name] <= _MAX_NEW_LEVELS:
            counts.append((name, level, rows))
        else:
            others[name] += rows
    return [*counts, *((name, None, rows) for name, rows in others.items())]


def _connect_duckdb(folder: Path) -> DuckDBPyConnection:
    folder.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(config={"memory_limit": "1GB", "temp_directory": str(folder / ".duckdb")})
    connection.execute("SET TimeZone = 'UTC'")  # else the typed table depends on where it is made
    # the statistics of a Parquet file leave NaN out: believing them, DuckDB takes a column with NaN for one without
    connection.execute("SET disabled_optimizers = 'statistics_propagation'")
    if sys.stderr.isatty():
        connection.execute("SET enable_progress_bar = true")
    return connection


def _find_type_problems(
    contract: Contract, table: RawTable, types: Mapping[str, str], raw: Path, file: str, connection: DuckDBPyConnection
) -> list[Problem]:
    """Read everything once more, a CSV file as text, and find per column the first value that cannot be cast.

    Where there is none, the first value of each derived column that is not of its type.
    """
    sources = dict(types) if table.parquet else dict.fromkeys(table.columns, "VARCHAR")
    scan = table.scan_sql(sources)
    # an expression that stands twice is taken out of the TRY around it
    connection.execute("SET disabled_optimizers = 'statistics_propagation,common_subexpressions'")
    try:
        found = connection.execute(build_misfits_query(contract, sources, scan)).fetchall()[0]
        if any(found[::3]) or not contract.derived:
            return list(_describe_misfits(contract.raw, found, str(raw), "or a declared code for missing"))
        found = connection.execute(build_derived_misfits_query(contract, sources, scan)).fetchall()[0]
    except duckdb.Error as error:
        return [describe_duckdb_error(raw, error)]  # not readable even as text: its lines are not those of a table
    fix = "say in its sql what becomes of the rest: round, floor, or a / nullif(b, 0) for a division by zero"
    return [problem._replace(fix=fix) for problem in _describe_misfits(contract.derived, found, file)]


def _describe_misfits(
    columns: Mapping[str, Column], found: Sequence[Any], file: str, otherwise: str = ""
) -> Iterator[Problem]:
    for (name, column), count, row, value in zip(columns.items(), found[::3], found[1::3], found[2::3], strict=True):
        if count:
            text = f"{value!r} in row {row}" + (f" and {count - 1:,} more like it" if count > 1 else "")
            written = f" {column.format}" if column.format else ""
            yield Problem(f"{file}: {name}", text, f"{column.type}{written} {otherwise}".strip())


@make_stage(__doc__)
def run(contract_file: Path, raw: Path, typed_file: Path) -> None:
    """Write the typed table."""
    contract = load_contract(contract_file)
    roots = read_params(IngestParams, "ingest").parts_from
    rows = ingest_table(contract, raw, typed_file, contract.file or str(contract_file), roots)
    print(f"{rows:,} rows typed")

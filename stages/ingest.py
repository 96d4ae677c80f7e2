"""Cast the raw table to the contract's types and add its derived columns; one typed Parquet file comes out.

DuckDB streams it in bounded memory. Codes for missing become missing. A value that is not of its column's type is
an error, never a guess: 3.7 in an integer column is not rounded.
"""

import json
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import duckdb

from credit.common.cli import make_stage
from credit.common.errors import CreditError, Problem
from credit.common.files import atomic_write
from credit.contract import Contract, load_contract
from credit.data.failing_expressions import find_failing_expressions
from credit.data.raw_binding import bind_raw_table
from credit.data.raw_errors import describe_duckdb_error
from credit.data.raw_files import RawTable
from credit.data.sql_casts import FOLDED_LEVELS_KEY, build_levels_query, build_misfits_query, build_typed_query
from credit.data.sql_text import quote_literal

_MAX_NEW_LEVELS = 20  # of a column that are counted one by one


def ingest_table(contract: Contract, raw: Path, typed: Path, file: str) -> int:
    """Write the typed table and return its number of rows; `file` is the contract's path, for messages.

    Raises CreditError that lists every missing, unknown or repeated column, or every column with values of another
    type together with the first such value and its row.
    """
    connection = _connect_duckdb(typed.parent)
    bound, table, types = bind_raw_table(contract, raw, file, connection)
    with atomic_write(typed) as temporary:
        query = build_typed_query(bound, types, table.scan_sql(types))
        try:
            counts = _count_folded_levels(bound, types, table, connection)
            levels = f", KV_METADATA {{{FOLDED_LEVELS_KEY}: {quote_literal(json.dumps(counts))}}}" if counts else ""
            options = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880{levels}"
            rows: int = connection.execute(f"COPY ({query}) TO {quote_literal(temporary)} ({options})").fetchall()[0][0]
        except duckdb.Error as error:
            raise CreditError(
                _find_type_problems(bound, table, types, raw, connection)
                or find_failing_expressions(bound, types, table.scan_sql(types), file, connection)
                or describe_duckdb_error(raw, error)
            ) from None
        if not rows:
            raise CreditError(Problem(str(raw), "a header and no rows", "at least one row"))
    return rows


def _count_folded_levels(
    contract: Contract, types: Mapping[str, str], table: RawTable, connection: duckdb.DuckDBPyConnection
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


def _connect_duckdb(folder: Path) -> duckdb.DuckDBPyConnection:
    folder.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(config={"memory_limit": "1GB", "temp_directory": str(folder / ".duckdb")})
    connection.execute("SET TimeZone = 'UTC'")  # else the typed table depends on where it is made
    # the statistics of a Parquet file leave NaN out: believing them, DuckDB takes a column with NaN for one without
    connection.execute("SET disabled_optimizers = 'statistics_propagation'")
    if sys.stderr.isatty():
        connection.execute("SET enable_progress_bar = true")
    return connection


def _find_type_problems(
    contract: Contract, table: RawTable, types: Mapping[str, str], raw: Path, connection: duckdb.DuckDBPyConnection
) -> list[Problem]:
    """Read everything once more, a CSV file as text, and find per column the first value that cannot be cast."""
    sources = dict(types) if table.parquet else dict.fromkeys(table.columns, "VARCHAR")
    try:
        found = connection.execute(build_misfits_query(contract, sources, table.scan_sql(sources))).fetchall()[0]
    except duckdb.Error as error:
        return [describe_duckdb_error(raw, error)]  # not readable even as text: its lines are not those of a table
    problems = []
    for name, count, row, value in zip(contract.raw, found[::3], found[1::3], found[2::3], strict=True):
        if count:
            text = f"{value!r} in row {row}" + (f" and {count - 1:,} more like it" if count > 1 else "")
            column = contract.columns[name]
            written = f" {column.format}" if column.format else ""
            expected = f"{column.type}{written} or a declared code for missing"
            problems.append(Problem(f"{raw}: {name}", text, expected))
    return problems


@make_stage(__doc__)
def run(contract_file: Path, raw: Path, typed_file: Path) -> None:
    """Write the typed table."""
    contract = load_contract(contract_file)
    rows = ingest_table(contract, raw, typed_file, contract.file or str(contract_file))
    print(f"{rows:,} rows typed")

"""Bind a contract to the raw file: its columns and their types, and every expression tried on them, without a row."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from credit.common.errors import CreditError, Problem, raise_if_any
from credit.contract import Contract
from credit.data.casts.columns import cast_sql, choose_reading_type
from credit.data.casts.missing_codes import decode_missing_sql, is_present_sql
from credit.data.contract_check import find_sql_problems
from credit.data.raw_errors import describe_duckdb_error
from credit.data.raw_files import RawTable, open_raw_table

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class BoundTable(NamedTuple):
    """A raw table and the contract with its families replaced by their members; `types`: to read each column as."""

    contract: Contract
    table: RawTable
    types: dict[str, str]


def bind_raw_table(
    contract: Contract, raw: Path, file: str, connection: "DuckDBPyConnection", roots: Sequence[str] = ()
) -> BoundTable:
    """Bind the contract to the header of the raw file; `file` is the contract's path, for messages.

    `roots`: below which the files of a manifest may be.
    Raises CreditError that lists every missing, unknown or repeated column, and every expression that does not run.
    """
    import duckdb

    table = open_raw_table(raw, contract.columns.keys(), connection, roots)
    bound = contract.bind(table.columns, str(raw))
    raise_if_any([*_find_replaced_columns(bound, table.columns, raw), *find_sql_problems(bound, file)])
    if table.parquet:
        try:
            types = {row[0]: row[1] for row in connection.execute(f"DESCRIBE FROM {table.scan_sql({})}").fetchall()}
        except duckdb.Error as error:
            raise CreditError(describe_duckdb_error(raw, error)) from None
    else:
        types = {name: choose_reading_type(bound.columns[name]) for name in table.columns}
    return BoundTable(bound, table, types)


def _find_replaced_columns(contract: Contract, names: Iterable[str], raw: Path) -> list[Problem]:
    """Find columns of the file that the contract computes too, which would be lost."""
    fix = "rename one of them; `rule` is the value of the contract's rule"
    return [
        Problem(f"{raw}: {name}", "a column that the contract computes too", "another name", fix)
        for name in names
        if name in contract.derived
    ]


def find_raw_problems(contract: Contract, raw: Path, file: str, roots: Sequence[str] = ()) -> list[Problem]:
    """Find what `ingest` would refuse before it reads a row: other columns, and expressions that do not run on them."""
    import duckdb  # not needed where there is no raw file

    with duckdb.connect() as connection:
        try:
            bound = bind_raw_table(contract, raw, file, connection, roots)
            return list(_find_other_types(bound, raw, connection)) if bound.table.parquet else []
        except CreditError as error:
            return error.problems
        except duckdb.Error as error:
            return [describe_duckdb_error(raw, error)]


_KINDS = {"BOOLEAN": "boolean", "DATE": "moment", "TIME": "moment", "TIMESTAMP": "moment", "VARCHAR": "text"}
_READABLE = {"boolean": "boolean number text", "integer": "boolean number text", "number": "boolean number text"}
_READABLE |= dict.fromkeys(("date", "timestamp"), "moment text") | dict.fromkeys(("category", "text"), "any")
"""By type of the contract the kinds of Parquet columns of which some values can be read; the others are looked into."""


def _find_other_types(bound: BoundTable, raw: Path, connection: "DuckDBPyConnection") -> Iterator[Problem]:
    """Find the columns of a Parquet file whose type no cast makes that of the contract, unless all are empty."""
    import duckdb

    scan = bound.table.scan_sql({})
    for name, column in bound.contract.raw.items():
        source = bound.types[name]
        kind = _KINDS.get(source.split()[0].split("_")[0], "nested" if source.endswith(("]", ")")) else "number")
        kind = "number" if source.startswith("DECIMAL") else kind
        if _READABLE[column.type] == "any" or kind in _READABLE[column.type].split():
            continue
        value = cast_sql(name, column, source)
        present = is_present_sql(decode_missing_sql(name, column, source))
        try:
            query = f"SELECT 1 FROM {scan} WHERE {present} AND TRY({value}) IS NULL LIMIT 1"
            is_other = bool(connection.execute(query).fetchall())
        except duckdb.Error:
            is_other = True
        if is_other:
            fix = "change the type in the contract, or write the column as that type"
            yield Problem(f"{raw}: {name}", f"the Parquet type {source}", column.type, fix)

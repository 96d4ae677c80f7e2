"""Expressions of a contract that cannot be computed of some rows: which, of how many rows, and how to guard them."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from credit.common.errors import Problem
from credit.contract import Contract
from credit.contract.columns import Column
from credit.contract.sql_names import extract_sql_names
from credit.data.casts.columns import derive_sql
from credit.data.casts.table_queries import build_typed_query
from credit.data.sql_text import quote_identifier

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_GUARD = (
    "guard it: `try_cast(a AS DOUBLE)` for a cast, `cast(a AS DOUBLE) * b` for a product that is too large, "
    "or `try(...)` around it, after which such rows have no value"
)


def find_failing_expressions(
    contract: Contract, types: Mapping[str, str], scan: str, file: str, connection: "DuckDBPyConnection"
) -> list[Problem]:
    """Find each expression that fails of rows whose raw values are all as the contract says.

    `types`: the DuckDB types as which `scan` reads the columns of the raw file; `file`: the contract's path.
    """
    import duckdb

    raw = build_typed_query(contract.model_copy(update={"columns": dict(contract.raw)}), types, scan)
    row = "_row"
    while row in map(str.casefold, types):
        row += "_"
    problems = []
    for name, column in contract.derived.items():
        shapes = [_shape_sql(source) for source in _list_shown(contract, column)]
        fails = f"TRY(({derive_sql(column)}) IS NULL) IS NULL"
        query = (
            f"SELECT count(*), min({row}), arg_min([{', '.join(shapes)}]::VARCHAR[], {row}) "
            f"FROM (SELECT row_number() OVER () AS {row}, * FROM ({raw})) WHERE {fails}"
        )
        try:
            ((rows, first, shown),) = connection.execute(query).fetchall()
        except duckdb.Error as error:  # TRY takes no expression that draws at random
            rows, first, shown = 1, 0, [str(error).splitlines()[0]]
        if rows:
            where = f"{file}: rule.sql" if contract.is_rule_expression(name) else f"{file}: columns.{name}.sql"
            problems.append(_describe_failure(where, column, rows, first, shown))
    return problems


def _describe_failure(where: str, column: Column, rows: int, first: int, shown: list[str]) -> Problem:
    words = " ".join((column.sql or "").split())
    expression = words if len(words) <= 120 else f"{words[:117]}..."
    many = f"{rows:,} rows, the first is row {first}" if rows > 1 else f"row {first}"
    place = many if first else "some rows"
    seen = f" with {', '.join(shown)}" if shown else ""
    return Problem(where, f"{expression} fails for {place}{seen}", f"a value of type {column.type} or none", _GUARD)


def _list_shown(contract: Contract, column: Column) -> list[str]:
    """List the columns of an expression whose values' shapes may be shown: of groups of people none is."""
    used = extract_sql_names(column.sql or "")
    protected = {name for one in contract.protected for name in _name_sources(contract, one)}
    return [name for name in contract.raw if name.casefold() in used and name not in protected]


def _name_sources(contract: Contract, name: str) -> list[str]:
    sql = contract.columns[name].sql
    return [name] if sql is None else [raw for raw in contract.raw if raw.casefold() in extract_sql_names(sql)]


def _shape_sql(name: str) -> str:
    """Build SQL for the shape of a value, which is nobody's data: 9 for each digit, a for each letter."""
    text = f"CAST({quote_identifier(name)} AS VARCHAR)"
    shape = f"regexp_replace(regexp_replace({text}, '\\d', '9', 'g'), '\\pL', 'a', 'g')"
    label = re.sub("'", "''", name)
    return f"'{label} ' || coalesce('like ''' || left({shape}, 40) || '''', 'missing')"

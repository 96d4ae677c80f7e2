"""Check a contract before anything runs: all that would stop a later stage and needs no data to be seen."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from credit.common.errors import Problem, raise_if_any
from credit.contract import Contract
from credit.contract.completeness import find_gaps
from credit.contract.leakage import find_used_columns
from credit.contract.loading import outline_contract
from credit.contract.outline.parts import ContractOutline
from credit.contract.sql_names import extract_sql_names
from credit.data.casts.columns import SQL_TYPES, derive_sql
from credit.data.sql_text import quote_identifier

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def check_contract(path: Path) -> Contract:
    """Load a contract that the pipeline can go all the way with. Raises CreditError with everything that is wrong."""
    outline = outline_contract(path)
    raise_if_any(find_contract_problems(outline))
    return outline.contract


def find_contract_problems(outline: ContractOutline) -> list[Problem]:
    """Find everything that is wrong with a contract by itself."""
    unread = {name.casefold() for name in outline.roles} - {name.casefold() for name in outline.contract.columns}
    sql = find_sql_problems(outline.contract, outline.file, frozenset(unread))
    return [*outline.problems, *find_gaps(outline), *sql]


def find_sql_problems(contract: Contract, file: str, unread: frozenset[str] = frozenset()) -> list[Problem]:
    """Try the expression of each derived column, and of the rule, on a table without rows.

    The text may be that of a change, which the judge of its base tries: nothing runs that is more than one statement
    or that reaches a file. The table has a name that nobody knows, as that name is the whole row, protected columns
    and label included.

    `unread`: columns with faults of their own, in lower case; expressions that name them are not tried.
    """
    if not contract.derived:
        return []
    import duckdb  # not needed where nothing is derived

    members = {
        name: source
        for column in contract.derived.values()
        for name, source in find_used_columns(contract, column.sql or "")
    }
    nothing = ", ".join(
        f"CAST(NULL AS {SQL_TYPES[column.type]}) AS {quote_identifier(name)}"
        for name, column in {**members, **contract.raw}.items()
        if column.sql is None
    )
    problems = []
    with duckdb.connect(config={"enable_external_access": "false"}) as connection:
        for name, column in contract.derived.items():
            sql = column.sql or ""
            if extract_sql_names(sql) & unread:
                continue
            where = f"{file}: {'rule' if contract.is_rule_expression(name) else f'columns.{name}'}.sql"
            query = f"SELECT *, {derive_sql(column)} FROM (SELECT {nothing or 'NULL'}) AS row_{token_hex(8)} LIMIT 0"
            try:
                if len(connection.extract_statements(query)) > 1:
                    problems.append(Problem(where, "more than one statement", "one expression"))
                    continue
                connection.execute(query)
            except duckdb.Error as error:
                problems.append(Problem(where, str(error).splitlines()[0]))
            else:
                problems += [Problem(where, *told) for told in _find_doubtful_parts(connection, sql)]
    return problems


def _find_doubtful_parts(connection: "DuckDBPyConnection", sql: str) -> Iterator[tuple[str, str]]:
    """Find parts by which one application has another value than a table has, or that hide a column they read.

    By the parse tree of the engine itself. Yields pairs of texts: the finding, and the expectation.
    """
    (parsed,) = connection.execute("SELECT json_serialize_sql(?)", [f"SELECT {sql} FROM t"]).fetchone() or ("{}",)
    statements = json.loads(parsed).get("statements", [])
    values = statements[0]["node"].get("select_list") if len(statements) == 1 else None
    if values is None:
        yield "no expression by itself", "one expression"
        return
    parts = list(_walk(values))
    kinds = {part["class"] for part in parts}
    if len(values) != 1:
        yield f"{len(values)} values", "one expression"
    for kind, found in (("STAR", "a star"), ("SUBQUERY", "a query within it"), ("WINDOW", "a look at other rows")):
        if kind in kinds:
            yield found, "a value of one row, of columns by their names"
    volatile = {part["function_name"] for part in parts if part["class"] == "FUNCTION"} & _list_volatile()
    for function in sorted(volatile):
        yield f"{function}(), which gives another value each time", "a value of the row alone"
    names = {name.casefold() for part in parts if part["class"] == "COLUMN_REF" for name in part["column_names"][-1:]}
    if "STAR" not in kinds and not names:
        yield "no column", "a value of the row"
    for name in sorted(names - extract_sql_names(sql)):
        yield f"the column {name} between comments", "an expression without comments"


def _walk(node: Any) -> Iterator[dict[str, Any]]:
    """Walk through a parse tree; yield each node that has a class."""
    if isinstance(node, dict) and "class" in node:
        yield node
    for part in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _walk(part)


@cache
def _list_volatile() -> frozenset[str]:
    """List the functions that give another value each time. Once per process: each list goes through all there are."""
    import duckdb

    query = "SELECT DISTINCT function_name FROM duckdb_functions() WHERE stability <> 'CONSISTENT'"
    with duckdb.connect(config={"enable_external_access": "false"}) as connection:
        return frozenset(name for (name,) in connection.execute(query).fetchall())

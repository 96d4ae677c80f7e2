"""Check a contract before anything runs: all that would stop a later stage and needs no data to be seen."""

from pathlib import Path

from credit.common.errors import Problem, raise_if_any
from credit.contract import Contract
from credit.contract.completeness import find_gaps
from credit.contract.leakage import extract_sql_names, find_used_columns
from credit.contract.loading import outline_contract
from credit.data.raw_files import quote_identifier
from credit.data.sql_casts import SQL_TYPES, derive_sql


def check_contract(path: Path) -> Contract:
    """Load a contract that the pipeline can go all the way with. Raises CreditError with everything that is wrong."""
    outline = outline_contract(path)
    unread = {name.casefold() for name in outline.roles} - {name.casefold() for name in outline.contract.columns}
    raise_if_any(
        [*outline.problems, *find_gaps(outline), *find_sql_problems(outline.contract, outline.file, frozenset(unread))]
    )
    return outline.contract


def find_sql_problems(contract: Contract, file: str, unread: frozenset[str] = frozenset()) -> list[Problem]:
    """Try the expression of each derived column, and of the rule, on a table without rows.

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
    with duckdb.connect() as connection:
        for name, column in contract.derived.items():
            if extract_sql_names(column.sql or "") & unread:
                continue
            try:
                connection.execute(f"SELECT *, {derive_sql(column)} FROM (SELECT {nothing or 'NULL'}) LIMIT 0")
            except duckdb.Error as error:
                where = "rule.sql" if contract.is_rule_expression(name) else f"columns.{name}.sql"
                problems.append(Problem(f"{file}: {where}", str(error).splitlines()[0]))
    return problems

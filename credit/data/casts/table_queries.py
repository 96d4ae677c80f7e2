"""Queries over the raw table: the typed table, the levels that count as another, and the values that are of no type."""

from collections.abc import Iterable, Mapping

from credit.contract import Contract
from credit.data.casts.columns import cast_sql, derive_sql
from credit.data.casts.levels import fold_sql
from credit.data.casts.missing_codes import decode_missing_sql, is_present_sql
from credit.data.sql_text import quote_identifier, quote_literal

FOLDED_LEVELS_KEY = "folded_levels"
"""Of the metadata of the typed table: how many rows have which level of the file that counts as another one."""


def build_typed_query(contract: Contract, sources: Mapping[str, str], scan: str) -> str:
    """Build SQL for the typed table, its levels folded, with its derived columns, in the contract's order.

    `sources` are the DuckDB types of the raw columns as read by `scan`.
    """
    raw = ", ".join(
        f"{fold_sql(cast_sql(name, column, sources[name]), column)} AS {quote_identifier(name)}"
        for name, column in contract.raw.items()
    )
    derived = "".join(
        f", {derive_sql(column)} AS {quote_identifier(name)}" for name, column in contract.derived.items()
    )
    return f"SELECT *{derived} FROM (SELECT {raw} FROM {scan})"


def build_levels_query(contract: Contract, sources: Mapping[str, str], scan: str) -> str | None:
    """Build SQL that counts the levels of the file that count as another: column, level, rows, the commonest first.

    `sources` are the DuckDB types of the raw columns as read by `scan`. None where no column folds any.
    """
    parts = []
    for name, column in contract.raw.items():
        if column.has_folds:
            level = cast_sql(name, column, sources[name])
            changed = f"CASE WHEN {level} IS DISTINCT FROM {fold_sql(level, column)} THEN {level} END"
            parts.append(f"{{'name': {quote_literal(name)}, 'level': {changed}}}")
    if not parts:
        return None
    each = f"SELECT unnest([{', '.join(parts)}]) AS one FROM {scan}"
    return (
        f"SELECT one.name, one.level, count(*) FROM ({each}) WHERE one.level IS NOT NULL "
        "GROUP BY ALL ORDER BY 1, 3 DESC, 2"
    )


def build_misfits_query(contract: Contract, sources: Mapping[str, str], scan: str) -> str:
    """Build SQL that gives per raw column: how many values cannot be cast, the first one's row, and the value.

    `sources` are the DuckDB types of the raw columns as read by `scan`.
    """
    row = _choose_row_name(sources)
    checks = []
    for name, column in contract.raw.items():
        present = is_present_sql(decode_missing_sql(name, column, sources[name]))
        bad = f"{present} AND TRY({cast_sql(name, column, sources[name])}) IS NULL"
        checks += _list_first(bad, quote_identifier(name), row)
    return f"SELECT {', '.join(checks)} FROM (SELECT row_number() OVER () AS {row}, * FROM {scan})"


def build_derived_misfits_query(contract: Contract, sources: Mapping[str, str], scan: str) -> str:
    """Build SQL that gives the same per derived column, of the values of its expression; raw values can be cast."""
    row = _choose_row_name([*sources, *contract.columns])
    raw = "".join(
        f", {fold_sql(cast_sql(name, column, sources[name]), column)} AS {quote_identifier(name)}"
        for name, column in contract.raw.items()
    )
    checks = []
    for column in contract.derived.values():
        value = f"TRY(CAST(({column.sql}) AS VARCHAR))"
        checks += _list_first(f"{value} IS NOT NULL AND TRY({derive_sql(column)}) IS NULL", value, row)
    return f"SELECT {', '.join(checks)} FROM (SELECT row_number() OVER () AS {row}{raw} FROM {scan})"


def _choose_row_name(names: Iterable[str]) -> str:
    row, taken = "_row", {name.casefold() for name in names}
    while row in taken:
        row += "_"
    return row


def _list_first(bad: str, value: str, row: str) -> list[str]:
    """List the figures of bad values: how many they are, the row of the first, and that one."""
    return [
        f"count(*) FILTER ({bad})",
        f"min({row}) FILTER ({bad})",
        f"arg_min(CAST({value} AS VARCHAR), {row}) FILTER ({bad})",
    ]

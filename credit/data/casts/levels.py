"""Casts of the levels of a category, and of texts: the same level, however a program writes its number."""

from credit.contract.columns import Column
from credit.contract.levels import UNDISCLOSED
from credit.data.sql_text import quote_literal

EXACT_FLOATS = {"FLOAT": 2**24, "DOUBLE": 2**53}
"""By DuckDB's type of a float the number from which on two whole numbers may be the same one."""


def cast_text_sql(value: str, column: Column, source: str) -> str:
    """Build SQL for a text. Databases and pandas write 1.0 for the category 1 where some values are missing.

    Of an identifier no digit may be lost, so that a float too large to be exact fails.
    """
    text = f"CAST({value} AS VARCHAR)"
    if source in ("FLOAT", "DOUBLE"):
        code = f"CAST(CAST({value} AS BIGINT) AS VARCHAR)"
        lost = ""
        if column.role in ("id", "group"):
            largest = EXACT_FLOATS[source]
            lost = f"WHEN abs({value}) >= {largest} THEN CAST(CAST('not ' || {text} AS BIGINT) AS VARCHAR) "
        return f"CASE {lost}WHEN {is_whole_sql(value, source)} THEN {code} WHEN NOT isnan({value}) THEN {text} END"
    if source.startswith("DECIMAL"):
        return rf"regexp_replace({text}, '\.0+$', '')"
    codes = [*map(str, column.allowed or ()), *column.folded]
    if column.type == "category":
        codes += map(str, column.missing_codes)
    if source != "VARCHAR" or not any(code.isdigit() for code in codes):
        return text
    known = ", ".join(map(quote_literal, codes))
    is_code = f"{text} LIKE '%.0' AND left({text}, -2) IN ({known}) AND {text} NOT IN ({known})"
    return f"CASE WHEN {is_code} THEN left({text}, -2) ELSE {text} END"


def is_whole_sql(value: str, source: str = "DOUBLE") -> str:
    """Build SQL for whether a number is whole, and small enough for a float, of the type `source`, to be exact."""
    number = f"CAST({value} AS DOUBLE)"
    return f"abs({number}) < {EXACT_FLOATS[source]} AND {number} = trunc({number})"


def fold_sql(level: str, column: Column) -> str:
    """Build SQL for the level that a level of the file counts as; `ColumnLevels.fold_level` does it for one value."""
    cases = "".join(
        f"WHEN {level} IN ({', '.join(map(quote_literal, levels))}) THEN {quote_literal(into)} "
        for into, levels in column.fold
        if levels
    )
    if column.new_levels is not None:
        allowed = ", ".join(map(quote_literal, column.allowed or ()))
        into = "NULL" if column.new_levels == UNDISCLOSED else quote_literal(column.new_levels)
        cases += f"WHEN {level} NOT IN ({allowed}) THEN {into} "
    return f"CASE {cases}ELSE {level} END" if cases else level

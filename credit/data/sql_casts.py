"""Casts by the contract, as SQL: raw values become typed ones or fail, and are never rounded or guessed."""

from collections.abc import Mapping

from credit.contract import Contract
from credit.contract.columns import Column
from credit.contract.levels import UNDISCLOSED
from credit.data.sql_text import quote_identifier, quote_literal
from credit.data.text_reading import is_written_text, read_text_sql

FOLDED_LEVELS_KEY = "folded_levels"
"""Of the metadata of the typed table: how many rows have which level of the file that counts as another one."""

SQL_TYPES = {
    "boolean": "BOOLEAN",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "category": "VARCHAR",
    "text": "VARCHAR",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}


_READING_TYPES = {
    "number": "DOUBLE",
    "date": "TIMESTAMP",  # so that a time of day is seen, and not cut off
    "timestamp": "TIMESTAMP WITH TIME ZONE",  # so that an offset is seen, and not ignored
}


def choose_reading_type(column: Column) -> str:
    """Choose the DuckDB type to read a column of a CSV file as, so that nothing is lost before the cast."""
    if column.missing_codes or column.format:
        return "VARCHAR"
    if column.type == "integer" and column.range and None not in column.range:
        return "DOUBLE"  # exact within any such range, and much faster than text
    return _READING_TYPES.get(column.type, "VARCHAR")


def decode_missing_sql(name: str, column: Column, source: str) -> str:
    """Build SQL for the raw value of DuckDB type `source`, NULL where it is one of the column's codes for missing."""
    quoted = quote_identifier(name)
    if not column.missing_codes:
        return quoted
    texts = ", ".join(quote_literal(str(code)) for code in column.missing_codes)
    numbers = ", ".join(str(code) for code in column.missing_codes if not isinstance(code, str)) or "NULL"
    plain = read_text_sql(quoted, column.format) if column.format and is_written_text(column, source) else quoted
    is_code = f"CAST({quoted} AS VARCHAR) IN ({texts}) OR TRY_CAST({plain} AS DOUBLE) IN ({numbers})"
    return f"CASE WHEN {is_code} THEN NULL ELSE {quoted} END"


def is_present_sql(value: str) -> str:
    """Build SQL for whether there is a value; the NaN of floating point columns means that there is none."""
    return f"lower(CAST({value} AS VARCHAR)) <> 'nan'"


def cast_sql(name: str, column: Column, source: str) -> str:
    """Build SQL that casts the raw column `name` of DuckDB type `source`; a value of another type makes it fail."""
    value = decode_missing_sql(name, column, source)
    if column.format and is_written_text(column, source):
        value, source = read_text_sql(value, column.format), "VARCHAR"
    if column.type == "number":
        return f"CASE WHEN NOT isnan(CAST({value} AS DOUBLE)) THEN CAST({value} AS DOUBLE) END"
    if column.type == "timestamp":
        moment = f"CAST({value} AS TIMESTAMP WITH TIME ZONE)" if source == "VARCHAR" else value
        return f"CAST({moment} AS TIMESTAMP)"
    if column.type in ("category", "text"):
        return _cast_text_sql(value, column, source)
    branches = {"boolean": _cast_boolean_sql, "integer": _cast_integer_sql, "date": _cast_date_sql}[column.type](
        value, source
    )
    wrong = f"CAST('not ' || CAST({value} AS VARCHAR) AS {SQL_TYPES[column.type]})"
    return f"CASE {branches} WHEN {is_present_sql(value)} THEN {wrong} END"


def _cast_boolean_sql(value: str, source: str) -> str:
    """Build SQL for a boolean. Databases and pandas write 1.0 for true where some values are missing."""
    if source == "BOOLEAN":
        return f"WHEN {value} IS NOT NULL THEN {value}"
    number, word = f"TRY_CAST({value} AS DOUBLE)", f"TRY_CAST(CAST({value} AS VARCHAR) AS BOOLEAN)"
    return f"WHEN {number} IN (0, 1) THEN {number} = 1 WHEN {word} IS NOT NULL THEN {word}"


def _cast_integer_sql(value: str, source: str) -> str:
    """Build SQL for an integer: digits exactly, up to 64 bits; 3.0 and 1e3 too, as far as a float is exact."""
    if source.endswith(("INT", "INTEGER")):
        return f"WHEN {value} IS NOT NULL THEN CAST({value} AS BIGINT)"
    digits = f"WHEN regexp_full_match({value}, '[+-]?[0-9]+') THEN CAST({value} AS BIGINT) "
    whole = f"WHEN {_is_whole_sql(value)} THEN CAST(CAST({value} AS DOUBLE) AS BIGINT)"
    return f"{digits}{whole}" if source == "VARCHAR" else whole


def _is_whole_sql(value: str) -> str:
    number = f"CAST({value} AS DOUBLE)"
    return f"abs({number}) < 9007199254740992 AND {number} = trunc({number})"


def _cast_date_sql(value: str, source: str) -> str:
    """Build SQL for a date; a moment is a date at midnight only."""
    moment = f"CAST({value} AS TIMESTAMP)"
    return f"WHEN {moment} = date_trunc('day', {moment}) THEN CAST({moment} AS DATE)"


def _cast_text_sql(value: str, column: Column, source: str) -> str:
    """Build SQL for a text. Databases and pandas write 1.0 for the category 1 where some values are missing."""
    text = f"CAST({value} AS VARCHAR)"
    if source in ("FLOAT", "DOUBLE"):
        code = f"CAST(CAST({value} AS BIGINT) AS VARCHAR)"
        return f"CASE WHEN {_is_whole_sql(value)} THEN {code} WHEN {is_present_sql(value)} THEN {text} END"
    codes = [*map(str, column.allowed or ()), *column.folded]
    if not any(code.isdigit() for code in codes):
        return text
    known = ", ".join(map(quote_literal, codes))
    is_code = f"{text} LIKE '%.0' AND left({text}, -2) IN ({known}) AND {text} NOT IN ({known})"
    return f"CASE WHEN {is_code} THEN left({text}, -2) ELSE {text} END"


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


def derive_sql(column: Column) -> str:
    """Build SQL for a derived column, over the typed columns."""
    return f"CAST(({column.sql}) AS {SQL_TYPES[column.type]})"


def build_misfits_query(contract: Contract, sources: Mapping[str, str], scan: str) -> str:
    """Build SQL that gives per raw column: how many values cannot be cast, the first one's row, and the value.

    `sources` are the DuckDB types of the raw columns as read by `scan`.
    """
    checks, row = [], "_row"
    while row in map(str.casefold, sources):
        row += "_"
    for name, column in contract.raw.items():
        present = is_present_sql(decode_missing_sql(name, column, sources[name]))
        bad = f"{present} AND TRY({cast_sql(name, column, sources[name])}) IS NULL"
        checks += [
            f"count(*) FILTER ({bad})",
            f"min({row}) FILTER ({bad})",
            f"arg_min(CAST({quote_identifier(name)} AS VARCHAR), {row}) FILTER ({bad})",
        ]
    return f"SELECT {', '.join(checks)} FROM (SELECT row_number() OVER () AS {row}, * FROM {scan})"

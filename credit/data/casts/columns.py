"""Casts of the columns of a contract: from the raw type to that of the column, and of derived ones."""

from credit.contract.columns import Column
from credit.data.casts.levels import cast_text_sql, is_whole_sql
from credit.data.casts.missing_codes import decode_missing_sql, is_present_sql
from credit.data.casts.written_text import is_written_text, read_text_sql

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
    return _READING_TYPES.get(column.type, "VARCHAR")


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
        return cast_text_sql(value, column, source)
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
    if source in ("FLOAT", "DOUBLE"):
        return f"WHEN {is_whole_sql(value, source)} THEN CAST({value} AS BIGINT)"
    text = f"CAST({value} AS VARCHAR)"
    digits = rf"WHEN regexp_full_match({text}, '\s*[+-]?[0-9]+(\.0*)?\s*') THEN CAST({text} AS BIGINT) "
    return f"{digits}WHEN {text} ILIKE '%e%' AND {is_whole_sql(text)} THEN CAST(CAST({text} AS DOUBLE) AS BIGINT)"


def _cast_date_sql(value: str, source: str) -> str:
    """Build SQL for a date; a moment is a date at midnight only."""
    moment = f"CAST({value} AS TIMESTAMP)"
    return f"WHEN {moment} = date_trunc('day', {moment}) THEN CAST({moment} AS DATE)"


def derive_sql(column: Column) -> str:
    """Build SQL for a derived column, over the typed columns; it fails rather than round: half a month is no integer.

    The expression says how, by `round` or `floor` for example.
    """
    value, kind = f"({column.sql})", SQL_TYPES[column.type]
    cast = f"CAST({value} AS {kind})"
    wrong = f"CAST('not ' || CAST({value} AS VARCHAR) AS {kind})"
    if column.type == "integer":
        return f"CASE WHEN CAST({value} AS DOUBLE) = {cast} THEN {cast} ELSE {wrong} END"
    if column.type == "boolean":
        return f"CASE WHEN TRY_CAST(CAST({value} AS VARCHAR) AS DOUBLE) NOT IN (0, 1) THEN {wrong} ELSE {cast} END"
    if column.type == "date":
        return f"CASE WHEN CAST({value} AS TIMESTAMP) = {cast} THEN {cast} ELSE {wrong} END"
    return cast

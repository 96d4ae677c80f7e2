"""Casts by the contract, as SQL: raw values become typed ones or fail, and are never rounded or guessed."""

from collections.abc import Mapping

from credit.columns import Column
from credit.contract import Contract
from credit.raw import literal, quoted

SQL_TYPES = {
    "boolean": "BOOLEAN",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "category": "VARCHAR",
    "text": "VARCHAR",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}


def reading_type(column: Column) -> str:
    """The DuckDB type to read a column of a CSV file as, so that nothing is lost before the cast."""
    if column.missing_codes or column.type == "boolean":
        return "VARCHAR"
    return "DOUBLE" if column.type == "integer" else SQL_TYPES[column.type]


def value_of(name: str, column: Column) -> str:
    """SQL: the raw value, NULL where it is one of the column's codes for missing."""
    if not column.missing_codes:
        return quoted(name)
    texts = ", ".join(literal(str(code)) for code in column.missing_codes)
    numbers = ", ".join(str(code) for code in column.missing_codes if not isinstance(code, str)) or "NULL"
    is_code = f"CAST({quoted(name)} AS VARCHAR) IN ({texts}) OR TRY_CAST({quoted(name)} AS DOUBLE) IN ({numbers})"
    return f"CASE WHEN {is_code} THEN NULL ELSE {quoted(name)} END"


def present(value: str) -> str:
    """SQL: there is a value, and it is not the NaN by which floating point columns say that there is none."""
    return f"lower(CAST({value} AS VARCHAR)) <> 'nan'"


def cast(name: str, column: Column, source: str) -> str:
    """SQL that casts the raw column `name` of DuckDB type `source`; a value of another type makes it fail."""
    value = value_of(name, column)
    number = f"CAST({value} AS DOUBLE)"
    is_whole = f"abs({number}) < 9007199254740992 AND {number} = trunc({number})"
    whole = f"CAST({number} AS BIGINT)"
    if column.type == "boolean" and source != "BOOLEAN":  # databases and pandas write 1.0 where some are missing
        maybe = f"TRY_CAST({value} AS DOUBLE)"
        text = f"CAST(CAST({value} AS VARCHAR) AS BOOLEAN)"
        return f"CASE WHEN {maybe} IN (0, 1) THEN {maybe} = 1 WHEN {present(value)} THEN {text} END"
    if column.type == "integer":
        fail = f"CAST('not ' || {value} AS BIGINT)"
        return f"CASE WHEN {is_whole} THEN {whole} WHEN {present(value)} THEN {fail} END"
    if column.type == "number":
        return f"CASE WHEN NOT isnan({number}) THEN {number} END"
    if column.type in ("category", "text") and source in ("FLOAT", "DOUBLE"):  # 1.0 is the category "1"
        text = f"CAST({value} AS VARCHAR)"
        return f"CASE WHEN {is_whole} THEN CAST({whole} AS VARCHAR) WHEN {present(value)} THEN {text} END"
    return f"CAST({value} AS {SQL_TYPES[column.type]})"


def typed_query(contract: Contract, sources: Mapping[str, str], scan: str) -> str:
    """SQL for the typed table with its derived columns, in the contract's order.

    `sources` are the DuckDB types of the raw columns as read by `scan`.
    """
    raw = ", ".join(f"{cast(name, column, sources[name])} AS {quoted(name)}" for name, column in contract.raw.items())
    derived = "".join(f", {derivation(column)} AS {quoted(name)}" for name, column in contract.derived.items())
    return f"SELECT *{derived} FROM (SELECT {raw} FROM {scan})"


def derivation(column: Column) -> str:
    """SQL for a derived column, over the typed columns."""
    return f"CAST(({column.sql}) AS {SQL_TYPES[column.type]})"


def misfits_query(contract: Contract, sources: Mapping[str, str], scan: str) -> str:
    """SQL that gives, for each raw column in turn: how many values cannot be cast, the first one's row, and the value.

    `sources` are the DuckDB types of the raw columns as read by `scan`.
    """
    checks = []
    for name, column in contract.raw.items():
        bad = f"{present(value_of(name, column))} AND TRY({cast(name, column, sources[name])}) IS NULL"
        checks += [
            f"count(*) FILTER ({bad})",
            f"min(_row) FILTER ({bad})",
            f"arg_min(CAST({quoted(name)} AS VARCHAR), _row) FILTER ({bad})",
        ]
    return f"SELECT {', '.join(checks)} FROM (SELECT row_number() OVER () AS _row, * FROM {scan})"

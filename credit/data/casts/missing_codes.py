"""Codes for missing: a value is a code where the column would read both as the same, and never nearly so."""

import re

from credit.contract.columns import Column
from credit.data.casts.levels import cast_text_sql
from credit.data.casts.written_text import is_written_text, read_text_sql
from credit.data.sql_text import quote_identifier, quote_literal

_FLOATS = ("FLOAT", "DOUBLE")
_MOMENT = "TIMESTAMP WITH TIME ZONE"


def decode_missing_sql(name: str, column: Column, source: str) -> str:
    """Build SQL for the raw value of DuckDB type `source`, NULL where it is one of the column's codes for missing."""
    quoted = quote_identifier(name)
    if not column.missing_codes:
        return quoted
    if column.type in ("category", "text"):
        is_code = f"{cast_text_sql(quoted, column, source)} IN ({_list_texts(column)})"
    else:
        find = _find_moment_codes if column.type in ("date", "timestamp") else _find_number_codes
        tests = [f"CAST({quoted} AS VARCHAR) IN ({_list_texts(column)})", *find(quoted, column, source)]
        is_code = " OR ".join(tests)
    return f"CASE WHEN {is_code} THEN NULL ELSE {quoted} END"


def _list_texts(column: Column) -> str:
    whole = [str(int(code)) for code in column.missing_codes if isinstance(code, float) and code.is_integer()]
    return ", ".join(map(quote_literal, dict.fromkeys([*map(str, column.missing_codes), *whole])))


def _find_number_codes(value: str, column: Column, source: str) -> list[str]:
    """Build the tests for numbers: whole codes digit by digit, as beyond 2^53 two of them are the same to a float."""
    numbers = [code for code in column.missing_codes if not isinstance(code, str)]
    if not numbers:
        return []
    if source in _FLOATS:
        alike = ", ".join(f"CAST({code} AS {source})" for code in numbers if _is_exact(code))
        return [f"{value} IN ({alike})"] if alike else []
    is_written = is_written_text(column, source)
    text = read_text_sql(value, column.format) if column.format and is_written else f"CAST({value} AS VARCHAR)"
    whole = [int(code) for code in numbers if float(code).is_integer()]
    parts = [str(code) for code in numbers if not float(code).is_integer()]
    tests = []
    if whole:
        digits = "|".join(_build_pattern(code) for code in whole)
        tests.append(rf"regexp_full_match({text}, '\s*({digits})(\.0*)?\s*')")
        short = ", ".join(str(code) for code in whole if _is_exact(code))
        if short:  # 9.9e1 is 99
            tests.append(f"({text} ILIKE '%e%' AND TRY_CAST({text} AS DOUBLE) IN ({short}))")
    return [*tests, *([f"TRY_CAST({text} AS DOUBLE) IN ({', '.join(parts)})"] if parts else [])]


def _is_exact(code: float) -> bool:
    """Tell whether a float is the code itself, and not the nearest one to it."""
    return isinstance(code, float) or int(float(code)) == code


def _build_pattern(code: int) -> str:
    sign = "[+-]?" if code == 0 else "-" if code < 0 else r"\+?"
    return f"{sign}0*{abs(code)}"


def _find_moment_codes(value: str, column: Column, source: str) -> list[str]:
    """Build the test for dates: a code that is a date is that date in any notation that the column reads."""
    dates = [quote_literal(code) for code in column.missing_codes if isinstance(code, str) and re.search(r"\d", code)]
    if not dates:
        return []
    if column.format and is_written_text(column, source):
        value = read_text_sql(value, column.format)
        dates = [*dates, *(read_text_sql(code, column.format) for code in dates)]
    codes = ", ".join(f"TRY_CAST({code} AS {_MOMENT})" for code in dates)
    return [f"TRY_CAST({value} AS {_MOMENT}) IN ({codes})"]


def is_present_sql(value: str) -> str:
    """Build SQL for whether there is a value; the NaN of floating point columns means that there is none."""
    return f"lower(CAST({value} AS VARCHAR)) <> 'nan'"

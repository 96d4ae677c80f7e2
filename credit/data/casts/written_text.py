"""Read texts as the contract's format says that the file writes numbers and dates, as SQL."""

import re

from credit.contract.columns import Column
from credit.contract.text_format import TextFormat
from credit.data.sql_text import quote_literal

_RARE_BLANKS = "chr(160) || chr(8239)"  # which no line is broken at; French and Swiss programs write them
_EXPONENT = r"([eE][+-]?\d+)?"


def is_written_text(column: Column, source: str) -> bool:
    """Tell whether values of the DuckDB type `source` are read by the column's format; numbers and dates are none."""
    if column.format is None:
        return False
    is_number = source.endswith(("INT", "INTEGER"))  # 20261231 may be a date
    return source == "VARCHAR" or (column.format.date is not None and is_number)


def read_text_sql(value: str, written: TextFormat) -> str:
    """Build SQL for a value of the file in plain notation: 1234.5, or 2026-01-31 00:00:00.

    Any other text becomes `not ...`, so that no cast takes it: where the point is that of thousands, 1.5 is an error
    and not one and a half.
    """
    text = f"trim(translate(CAST({value} AS VARCHAR), {_RARE_BLANKS}, '  '))"
    plain = _read_number_sql(text, written) if written.date is None else _read_date_sql(text, written.date)
    return f"CASE WHEN lower(CAST({value} AS VARCHAR)) <> 'nan' THEN coalesce({plain}, 'not ' || {text}) END"


def _read_date_sql(text: str, pattern: str) -> str:
    moment = f"try_strptime({text}, {quote_literal(pattern)})"
    # of 31/12/20 the pattern %Y makes the year 20
    return f"CASE WHEN {moment} >= TIMESTAMP '1000-01-01' THEN CAST({moment} AS VARCHAR) END"


def _read_number_sql(text: str, written: TextFormat) -> str:
    plain = f"replace({text}, {quote_literal(written.unit.strip())}, '')" if written.unit else text
    for mark in (written.thousands or " ", " "):
        plain = f"replace({plain}, {quote_literal(mark)}, '')"
    plain = f"replace({plain}, {quote_literal(written.decimal_mark)}, '.')"
    return f"CASE WHEN regexp_full_match({text}, {quote_literal(build_number_pattern(written))}) THEN {plain} END"


def build_number_pattern(written: TextFormat) -> str:
    """Build the pattern of a number that is written so, with its sign and unit."""
    decimal, thousands = re.escape(written.decimal_mark), written.thousands
    whole = r"\d+" if thousands is None else rf"([1-9]\d{{0,2}}({_escape_mark(thousands)}\d{{3}})+|\d+)"
    number = rf"({whole}({decimal}\d*)?|{decimal}\d+){_EXPONENT}"
    if written.unit is None:
        return f"[+-]?{number}"
    unit = re.escape(written.unit.strip())
    return rf"[+-]? *{unit} *[+-]?{number}|[+-]?{number} *{unit}"


def _escape_mark(mark: str) -> str:
    return " " if mark.isspace() else re.escape(mark)

"""Read texts as the contract's format says that the file writes numbers and dates, as SQL."""

import re

from credit.contract.columns import Column
from credit.contract.text_format import TextFormat
from credit.data.sql_text import quote_literal

RARE_BLANKS = (160, 8194, 8195, 8199, 8201, 8239)
"""Blanks of a fixed or narrow width; French and Swiss programs write them between thousands."""

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
    text = f"trim({translate_blanks_sql(f'CAST({value} AS VARCHAR)')})"
    plain = _read_number_sql(text, written) if written.date is None else _read_date_sql(text, written.date)
    return f"CASE WHEN lower(CAST({value} AS VARCHAR)) <> 'nan' THEN coalesce({plain}, 'not ' || {text}) END"


def translate_blanks_sql(text: str) -> str:
    """Build SQL for a text with plain blanks for rare ones."""
    rare = " || ".join(f"chr({code})" for code in RARE_BLANKS)
    return f"translate({text}, {rare}, '{' ' * len(RARE_BLANKS)}')"


def _read_date_sql(text: str, pattern: str) -> str:
    moment = f"try_strptime({text}, {quote_literal(pattern)})"
    # of 31/12/20 the pattern %Y makes the year 20
    return f"CASE WHEN {moment} >= TIMESTAMP '1000-01-01' THEN CAST({moment} AS VARCHAR) END"


def _read_number_sql(text: str, written: TextFormat) -> str:
    plain = f"replace({text}, {quote_literal(written.unit.strip())}, '')" if written.unit else text
    for mark in (written.thousands or " ", " "):
        plain = f"replace({plain}, {quote_literal(mark)}, '')"
    plain = f"replace({plain}, {quote_literal(written.decimal_mark)}, '.')"
    if written.negative:
        sign = quote_literal(written.negative.replace("1", ""))
        bare = f"translate({plain}, {sign}, '')"
        plain = f"CASE WHEN {plain} = {bare} THEN {plain} ELSE '-' || {bare} END"
    return f"CASE WHEN regexp_full_match({text}, {quote_literal(build_number_pattern(written))}) THEN {plain} END"


def build_number_pattern(written: TextFormat) -> str:
    """Build the pattern of a number that is written so, with its sign and unit."""
    decimal, thousands = re.escape(written.decimal_mark), written.thousands
    whole = r"\d+" if thousands is None else rf"({_group_digits(thousands)}|\d+)"
    number = rf"({whole}({decimal}\d*)?|{decimal}\d+){_EXPONENT}"
    unit = re.escape((written.unit or "").strip())
    sides = [(rf"{unit} *", ""), ("", rf" *{unit}")] if unit else [("", "")]
    plain = [rf"[+-]? *{first}[+-]?{number}{last}" if first else rf"[+-]?{number}{last}" for first, last in sides]
    if written.negative is None:
        return "|".join(plain)
    start, end = map(re.escape, written.negative.split("1"))
    return "|".join([*plain, *(rf"{start} *{first}{number}{last} *{end}" for first, last in sides)])


def _group_digits(mark: str) -> str:
    """Build the pattern of digits in groups of three; with commas also as in India, 12,34,567."""
    one = _escape_mark(mark)
    western = rf"[1-9]\d{{0,2}}({one}\d{{3}})+"
    return rf"{western}|[1-9]\d?({one}\d{{2}})+{one}\d{{3}}" if mark == "," else western


def _escape_mark(mark: str) -> str:
    return " " if mark.isspace() else re.escape(mark)

"""The formats that a column of texts may be written by: marks of numbers, signs, units, and the order of a date."""

import re

from contract_draft.values.text_table import TextTable
from credit.contract.text_format import TextFormat
from credit.data.casts.written_text import translate_blanks_sql
from credit.data.sql_text import quote_literal

_MONEY = r"[$€£¥₹₽₺₩]|R\$|US\$|USD|EUR|GBP|CHF|BRL|MXN|PLN|SEK|NOK|DKK|CZK|INR|Rs\.?|zł|kr\.?|Kč"
_MINUS = "\N{MINUS SIGN}"
_BEFORE = rf"^[(+{_MINUS}-]?\s*({_MONEY})\s*[+-]?[.,]?\d"
_BEHIND = rf"^[^A-Za-z]*\d[.,]?(\s*(?:%|{_MONEY})|\s+[a-z][a-z. ]*)[)-]?$"
_NEGATIVES = (None, "(1)", "1-", f"{_MINUS}1")
_MARKS = (
    TextFormat(),
    TextFormat(thousands=","),
    TextFormat(decimal=","),
    TextFormat(decimal=",", thousands="."),
    TextFormat(thousands=" "),
    TextFormat(decimal=",", thousands=" "),
    TextFormat(thousands="'"),
    TextFormat(thousands="\N{RIGHT SINGLE QUOTATION MARK}"),  # as Swiss programs write it
)
_DAYS = (
    *(f"{first}{mark}{last}" for mark in "/-." for last in ("%Y", "%y") for first in (f"%d{mark}%m", f"%m{mark}%d")),
    *("%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d%b%Y", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d %B %Y"),
    *("%b %d, %Y", "%B %d, %Y"),
)
_MONTHS = ("%b-%Y", "%b-%y", "%y-%b", "%b %Y", "%B %Y", "%m/%Y", "%m-%Y", "%m.%Y", "%Y-%m", "%Y/%m")
_CLOCKS = (" %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", ":%H:%M:%S")


def list_number_formats(table: TextTable) -> list[TextFormat]:
    """List the formats of numbers for the texts of the table `seen`, with the unit and the signs that these have."""
    unit = _find_unit(table)
    signs = [sign for sign in _NEGATIVES if sign is None or _is_negated(table, sign)]
    return [one.model_copy(update={"unit": unit, "negative": sign}) for sign in signs for one in _MARKS]


def list_date_formats() -> list[TextFormat]:
    """List the formats of dates, months and moments, the likelier ones first."""
    moments = [f"{day}{clock}" for day in ("%Y-%m-%d", *_DAYS) for clock in _CLOCKS]
    return [TextFormat(date=pattern) for pattern in (*_DAYS, *_MONTHS, *moments)]


def _is_negated(table: TextTable, sign: str) -> bool:
    """Tell whether a text has a minus, or parentheses, where this way to write a negative number has them."""
    pattern = quote_literal(rf"\s*{re.escape(sign).replace('1', '.*[0-9].*')}\s*")
    found = f"select 1 from seen where known and regexp_full_match(text, {pattern}) limit 1"
    return bool(table.connection.execute(found).fetchall())


def _find_unit(table: TextTable) -> str | None:
    """Find the sign or the words that stand beside most of the numbers."""
    text = f"trim({translate_blanks_sql('text')})"
    before, behind = (f"regexp_extract({text}, {quote_literal(pattern)}, 1)" for pattern in (_BEFORE, _BEHIND))
    found = f"select {before}, trim({behind}), sum(n) from seen where known group by all order by 3 desc, 1, 2 limit 1"
    first, last, *_ = (table.connection.execute(found).fetchall() or [("", "")])[0]
    return None if bool(first) == bool(last) else str(first or last)

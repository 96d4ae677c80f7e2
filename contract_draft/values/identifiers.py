"""Identifiers by their values, whatever the column is called: numbers or codes that tell rows or people apart."""

from typing import Any

from contract_draft.values.text_table import TextTable
from credit.contract.levels import ColumnType

LONG_NUMBERS = "numbers of so many digits"
"""What speaks for an identifier where a number is larger than any amount."""

_LARGEST_EXACT = 2**53  # beyond it two whole numbers are the same to a float
_MIN_ROWS = 100  # in fewer rows amounts may all be different by chance
_MIN_CODE_ROWS = 20
_MIN_DISTINCT, _MIN_SHARE = 50, 0.1  # of a person there are some rows, and of people many
_MIN_DIGITS = 6  # years and the like have fewer
_MAX_ROUND = 0.25  # of amounts more end with a 0
_NEARLY_ALL = 0.95
_CODE = r"\S*\d\S*"
_MIN_LENGTH = 4
_ADDRESS = r"[^\s@]+@[^\s@]+"


def describe_identifying(table: TextTable, kind: ColumnType, rows: int) -> str:
    """Describe what of the values in the table `seen` speaks for an identifier; empty where nothing does.

    rows: with a value.
    """
    if kind == "text":
        return _describe_codes(table, rows)
    return _describe_numbers(table, rows) if kind in ("integer", "number") else ""


def is_whole(table: TextTable) -> bool:
    """Tell whether all numbers of the table `seen` are whole, and small enough for a float to be exact."""
    odd = f"number <> trunc(number) or abs(number) >= {_LARGEST_EXACT}"
    return not _query(table, f"select 1 from seen where number is not null and ({odd}) limit 1")


def _describe_numbers(table: TextTable, rows: int) -> str:
    distinct, most, largest, parts, short, long, tens = _query(
        table,
        "select count(*), max(n), max(abs(number)), coalesce(sum(n) filter (number <> trunc(number)), 0), "
        "min(length(cast(abs(number)::hugeint as varchar))), max(length(cast(abs(number)::hugeint as varchar))), "
        "coalesce(sum(n) filter (number % 10 = 0), 0) from seen where number is not null and abs(number) < 1e38",
    )[0]
    if parts or not distinct:
        return ""
    if largest > _LARGEST_EXACT:
        return LONG_NUMBERS
    if rows < _MIN_ROWS:
        return ""
    is_long = short == long >= _MIN_DIGITS
    if most == 1 and is_long:
        return f"another number of {long} digits in every row"
    if most == 1 and distinct == rows:
        return "another whole number in every row"
    is_spread = distinct > max(_MIN_DISTINCT, _MIN_SHARE * rows)
    return (
        f"numbers of {long} digits, of which few are round"
        if is_long and is_spread and tens <= _MAX_ROUND * rows
        else ""
    )


def _describe_codes(table: TextTable, rows: int) -> str:
    counts = ", ".join(f"coalesce(sum(n) filter (regexp_full_match(text, '{one}')), 0)" for one in (_CODE, _ADDRESS))
    distinct, coded, addresses = _query(table, f"select count(*), {counts} from seen where known")[0]
    if rows < _MIN_CODE_ROWS or distinct <= max(_MIN_DISTINCT, _MIN_SHARE * rows):
        return ""
    if addresses >= _NEARLY_ALL * rows:
        return "addresses"
    ((length, alike),) = _query(
        table, "select length(text), sum(n) from seen where known group by 1 order by 2 desc, 1 limit 1"
    )
    return f"codes of {length} characters" if length >= _MIN_LENGTH and min(coded, alike) >= _NEARLY_ALL * rows else ""


def _query(table: TextTable, query: str) -> list[Any]:
    return table.connection.execute(query).fetchall()

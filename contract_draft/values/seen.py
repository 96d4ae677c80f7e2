"""The different texts of a column with their counts, in a table `seen`, and what of them are numbers or not known."""

from collections.abc import Iterable
from typing import Any

from contract_draft.values.likely_codes import LIKELY_CODES
from contract_draft.values.text_table import TextTable

MAX_CATEGORIES = 50
"""A column with at most so many different values may be a category."""

MAX_OTHERS = 10
"""Of the texts that are not as the others there are at most so many different ones: codes for missing, perhaps."""

_MISSING_WORDS = (
    *("na", "n/a", "n.a.", "nan", "-nan", "nat", "null", "none", "nil", "?", "-", "--", ".", "missing", "undisclosed"),
    *("xna", "\\n", "<na>", "<null>", "(null)", "(blank)", "unknown", "not available", "not applicable"),
    *("#n/a", "#div/0!", "#value!", "#ref!", "#name?", "#num!", "#null!"),  # of a spreadsheet
)
_MAX_DIGITS = 18  # digits of a whole number that fit into eight bytes for certain; one of more stays a text, exactly
_NUMBER = r"[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?"


def fill_seen(table: TextTable, i: int) -> None:
    """Fill the table `seen` with the texts of column i."""
    table.connection.execute(_build_seen_query(i))


def _build_seen_query(i: int) -> str:
    words = ", ".join(f"'{word}'" for word in _MISSING_WORDS)
    number = f"case when regexp_full_match(trim(text), '{_NUMBER}') then try_cast(text as double) end"
    return (
        f"create or replace temp table seen as select text, n, lower(trim(text)) not in ({words}) as known, "
        f"case when isfinite({number}) then {number} end as number "
        f"from (select c{i} as text, count(*) as n from raw where c{i} is not null group by 1)"
    )


def query_column(table: TextTable, query: str) -> list[Any]:
    """Query the values of one column."""
    return [row[0] for row in table.connection.execute(query).fetchall()]


def query_values(table: TextTable, distinct: int) -> tuple[tuple[str, int], ...]:
    """Query the different values with their counts, the commonest first; none if there are more than a few."""
    if distinct > MAX_CATEGORIES + len(LIKELY_CODES):
        return ()
    return tuple(table.connection.execute("select text, n from seen where known order by n desc, text").fetchall())


def keep_few(values: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    """Keep the values of a column that may be a category; none of one that has more."""
    values = tuple(values)
    return values if len(values) <= MAX_CATEGORIES else ()


def query_other_texts(table: TextTable, test: str = "number is not null") -> tuple[tuple[str, int], ...]:
    """Query the texts of a column that fail the test of its other values, the commonest first; none if many do."""
    found = table.connection.execute(f"select text, n from seen where known and not ({test}) order by n desc, text")
    texts = tuple(found.fetchall())
    return texts if len(texts) <= MAX_OTHERS else ()


def query_all_texts(table: TextTable, test: str) -> tuple[tuple[str, int], ...]:
    """Query the texts of a column that fail the test of its values, words for missing too, the commonest first."""
    failed = f"not known or not ({test})"
    return tuple(table.connection.execute(f"select text, n from seen where {failed} order by n desc, text").fetchall())


def has_endless_digits(table: TextTable) -> bool:
    """Tell whether a whole number has more digits than a number can: an identifier, of which none may be rounded."""
    many = f"regexp_full_match(text, '[+-]?\\d{{{_MAX_DIGITS + 1},}}')"
    return bool(query_column(table, f"select 1 from seen where number is not null and {many} limit 1"))

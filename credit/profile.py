"""What the columns of a raw table look like: facts only, no meaning. One pass per few columns, in bounded memory."""

from dataclasses import dataclass
from typing import Any

from credit.contract import Type
from credit.rawtable import RawTable

Value = int | float | str

FEW = 50
"""A column with at most so many different values may be a category."""

_MISSING_WORDS = ("na", "n/a", "#n/a", "nan", "null", "none", "nil", "?", "-", ".", "missing", "undisclosed")
_BOOLEAN_WORDS = ("true", "false", "t", "f", "yes", "no", "y", "n", "0", "1")  # those that DuckDB casts
_ODD = (666, 777, 888, 99, 999, -1, -9, -99, -999, 9999, 99999, 999999, 9999999, 99999999, 999999999, -9999, -99999)
_AT_ONCE = 50  # columns per query: wide files would make one query of all too large to plan
_INTEGER = r"[+-]?(0|[1-9]\d{0,17})"  # 007 is a code and not a number; 19 digits do not fit
_NUMBER = r"[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?"
_DATE = r"\d{4}-\d{2}-\d{2}"
_TIMESTAMP = _DATE + r"[ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?([+-]\d{2}(:?\d{2})?|Z)?"


@dataclass(frozen=True)
class Look:
    """One column as it looks. `values` are its few different values with their counts, or empty when it has many.

    `codes` are values that may stand for "not known"; `low`, `high` and `values` leave them out, `missing` too.
    """

    name: str
    at: int
    type: Type
    rows: int
    missing: int
    codes: tuple[Value, ...] = ()
    low: float | None = None
    high: float | None = None
    values: tuple[tuple[str, int], ...] = ()
    unique: bool = False

    @property
    def constant(self) -> bool:
        """Whether all rows that have a value have the same."""
        return len(self.values) == 1 or self.missing == self.rows


def look_at(table: RawTable) -> list[Look]:
    """Every column of the table, in its order."""
    looks: list[Look] = []
    for start in range(0, len(table.names), _AT_ONCE):
        chosen = range(start, min(start + _AT_ONCE, len(table.names)))
        query = f"select {', '.join(figure for i in chosen for figure in _aggregates(i))} from raw"
        answers = table.connection.sql(query).fetchall()[0]
        width = len(answers) // len(chosen)
        looks += [_look(table, i, answers[n * width : (n + 1) * width]) for n, i in enumerate(chosen)]
    return looks


def _aggregates(i: int) -> list[str]:
    c = f"c{i}"
    words = ", ".join(f"'{word}'" for word in _MISSING_WORDS)
    x = f"case when lower(trim({c})) not in ({words}) then {c} end"
    number = _number(c)
    odd = f"trunc({number}) in {_ODD}"
    booleans = ", ".join(f"'{word}'" for word in _BOOLEAN_WORDS)
    return [
        f"count({c})",
        f"count({x})",
        f"count(*) filter (regexp_full_match({x}, '{_INTEGER}'))",
        f"count({number})",
        f"count(*) filter (lower({x}) in ({booleans}))",
        f"count(*) filter (regexp_full_match({x}, '{_DATE}') and try_cast({x} as date) is not null)",
        f"count(*) filter (regexp_full_match({x}, '{_TIMESTAMP}') and try_cast({x} as timestamp) is not null)",
        f"approx_count_distinct({x})",
        f"min({number}) filter (not ({odd}))",
        f"max({number}) filter (not ({odd}))",
        f"histogram({number}) filter ({odd})",
        f"histogram({c}) filter ({x} is null)",
    ]


def _number(c: str) -> str:
    return f"case when regexp_full_match({c}, '{_NUMBER}') and isfinite(try_cast({c} as double)) then {c}::double end"


def _look(table: RawTable, i: int, answers: tuple[Any, ...]) -> Look:
    filled, known, integers, numbers, booleans, dates, timestamps, distinct, low, high, odd, words = answers
    name, codes = table.names[i], tuple(sorted(words or {}))
    if not known:
        return Look(name, i, "text", table.rows, table.rows - filled, codes)
    values = _values(table, i, codes) if distinct <= 2 * FEW else ()
    unique = known == filled == table.rows and distinct > 0.8 * known and _all_differ(table, i)
    if numbers == known:
        odd_codes = tuple(
            code for code, n in sorted((odd or {}).items()) if _stands_apart(table, i, code, n, low, high)
        )
        kept = [value for value in (low, high, *(odd or {})) if value is not None and value not in odd_codes]
        low, high = min(kept), max(kept)
        values = tuple((text, n) for text, n in values if float(text) not in odd_codes)
        kind: Type = "integer" if integers == known else "number"
        if kind == "integer" and low == 0 and high == 1:
            kind = "boolean"
        codes = (*map(_plain, odd_codes), *codes)
        return Look(name, i, kind, table.rows, table.rows - filled, codes, low, high, values, unique)
    if booleans == known and len(values) > 1:
        kind = "boolean"
    elif known in (dates, timestamps):
        kind = "date" if dates == known else "timestamp"
    else:
        kind = "category" if 0 < len(values) <= max(10, known / 2) else "text"
    return Look(name, i, kind, table.rows, table.rows - filled, codes, values=values, unique=unique)


def _plain(number: float) -> int | float:
    return int(number) if number.is_integer() else number


def _values(table: RawTable, i: int, codes: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
    """The different values with their counts, the commonest first; none if there are more than a few."""
    query = f"select c{i}, count(*) from raw where c{i} is not null group by 1 order by 2 desc, 1 limit {2 * FEW}"
    found = [(text, n) for text, n in table.connection.sql(query).fetchall() if text not in codes]
    return tuple(found) if len(found) <= FEW else ()


def _all_differ(table: RawTable, i: int) -> bool:
    query = f"select 1 from raw group by c{i} having count(*) > 1 limit 1"
    return not table.connection.sql(query).fetchall()


def _stands_apart(table: RawTable, i: int, code: float, count: int, low: float | None, high: float | None) -> bool:
    """Whether an odd number looks like a code: far outside the others, or commoner than all of its neighbourhood."""
    if low is None or high is None:
        return False
    if code < 0:
        return low >= 0 or code < 3 * low
    if code - high > high - low and code > 1:
        return True
    near = f"{_number(f'c{i}')} between {code / 2} and {code * 2}"
    (others,) = table.connection.sql(f"select count(*) from raw where {near}").fetchall()[0]
    return count >= 5 and 2 * count >= others

"""What the columns of a raw table look like: facts only, no meaning.

Each column is first reduced to its different texts with their counts, in a table `seen` that may spill to disk;
everything is exact, so the same file always looks the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from contract_draft.text_table import TextTable
from credit.contract.columns import Type

Value = int | float | str

FEW = 50
"""A column with at most so many different values may be a category."""

_MISSING_WORDS = ("na", "n/a", "#n/a", "nan", "null", "none", "nil", "?", "-", ".", "missing", "undisclosed")
_BOOLEAN_WORDS = ("true", "false", "t", "f", "yes", "no", "y", "n", "0", "1")  # those that DuckDB casts
_ODD = (666, 777, 888, 99, 999, -1, -9, -99, -999, 9999, 99999, 999999, 9999999, 99999999, 999999999, -9999, -99999)
_LONGEST = 18  # digits of a whole number that fit into eight bytes for certain
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


def look_at(table: TextTable) -> list[Look]:
    """Every column of the table, in its order."""
    return [_look(table, i) for i in range(len(table.names))]


def _look(table: TextTable, i: int) -> Look:
    table.connection.execute(_seen(i))
    known_and_number = "coalesce(sum(n) filter (known), 0), coalesce(sum(n) filter (number is not null), 0)"
    (filled, known, numbers, distinct, most), *_ = table.connection.sql(
        f"select coalesce(sum(n), 0), {known_and_number}, count(*) filter (known), max(n) from seen"
    ).fetchall()
    words = _column(table, "select text from seen where not known order by 1")
    look = Look(table.names[i], i, "text", table.rows, table.rows - filled, tuple(words))
    if not known:
        return look
    look = replace(look, values=_values(table, distinct), unique=known == table.rows and most == 1)
    if numbers == known:
        return _number_look(table, look)
    look = replace(look, values=_few(look.values))
    return replace(look, type=_text_type(table, look, known))


def _seen(i: int) -> str:
    words = ", ".join(f"'{word}'" for word in _MISSING_WORDS)
    number = f"case when regexp_full_match(text, '{_NUMBER}') then try_cast(text as double) end"
    return (
        f"create or replace temp table seen as select text, n, lower(trim(text)) not in ({words}) as known, "
        f"case when isfinite({number}) then {number} end as number "
        f"from (select c{i} as text, count(*) as n from raw where c{i} is not null group by 1)"
    )


def _column(table: TextTable, query: str) -> list[Any]:
    return [row[0] for row in table.connection.sql(query).fetchall()]


def _values(table: TextTable, distinct: int) -> tuple[tuple[str, int], ...]:
    """The different values with their counts, the commonest first; none if there are more than a few."""
    if distinct > FEW + len(_ODD):
        return ()
    return tuple(table.connection.sql("select text, n from seen where known order by n desc, text").fetchall())


def _few(values: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    values = tuple(values)
    return values if len(values) <= FEW else ()


def _number_look(table: TextTable, look: Look) -> Look:
    odd = f"trunc(number) in {_ODD}"
    ((low, high),) = table.connection.sql(f"select min(number), max(number) from seen where not ({odd})").fetchall()
    counts = table.connection.sql(f"select number, sum(n) from seen where {odd} group by 1 order by 1").fetchall()
    codes = [code for code, n in counts if _stands_apart(table, code, n, low, high)]
    kept = [number for number in (low, high, *(code for code, _ in counts)) if number not in (*codes, None)]
    low, high = min(kept), max(kept)
    (broken,) = _column(
        table,
        "select count(*) from seen where number is not null "
        f"and (regexp_matches(text, '[.eE]') or length(ltrim(text, '+-')) > {_LONGEST})",
    )
    kind: Type = "number" if broken else "boolean" if (low, high) == (0, 1) else "integer"
    values = _few((text, n) for text, n in look.values if float(text) not in codes)
    return replace(look, type=kind, codes=(*map(_plain, codes), *look.codes), low=low, high=high, values=values)


def _text_type(table: TextTable, look: Look, known: int) -> Type:
    booleans = ", ".join(f"'{word}'" for word in _BOOLEAN_WORDS)
    tests: dict[Type, str] = {
        "boolean": f"lower(text) in ({booleans})",
        "date": f"regexp_full_match(text, '{_DATE}') and try_cast(text as date) is not null",
        "timestamp": f"regexp_full_match(text, '{_TIMESTAMP}') and try_cast(text as timestamp) is not null",
    }
    for kind, test in tests.items():
        others = _column(table, f"select 1 from seen where known and not ({test}) limit 1")
        if not others and (kind != "boolean" or len(look.values) > 1):
            return kind
    return "category" if 0 < len(look.values) <= max(10, known / 2) else "text"


def _plain(number: float) -> int | float:
    return int(number) if number.is_integer() else number


def _stands_apart(table: TextTable, code: float, count: int, low: float | None, high: float | None) -> bool:
    """Whether an odd number looks like a code: far outside the others, or commoner than all of its neighbourhood."""
    if low is None or high is None:
        return False
    if code < 0:
        return low >= 0 or code < 3 * low
    if code - high > high - low and code > 1:
        return True
    (near,) = _column(table, f"select sum(n) from seen where number between {code / 2} and {code * 2}")
    return bool(count >= 5 and 2 * count >= near)

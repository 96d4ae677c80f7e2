"""Profiles of the columns of a raw table: facts only, no meaning.

Each column is first reduced to its different texts with their counts, in a table `seen` that may spill to disk;
everything is exact, so the same file always looks the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from contract_draft.values.identifiers import describe_identifying, is_whole
from contract_draft.values.text_table import TextTable
from contract_draft.values.written import (
    MAX_OTHERS,
    MIN_FIT,
    Written,
    find_written_number,
    find_written_text,
    read_written_sql,
    replace_reading,
)
from credit.contract.levels import ColumnType
from credit.contract.text_format import TextFormat

CellValue = int | float | str

MAX_CATEGORIES = 50
"""A column with at most so many different values may be a category."""

_MISSING_WORDS = (
    *("na", "n/a", "n.a.", "nan", "-nan", "nat", "null", "none", "nil", "?", "-", "--", ".", "missing", "undisclosed"),
    *("xna", "\\n", "<na>", "<null>", "(null)", "(blank)", "unknown", "not available", "not applicable"),
    *("#n/a", "#div/0!", "#value!", "#ref!", "#name?", "#num!", "#null!"),  # of a spreadsheet
)
_BOOLEAN_WORDS = ("true", "false", "t", "f", "yes", "no", "y", "n", "0", "1")  # those that DuckDB casts
_LIKELY_CODES = (
    666,
    777,
    888,
    99,
    999,
    -1,
    -9,
    -99,
    -999,
    9999,
    99999,
    999999,
    9999999,
    99999999,
    999999999,
    -9999,
    -99999,
)
_MAX_DIGITS = 18  # digits of a whole number that fit into eight bytes for certain; one of more stays a text, exactly
_NUMBER = r"[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?"
_DATE = r"\d{4}-\d{2}-\d{2}"
_TIMESTAMP = _DATE + r"[ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?([+-]\d{2}(:?\d{2})?|Z)?"
_MOMENTS: dict[ColumnType, str] = {
    "date": f"regexp_full_match(text, '{_DATE}') and try_cast(text as date) is not null",
    "timestamp": f"regexp_full_match(text, '{_TIMESTAMP}') and try_cast(text as timestamp) is not null",
}
"""How a date, and a date with a time of day, are recognised."""


@dataclass(frozen=True)
class ColumnProfile:
    """One column's profile. `values` are its few different values with their counts, or empty when it has many.

    `codes` are values that may stand for "not known"; `low`, `high` and `values` leave them out, `missing` too.
    `distinct`: no value is in two rows; `unique`: and each row has one. `others`: those of the codes, with their
    counts, that are texts in a column of numbers, or of dates. `written`: how the file writes the values; all else
    here, and the table, has them in plain notation.

    By an answer or a proposal, `folded` are the levels that count as another one, after it, and `undisclosed` those
    that count as missing; `values` leave them out. `settled`: what a person has said of the column, of codes, levels
    and format. `identifying`: what of the values speaks for an identifier. `is_whole`: all numbers are, however they
    are written.
    """

    name: str
    at: int
    type: ColumnType
    rows: int
    missing: int
    codes: tuple[CellValue, ...] = ()
    low: float | None = None
    high: float | None = None
    values: tuple[tuple[str, int], ...] = ()
    unique: bool = False
    distinct: bool = False
    others: tuple[tuple[str, int], ...] = ()
    written: Written | None = None
    folded: tuple[tuple[str, tuple[str, ...]], ...] = ()
    undisclosed: tuple[str, ...] = ()
    settled: frozenset[str] = frozenset()
    identifying: str = ""
    is_whole: bool = False

    @property
    def may_count(self) -> bool:
        """Tell whether the values may be whole numbers that identify: 1001.0 is how pandas writes 1001 beside a gap."""
        is_amount = self.written is not None and self.written.reading.format.is_of_numbers
        return not is_amount and (self.type == "integer" or (self.type == "number" and self.is_whole))

    @property
    def constant(self) -> bool:
        """Tell whether all rows that have a value have the same."""
        return len(self.values) == 1 or self.missing == self.rows


def profile_columns(table: TextTable) -> list[ColumnProfile]:
    """Profile every column of the table, in its order."""
    return [_profile_column(table, i) for i in range(len(table.names))]


def _profile_column(table: TextTable, i: int) -> ColumnProfile:
    """Profile a column; one that is not in plain notation is rewritten in it, in the table, and profiled anew."""
    look = _profile_as_it_is(table, i)
    written = None
    if look.type in ("integer", "number") and look.rows > look.missing:
        written = find_written_number(table)
    elif look.type in ("category", "text") and look.rows > look.missing and not _has_endless_digits(table):
        written = find_written_text(table)
    if written is None:
        return look
    _rewrite_column(table, i, written.reading.format)
    return replace(_profile_as_it_is(table, i), written=written)


def reread_column(table: TextTable, look: ColumnProfile, by: TextFormat) -> ColumnProfile:
    """Profile a column anew as a person says that it is written."""
    _rewrite_column(table, look.at, by)
    written = replace_reading(table, look.written, by) if by != TextFormat() else None
    return replace(_profile_as_it_is(table, look.at), written=written, settled=frozenset({"format"}))


def _rewrite_column(table: TextTable, i: int, by: TextFormat) -> None:
    """Write a column of the table in plain notation; `o` and its number is the column as it is in the file."""
    table.connection.execute(f"alter table raw add column if not exists o{i} varchar")
    table.connection.execute(f"update raw set o{i} = coalesce(o{i}, c{i})")
    plain = "NULL" if by == TextFormat() else read_written_sql(f"o{i}", by)
    table.connection.execute(f"update raw set c{i} = coalesce({plain}, o{i})")


def _profile_as_it_is(table: TextTable, i: int) -> ColumnProfile:
    look = _profile_values(table, i)
    why = describe_identifying(table, look.type, look.rows - look.missing)
    return replace(look, identifying=why, is_whole=look.low is not None and is_whole(table))


def _profile_values(table: TextTable, i: int) -> ColumnProfile:
    table.connection.execute(_build_seen_query(i))
    known_and_number = "coalesce(sum(n) filter (known), 0), coalesce(sum(n) filter (number is not null), 0)"
    (filled, known, numbers, distinct, most), *_ = table.connection.sql(
        f"select coalesce(sum(n), 0), {known_and_number}, count(*) filter (known), max(n) from seen"
    ).fetchall()
    words = _query_column(table, "select text from seen where not known order by 1")
    look = ColumnProfile(table.names[i], i, "text", table.rows, table.rows - filled, tuple(words))
    if not known:
        return look
    look = replace(
        look, values=_query_values(table, distinct), unique=known == table.rows and most == 1, distinct=most == 1
    )
    others = _query_other_texts(table) if MIN_FIT * known <= numbers < known else ()
    if (numbers == known or others) and not _has_endless_digits(table):
        return _profile_numbers(table, look, others)
    look = replace(look, values=_keep_few(look.values))
    for kind, test in _MOMENTS.items():
        others = _query_other_texts(table, test)
        if known - sum(rows for _, rows in others) >= MIN_FIT * known and _is_written(table, test, others):
            codes = (*look.codes, *(text for text, _ in others))
            values = tuple(pair for pair in look.values if pair not in others)
            return replace(look, type=kind, values=values, codes=codes, others=_query_all_texts(table, test))
    return replace(look, type=_detect_text_type(table, look, known))


def _is_written(table: TextTable, test: str, others: tuple[tuple[str, int], ...]) -> bool:
    """Tell whether all values pass a test, `others` aside; those are none where there are many."""
    return bool(others) or not _query_column(table, f"select 1 from seen where known and not ({test}) limit 1")


def _query_other_texts(table: TextTable, test: str = "number is not null") -> tuple[tuple[str, int], ...]:
    """Query the texts of a column that fail the test of its other values, the commonest first; none if many do."""
    found = table.connection.sql(f"select text, n from seen where known and not ({test}) order by n desc, text")
    texts = tuple(found.fetchall())
    return texts if len(texts) <= MAX_OTHERS else ()


def _query_all_texts(table: TextTable, test: str) -> tuple[tuple[str, int], ...]:
    """Query the texts of a column that fail the test of its values, words for missing too, the commonest first."""
    failed = f"not known or not ({test})"
    return tuple(table.connection.sql(f"select text, n from seen where {failed} order by n desc, text").fetchall())


def _has_endless_digits(table: TextTable) -> bool:
    """Tell whether a whole number has more digits than a number can: an identifier, of which none may be rounded."""
    many = f"regexp_full_match(text, '[+-]?\\d{{{_MAX_DIGITS + 1},}}')"
    return bool(_query_column(table, f"select 1 from seen where number is not null and {many} limit 1"))


def _build_seen_query(i: int) -> str:
    words = ", ".join(f"'{word}'" for word in _MISSING_WORDS)
    number = f"case when regexp_full_match(trim(text), '{_NUMBER}') then try_cast(text as double) end"
    return (
        f"create or replace temp table seen as select text, n, lower(trim(text)) not in ({words}) as known, "
        f"case when isfinite({number}) then {number} end as number "
        f"from (select c{i} as text, count(*) as n from raw where c{i} is not null group by 1)"
    )


def _query_column(table: TextTable, query: str) -> list[Any]:
    return [row[0] for row in table.connection.sql(query).fetchall()]


def _query_values(table: TextTable, distinct: int) -> tuple[tuple[str, int], ...]:
    """Query the different values with their counts, the commonest first; none if there are more than a few."""
    if distinct > MAX_CATEGORIES + len(_LIKELY_CODES):
        return ()
    return tuple(table.connection.sql("select text, n from seen where known order by n desc, text").fetchall())


def _keep_few(values: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    values = tuple(values)
    return values if len(values) <= MAX_CATEGORIES else ()


def _profile_numbers(table: TextTable, look: ColumnProfile, others: tuple[tuple[str, int], ...]) -> ColumnProfile:
    odd = f"trunc(number) in {_LIKELY_CODES}"
    ((low, high),) = table.connection.sql(f"select min(number), max(number) from seen where not ({odd})").fetchall()
    counts = table.connection.sql(f"select number, sum(n) from seen where {odd} group by 1 order by 1").fetchall()
    (different,) = _query_column(table, "select count(distinct number) from seen")
    # of two values both are data, -1 and 1 or the 0 and -1 of Access: a column of one value would say nothing
    codes = [code for code, n in counts if different > 2 and _is_likely_code(table, code, n, low, high)]
    kept = [number for number in (low, high, *(code for code, _ in counts)) if number not in (*codes, None)]
    low, high = min(kept), max(kept)
    (broken,) = _query_column(
        table,
        "select count(*) from seen where number is not null "
        "and (contains(text, '.') or number <> trunc(number) or abs(number) >= 1e18)",  # R writes 1e+05 for 100000
    )
    kind: ColumnType = "number" if broken else "boolean" if (low, high) == (0, 1) else "integer"
    words = dict(others)
    values = _keep_few((text, n) for text, n in look.values if text not in words and float(text) not in codes)
    all_codes = (*map(_simplify_number, codes), *look.codes, *words)
    every = _query_all_texts(table, "number is not null")
    return replace(look, type=kind, codes=all_codes, low=low, high=high, values=values, others=every)


def _detect_text_type(table: TextTable, look: ColumnProfile, known: int) -> ColumnType:
    words = ", ".join(f"'{word}'" for word in _BOOLEAN_WORDS)
    others = _query_column(table, f"select 1 from seen where known and lower(text) not in ({words}) limit 1")
    if not others and len(look.values) > 1:
        return "boolean"
    return "category" if 0 < len(look.values) <= max(10, known / 2) else "text"


def _simplify_number(number: float) -> int | float:
    return int(number) if number.is_integer() else number


def _is_likely_code(table: TextTable, code: float, count: int, low: float | None, high: float | None) -> bool:
    """Tell whether an odd number looks like a code: far outside the others, or commoner than all near it."""
    if low is None or high is None:
        return False
    if code < 0:
        return low >= 0 or code < 3 * low
    if code - high > high - low and code > 1:
        return True
    (near,) = _query_column(table, f"select sum(n) from seen where number between {code / 2} and {code * 2}")
    return bool(count >= 5 and 2 * count >= near)

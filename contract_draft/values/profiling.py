"""Profile the columns of a raw table.

Each column is first reduced to its different texts with their counts, in a table `seen` that may spill to disk;
everything is exact, so the same file always looks the same.
"""

from dataclasses import replace

from contract_draft.values.column_profile import ColumnProfile
from contract_draft.values.identifiers import describe_identifying, is_whole
from contract_draft.values.likely_codes import find_likely_codes, find_likely_dates
from contract_draft.values.seen import (
    fill_seen,
    has_endless_digits,
    keep_few,
    query_all_texts,
    query_column,
    query_other_texts,
    query_values,
)
from contract_draft.values.text_table import TextTable
from contract_draft.values.unread import describe_unread
from contract_draft.values.written import (
    MIN_FIT,
    find_written_number,
    find_written_text,
    read_written_sql,
    replace_reading,
)
from credit.contract.levels import ColumnType
from credit.contract.text_format import TextFormat

_BOOLEAN_WORDS = ("true", "false", "t", "f", "yes", "no", "y", "n", "0", "1")  # those that DuckDB casts
_MIN_NUMBERS = 10  # different ones, in a column that may as well be a category
_MIN_MOMENTS = 0.5  # of the rows with a value, where the others are few words
_DATE = r"\d{4}-\d{2}-\d{2}"
_MIDNIGHT = r"([ T]00:00(:00(\.0+)?)?)?"  # which ingest reads as the date, and a date as this
_TIMESTAMP = _DATE + r"([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?([+-]\d{2}(:?\d{2})?|Z)?)?"
_MOMENTS: dict[ColumnType, str] = {
    "date": f"regexp_full_match(text, '{_DATE}{_MIDNIGHT}') and try_cast(text as date) is not null",
    "timestamp": f"regexp_full_match(text, '{_TIMESTAMP}') and try_cast(text as timestamp) is not null",
}
"""How a date, and a date with a time of day, are recognised."""


def profile_columns(table: TextTable) -> list[ColumnProfile]:
    """Profile every column of the table, in its order."""
    return [_profile_column(table, i) for i in range(len(table.names))]


def _profile_column(table: TextTable, i: int) -> ColumnProfile:
    """Profile a column; one that is not in plain notation is rewritten in it, in the table, and profiled anew."""
    look = _profile_as_it_is(table, i)
    written = None
    if look.type in ("integer", "number") and look.rows > look.missing:
        written = find_written_number(table)
    elif look.type in ("category", "text") and look.rows > look.missing and not has_endless_digits(table):
        written = find_written_text(table, is_free=look.type == "text")
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
    if look.type in ("text", "category") and (unread := describe_unread(table, look.type, look.rows - look.missing)):
        return replace(look, unread=unread)
    why = describe_identifying(table, look.type, look.rows - look.missing)
    return replace(look, identifying=why, is_whole=look.low is not None and is_whole(table))


def _profile_values(table: TextTable, i: int) -> ColumnProfile:
    fill_seen(table, i)
    known_and_number = "coalesce(sum(n) filter (known), 0), coalesce(sum(n) filter (number is not null), 0)"
    (filled, known, numbers, distinct, most), *_ = table.connection.execute(
        f"select coalesce(sum(n), 0), {known_and_number}, count(*) filter (known), max(n) from seen"
    ).fetchall()
    words = query_column(table, "select text from seen where not known order by 1")
    look = ColumnProfile(table.names[i], i, "text", table.rows, table.rows - filled, tuple(words))
    if not known:
        return look
    look = replace(
        look, values=query_values(table, distinct), unique=known == table.rows and most == 1, distinct=most == 1
    )
    others = query_other_texts(table) if MIN_FIT * known <= numbers < known else ()
    if (numbers == known or others) and not has_endless_digits(table):
        return _profile_numbers(table, look, others)
    look = replace(look, values=keep_few(look.values))
    has_dates = bool(query_column(table, f"select 1 from seen where regexp_full_match(text, '{_DATE}') limit 1"))
    for kind, test in _MOMENTS.items():
        if kind == "date" and not has_dates:
            continue
        others = query_other_texts(table, test)
        if known - sum(rows for _, rows in others) >= _MIN_MOMENTS * known and _is_written(table, test, others):
            codes = (*find_likely_dates(table, test), *look.codes, *(text for text, _ in others))
            values = tuple((text, n) for text, n in look.values if text not in codes)
            return replace(look, type=kind, values=values, codes=codes, others=query_all_texts(table, test))
    kind, few = _detect_text_type(table, look, known), query_other_texts(table)
    if few and not has_endless_digits(table) and _are_words_among_numbers(kind, distinct - len(few), few):
        return _profile_numbers(table, replace(look, values=query_values(table, distinct)), few)
    return replace(look, type=kind)


def _are_words_among_numbers(kind: ColumnType, numbers: int, words: tuple[tuple[str, int], ...]) -> bool:
    """Tell whether few words stand among many different numbers, in however many rows: codes for missing, perhaps."""
    return numbers > (len(words) if kind == "text" else max(_MIN_NUMBERS, _MIN_NUMBERS * (len(words) - 1)))


def _is_written(table: TextTable, test: str, others: tuple[tuple[str, int], ...]) -> bool:
    """Tell whether all values pass a test, `others` aside; those are none where there are many."""
    return bool(others) or not query_column(table, f"select 1 from seen where known and not ({test}) limit 1")


def _profile_numbers(table: TextTable, look: ColumnProfile, others: tuple[tuple[str, int], ...]) -> ColumnProfile:
    codes, low, high = find_likely_codes(table)
    (broken,) = query_column(
        table,
        "select count(*) from seen where number is not null "
        "and (contains(text, '.') or number <> trunc(number) or abs(number) >= 1e18)",  # R writes 1e+05 for 100000
    )
    kind: ColumnType = "number" if broken else "boolean" if (low, high) == (0, 1) else "integer"
    words = dict(others)
    values = keep_few((text, n) for text, n in look.values if text not in words and float(text) not in codes)
    all_codes = (*map(_simplify_number, codes), *look.codes, *words)
    every = query_all_texts(table, "number is not null")
    return replace(look, type=kind, codes=all_codes, low=low, high=high, values=values, others=every)


def _detect_text_type(table: TextTable, look: ColumnProfile, known: int) -> ColumnType:
    words = ", ".join(f"'{word}'" for word in _BOOLEAN_WORDS)
    others = query_column(table, f"select 1 from seen where known and lower(text) not in ({words}) limit 1")
    if not others and len(look.values) > 1:
        return "boolean"
    return "category" if 0 < len(look.values) <= max(10, known / 2) else "text"


def _simplify_number(number: float) -> int | float:
    return int(number) if number.is_integer() else number

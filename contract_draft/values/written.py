"""How a column writes its numbers or dates, found by trying formats; of several that fit, each reading is told."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from contract_draft.values.formats import list_date_formats, list_number_formats
from contract_draft.values.seen import MAX_OTHERS
from contract_draft.values.text_table import TextTable
from credit.contract.text_format import TextFormat
from credit.data.casts.written_text import RARE_BLANKS, build_number_pattern, read_text_sql
from credit.data.sql_text import quote_literal

MIN_FIT = 0.9
"""Of the rows with a value, at least this share must be written by a format."""

_SAMPLE = 200  # different texts, by which formats that cannot fit are ruled out
_FIRST_DAY, _LAST_DAY = "TIMESTAMP '1900-01-01'", "TIMESTAMP '2099-12-31'"
_EXAMPLES = ("TIMESTAMP '2020-12-31 13:05:00'", "TIMESTAMP '2020-02-01 13:05:00'")  # the second may be read two ways
_SHAPES = {"Y": r"\d{4}", "b": "[A-Za-z]{3}", "B": "[A-Za-z]{3,}", "p": "[AaPp][Mm]"}
_SHAPES |= {"y": r"\d{2}"} | dict.fromkeys("dmHIMS", r"\d{1,2}")
_PLAIN_BLANKS = dict.fromkeys(RARE_BLANKS, " ")


class Reading(NamedTuple):
    """A format, and the value that the example has by it."""

    format: TextFormat
    value: str


class Written(NamedTuple):
    """How a column is written. `others`: formats that fit as well, and by which `example` is another value.

    The example is of the file where it is a number, and made up where it is a date. `is_said`: a person said it.
    """

    reading: Reading
    example: str
    others: tuple[Reading, ...] = ()
    is_said: bool = False

    @property
    def is_doubtful(self) -> bool:
        """Tell whether a person has to say which it is; a year of two digits may be of two centuries."""
        if self.is_said:
            return False
        return bool(self.others) or "%y" in (self.reading.format.date or "")


def find_written_text(table: TextTable, is_free: bool = False) -> Written | None:
    """Find how the texts of the table `seen` write numbers or dates; None where they write neither.

    is_free: of texts that would be free ones few words may be most of the rows, as codes for missing.
    """
    least = 0.0 if is_free else MIN_FIT
    plain = TextFormat()  # 02134 is read by no format better than by none
    number = _choose_format(table, [plain, *list_number_formats(table)], least)
    if number is not None:
        return None if number.reading.format == plain else number
    return _choose_format(table, list_date_formats(), least)


def find_written_number(table: TextTable) -> Written | None:
    """Find what else the numbers of the table `seen` may be: 19.877 is 19,877 to some, 20261231 a date, 202612 a month.

    None where nothing speaks for it.
    """
    for pattern, digits in (("%Y%m%d", 8), ("%Y%m", 6)):
        odd = f"known and not regexp_full_match(text, '\\d{{{digits}}}')"
        if not _query(table, f"select 1 from seen where {odd} limit 1"):
            date = _choose_format(table, [TextFormat(date=pattern)])
            return date and date._replace(others=(Reading(TextFormat(), date.example),))
    if not _query(table, "select 1 from seen where known and contains(text, '.') limit 1"):
        return None  # without a point both readings are the same
    plain, grouped = TextFormat(), TextFormat(decimal=",", thousands=".")
    pattern = quote_literal(build_number_pattern(grouped))
    point = "number is not null and contains(text, '.')"
    if _query(table, f"select 1 from seen where {point} and not regexp_full_match(trim(text), {pattern}) limit 1"):
        return None
    # of 12.345 and 3.100, all with three decimals, none is written as 950 is
    is_fixed = not _query(table, "select 1 from seen where known and not contains(text, '.') limit 1")
    found = _choose_format(table, [plain, grouped] if is_fixed else [grouped, plain])
    return found if found and found.others else None


def replace_reading(table: TextTable, written: Written | None, by: TextFormat) -> Written:
    """Take the format that a person says for the one that was found, with the value that the example has by it."""
    example = written.example if written else ""
    return Written(_read(table, by, example), example, is_said=True)


def read_written_sql(text: str, written: TextFormat) -> str:
    """Build SQL for the plain notation of a text that is written so, NULL of any other: no date is of the year 17."""
    plain = read_text_sql(text, written)
    if written.date is None:
        return f"CASE WHEN NOT starts_with({plain}, 'not ') THEN {plain} END"
    moment = f"try_cast({plain} AS TIMESTAMP)"
    kind = "TIMESTAMP" if "%H" in written.date or "%I" in written.date else "DATE"
    return f"CASE WHEN {moment} BETWEEN {_FIRST_DAY} AND {_LAST_DAY} THEN CAST(CAST({moment} AS {kind}) AS VARCHAR) END"


def _choose_format(table: TextTable, formats: Sequence[TextFormat], least: float = MIN_FIT) -> Written | None:
    """Choose the format that reads the most rows, the first of those; None where none reads at least a share."""
    sample = _query(table, f"select text from seen where known order by n desc, text limit {_SAMPLE}")
    texts = [text.translate(_PLAIN_BLANKS).strip() for (text,) in sample]
    likely = [one for one in formats if _is_likely(one, texts)]
    (rows, *counts) = _count_read(table, likely)
    most = max(counts, default=0)
    if not most or most < least * rows:
        return None
    first, *rest = [one for one, count in zip(likely, counts, strict=True) if count == most]
    value = read_written_sql("text", first)
    if len(_query(table, f"select 1 from seen where known and {value} is null limit {MAX_OTHERS + 1}")) > MAX_OTHERS:
        return None
    differing = [(one, found) for one in rest if (found := _find_example(table, value, read_written_sql("text", one)))]
    example = differing[0][1] if differing else _find_example(table, value, "''")
    if first.date is not None:  # of a date somebody may be known by: none of the file's is shown
        moment, pattern = _EXAMPLES[bool(differing)], quote_literal(first.date)
        example = str(_query(table, f"select strftime({moment}, {pattern})")[0][0])
    others = {reading.value: reading for reading in (_read(table, one, example) for one, _ in reversed(differing))}
    return Written(_read(table, first, example), example, tuple(reversed(others.values())))


def _find_example(table: TextTable, value: str, other: str) -> str:
    """Find the commonest text of which two formats make two values; empty if there is none."""
    differ = f"{value} <> {other} and coalesce(try_cast({value} as double) <> try_cast({other} as double), true)"
    found = _query(
        table, f"select text from seen where known and {differ} order by n desc, length(text) desc, text limit 1"
    )
    return found[0][0] if found else ""


def _read(table: TextTable, written: TextFormat, example: str) -> Reading:
    return Reading(written, str(_query(table, f"select {read_written_sql(quote_literal(example), written)}")[0][0]))


def _is_likely(written: TextFormat, texts: Sequence[str]) -> bool:
    """Tell whether half of the texts look as the format has it; a query of 200 formats takes longer to plan."""
    match = _compile_shape(written).fullmatch
    return 2 * sum(match(text) is not None for text in texts) >= len(texts)


@cache
def _compile_shape(written: TextFormat) -> re.Pattern[str]:
    if written.date is None:
        return re.compile(build_number_pattern(written))
    return re.compile(re.sub(r"%(.)", lambda match: _SHAPES[match[1]], re.escape(written.date)))


def _count_read(table: TextTable, formats: Sequence[TextFormat]) -> tuple[int, ...]:
    """Count the rows with a value, and those of them that each format reads."""
    values = "".join(
        f", coalesce(sum(n) filter ({read_written_sql('text', one)} is not null), 0)::bigint" for one in formats
    )
    query = f"select coalesce(sum(n), 0)::bigint{values} from seen where known"
    counts: tuple[int, ...] = _query(table, query)[0]
    return counts


def _query(table: TextTable, query: str) -> list[Any]:
    return table.connection.execute(query).fetchall()

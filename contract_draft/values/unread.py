"""Texts written as numbers, dates or durations that no format reads: told, so that none is free text in silence."""

from contract_draft.values.text_table import TextTable
from credit.contract.levels import ColumnType
from credit.data.casts.written_text import translate_blanks_sql
from credit.data.sql_text import quote_literal

_NEARLY_ALL = 0.9
_MOST_SHAPES = 4
_AMOUNT = r"[^A-Za-z0-9]{0,4}([A-Z]{2,3} ?)?[0-9][0-9.,' " + "\u2019" + r"]*[0-9]([^A-Za-z0-9]{0,3}| ?[A-Za-z]{1,3}\.?)"
_SHORTENED = r"[^A-Za-z0-9]{0,4}[0-9]+([.,][0-9]+)? ?([kKM]|mn|Mn|bn|Mio|mio|Mrd|lakh|lac|cr|crore)\.?"
_MONTHS = (  # their first letters, without accents, in the languages of names/protected.py
    "jan feb fev mar mrt maa apr avr abr may mai maj mei jun juin giu jul juil lug aug aou ago sep set oct okt out ott "
    "nov dec dez dic des gen ene sty lut kwi cze lip sie wrz paz lis gru oca sub nis haz tem agu eyl eki kas ara"
)
_MONTH = (
    rf"([0-9]{{1,2}}[. -]*)?({'|'.join(_MONTHS.split())})[a-z]{{0,7}}\.?( de)?[ '/.-]*([0-9]{{4}}|[0-9]{{2}})"
    r"|(19|20)[0-9]{2}[ /-]?[qwts] ?[0-9]{1,2}|[qwt] ?[0-9]{1,2}[ /-](19|20)[0-9]{2}|[0-9]{1,2}\. ?quartal [0-9]{4}"
)
DURATION = r"(?:P?([0-9]+) ?[Yy][a-z]*\.?[ ,]*)(?:([0-9]+) ?[Mm][a-z]*\.?)"
"""A time of years and months: `3 yrs 1 mon`, `P3Y1M`."""


def describe_unread(table: TextTable, kind: ColumnType, rows: int) -> str:
    """Describe how the texts of the table `seen` are written where nearly all are amounts, or months; by shape only.

    Amounts of a few levels are a category; months are none, as each month brings another one.
    """
    text = f"trim({translate_blanks_sql('text')})"
    amounts = f"regexp_full_match({text}, {quote_literal(_AMOUNT)}) and regexp_matches({text}, '[0-9][^0-9]+[0-9]')"
    short = f"regexp_full_match({text}, {quote_literal(_SHORTENED)})"
    if kind == "text" and (shapes := _list_shapes(table, f"({amounts}) or {short}", text, rows)):
        return f"numbers that no one format reads: {shapes}; a source, of which `sql` makes a number?"
    months = f"regexp_full_match(lower(strip_accents({text})), {quote_literal(_MONTH)})"
    if shapes := _list_shapes(table, months, f"regexp_replace({text}, '\\pL+', 'a', 'g')", rows):
        return f"dates that no format reads: {shapes}; a source, of which `sql` makes a date or an age?"
    return ""


def _list_shapes(table: TextTable, test: str, text: str, rows: int) -> str:
    """List the shapes of the texts that pass a test; nothing where those are not nearly all."""
    found = table.connection.execute(
        f"select regexp_replace({text}, '[0-9]+', '9', 'g'), sum(n) from seen where known and ({test}) "
        "group by 1 order by 2 desc, 1"
    ).fetchall()
    if sum(count for _, count in found) < _NEARLY_ALL * rows or not found:
        return ""
    return ", ".join(f"'{one}' in {count:,} rows" for one, count in found[:_MOST_SHAPES])


def is_duration(table: TextTable, i: int) -> bool:
    """Tell whether every text of column i is a time of years and months."""
    query = f"select count(*) filter (not regexp_full_match(trim(c{i}), '{DURATION}')), count(c{i}) from raw"
    others, known = table.connection.execute(query).fetchall()[0]
    return bool(known and not others)

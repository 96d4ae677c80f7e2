"""Texts written as numbers or durations that no format reads: told, so that none is free text in silence."""

from contract_draft.values.text_table import TextTable
from credit.data.casts.written_text import translate_blanks_sql
from credit.data.sql_text import quote_literal

_NEARLY_ALL = 0.9
_MOST_SHAPES = 4
_AMOUNT = r"[^A-Za-z0-9]{0,4}([A-Z]{2,3} ?)?[0-9][0-9.,' " + "\u2019" + r"]*[0-9]([^A-Za-z0-9]{0,3}| ?[A-Za-z]{1,3}\.?)"
DURATION = r"(?:P?([0-9]+) ?[Yy][a-z]*\.?[ ,]*)(?:([0-9]+) ?[Mm][a-z]*\.?)"
"""A time of years and months: `3 yrs 1 mon`, `P3Y1M`."""


def describe_unread(table: TextTable, rows: int) -> str:
    """Describe how the texts of the table `seen` are written where nearly all are amounts; by shape, and no value."""
    text = f"trim({translate_blanks_sql('text')})"
    pattern = quote_literal(_AMOUNT)
    shape = f"regexp_replace({text}, '[0-9]+', '9', 'g')"
    found = table.connection.sql(
        f"select {shape}, sum(n) from seen where known and regexp_full_match({text}, {pattern}) "
        f"and regexp_matches({text}, '[0-9][^0-9]+[0-9]') group by 1 order by 2 desc, 1"
    ).fetchall()
    if sum(count for _, count in found) < _NEARLY_ALL * rows or not found:
        return ""
    shapes = ", ".join(f"'{one}' in {count:,} rows" for one, count in found[:_MOST_SHAPES])
    return f"numbers that no one format reads: {shapes}; a source, of which `sql` makes a number?"


def is_duration(table: TextTable, i: int) -> bool:
    """Tell whether every text of column i is a time of years and months."""
    query = f"select count(*) filter (not regexp_full_match(trim(c{i}), '{DURATION}')), count(c{i}) from raw"
    others, known = table.connection.sql(query).fetchall()[0]
    return bool(known and not others)

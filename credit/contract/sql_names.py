"""The names in an SQL expression."""

import re

_RESERVED = (
    "all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create "
    "default deferrable desc describe distinct do else end except false fetch for foreign from group having in "
    "initially intersect into lambda lateral leading limit not null offset on only or order pivot pivot_longer "
    "pivot_wider placing primary qualify references returning select show some summarize symmetric table then to "
    "trailing true union unique unpivot using variadic when where window with "
)
RESERVED_WORDS = frozenset(_RESERVED.split())
"""Those of DuckDB."""


def extract_sql_names(sql: str) -> set[str]:
    """Extract the names in an SQL expression, in lower case: SQL names are case-insensitive.

    A reserved word is the name of a column only in quotes: the `end` of a `case` reads no column.
    """
    name_or_text = r"""'(?:[^']|'')*'|"((?:[^"]|"")*)"|([^\W\d]\w*)"""
    found = re.findall(name_or_text, sql)
    quoted = {name.replace('""', '"').casefold() for name, _ in found}
    return (quoted | ({plain.casefold() for _, plain in found} - RESERVED_WORDS)) - {""}

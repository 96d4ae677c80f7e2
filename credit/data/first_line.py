"""The first line of a CSV file: whether it has the names of the columns, or a title, or somebody's row."""

import re
from collections.abc import Sequence

from credit.common.errors import Problem

_DELETE = "delete the line"
_NOT_KNOWN = (
    "na",
    "n/a",
    "nan",
    "null",
    "none",
    "nil",
    "?",
    "-",
    "--",
    ".",
    "\\n",
    "xna",
    "<na>",
    "missing",
    "unknown",
)
_MIN_ROWS = 10  # below it, of which texts it is told that they are like the first line

VALUE = re.compile(r"\s*([-+]?[\d.,]+([eE][-+]?\d+)?|\d{4}-\d\d-\d\d\b.*|\d{1,2}[./-]\d{1,2}[./-]\d{2,4})?\s*")
"""A field that is no name: empty, a number or a date."""


def find_first_line_problem(names: Sequence[str], rows: Sequence[Sequence[str]], where: str) -> Problem | None:
    """Find what the first line has in place of names; the problem repeats none of it, as it may be a person's row."""
    words, below = (names[0].split() if len(names) == 1 else []), {len(fields) for fields in rows}
    if names[0].casefold().startswith("sep=") and len(names) < 3:
        return Problem(where, "`sep=`, which is for Excel alone", "the names of the columns", "delete the line")
    if len(words) > 2 and {len(fields[0].split()) for fields in rows if len(fields) == 1} == {len(words)}:
        fix = "replace the blanks, for example with tr -s ' ' ','"
        return Problem(where, "columns separated by several blanks", "by one, a comma, a semicolon, a tab or |", fix)
    if len(rows) > 1 and len(below) == 1 and below != {len(names)}:
        found = f"{len(names)} names, and {min(below)} fields in the lines below"
        return Problem(where, found, "a name for each column", "delete lines above the names, or add those that lack")
    if list(names) in rows:
        line = rows.index(names) + 2
        return Problem(where.replace("line 1", f"line {line}"), "the names of the columns again", "a row", _DELETE)
    if _is_title(names, rows):
        return Problem(where, "a title, with the names below it", "the names of the columns", _DELETE)
    if _is_row(names, rows):
        fix = "put a line of names above it"
        return Problem(where, "a row of data", "the names of the columns", fix)
    return None


def _is_title(names: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether the second line has the names: texts over columns of numbers, none of which stands further down."""
    if len(rows) < 3 or len(rows[0]) < 2:
        return False
    below = [[fields[i] for fields in rows[1:] if i < len(fields)] for i in range(len(rows[0]))]
    is_named = all(_may_be_name(name) and name not in of for name, of in zip(rows[0], below, strict=True))
    is_numeric = [all(map(VALUE.fullmatch, of)) and any(of) for of in below]
    return is_named and len(set(rows[0])) == len(rows[0]) and any(is_numeric)


def _may_be_name(text: str) -> bool:
    return not VALUE.fullmatch(text) and text.strip().casefold() not in _NOT_KNOWN


def _is_row(names: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether the first line is a row: values only, or half of it values and texts that stand further down too.

    A file whose columns are called by years has numbers among its names, but a name is not repeated below it. Nor is
    it a line of names where it is like the lines below in every column.
    """
    values = [VALUE.fullmatch(name) is not None for name in names]
    again = [any(name == fields[i] for fields in rows if i < len(fields)) for i, name in enumerate(names)]
    texts_again = sum(repeated and not value for value, repeated in zip(values, again, strict=True))
    many = 2 * (texts_again + sum(values)) >= len(names)
    if (all(values) and any(names)) or (texts_again > 0 and many):
        return True
    return len(rows) >= _MIN_ROWS and not any(
        _is_above([fields[i] for fields in rows if i < len(fields)], name) for i, name in enumerate(names)
    )


def _is_above(below: Sequence[str], name: str) -> bool:
    """Tell whether a field is something else than those below it: a text above numbers, a word above other ones."""
    filled = [text for text in below if text]
    is_numeric = 2 * sum(VALUE.fullmatch(text) is not None for text in filled) > len(filled)
    is_repeating = 2 * len(set(filled)) <= len(filled)
    return name not in filled and ((is_numeric and not VALUE.fullmatch(name)) or is_repeating or not filled)

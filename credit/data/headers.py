"""Headers of raw files: what kind of file it is, the names of its columns, and for CSV the delimiter."""

import csv
import re
from collections.abc import Collection, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from credit.common.errors import CreditError, Problem
from credit.data.raw_errors import describe_duckdb_error, describe_encoding_error
from credit.data.sql_text import scan_parquet_sql

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_DELIMITERS = ",;\t|"
_BLANK = " "
_MIN_BLANK_SEPARATED = 3  # fewer fields may be the words of one
_OTHER_KINDS = {
    b"PK\x03\x04": "a zip archive or an Excel file",
    b"\x1f\x8b": "a gzip file",
    b"BZh": "a bzip2 file",
    b"\x28\xb5\x2f\xfd": "a zstd file",
    b"SQLite format 3": "an SQLite database",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
    b"[{": "JSON text",
    b'{"': "JSON text",
}

_FIRST_LINES = 200  # from which it is told whether the first one has names
_MAX_NAME_LENGTH = 200  # YAML allows keys of 1,024 characters; nobody can work with a longer name anyway
_VALUE = re.compile(r"\s*([-+]?[\d.,]+([eE][-+]?\d+)?|\d{4}-\d\d-\d\d\b.*|\d{1,2}[./-]\d{1,2}[./-]\d{2,4})?\s*")


def read_header(
    file: Path, known: Collection[str], connection: "DuckDBPyConnection"
) -> tuple[tuple[str, ...], str | None]:
    """Read the names of a file's columns and, for CSV, its delimiter; None for Parquet. `known` names tell which it is.

    Raises CreditError for a file of another kind, one that cannot be decoded, and one whose first line has no names.
    """
    with file.open("rb") as opened:
        start = opened.read(16)
    if not start:
        raise CreditError(Problem(str(file), "an empty file", "a CSV file with a header, or a Parquet file"))
    for magic, kind in _OTHER_KINDS.items():
        if start.startswith(magic):
            raise CreditError(Problem(str(file), kind, "CSV in UTF-8, or Parquet", "unpack or export it first"))
    return _read_parquet_header(file, connection) if start.startswith(b"PAR1") else _read_csv_header(file, known)


def _read_csv_header(file: Path, known: Collection[str]) -> tuple[tuple[str, ...], str | None]:
    """Read the first line's names and the delimiter: the one that gives the most known names, else the most names."""
    try:
        lines = {delimiter: _read_first_lines(file, delimiter) for delimiter in _DELIMITERS}
    except UnicodeDecodeError:
        raise CreditError(describe_encoding_error(file)) from None
    except csv.Error as error:
        raise CreditError(Problem(str(file), f"a first line that is not CSV ({error})", "names of columns")) from None

    def rank(delimiter: str) -> tuple[int, int, int]:
        names, *rows = lines[delimiter] or [[]]
        return len(set(names) & set(known)), len(names), max(map(len, rows), default=0)

    best = max(_DELIMITERS, key=rank)
    if rank(best)[1] == 1 and _is_blank_separated(blank := _read_first_lines(file, _BLANK)):
        best, lines[_BLANK] = _BLANK, blank
    names, *rows = lines[best] or [[]]
    if not names:
        raise CreditError(Problem(f"{file}: line 1", "an empty line", "the names of the columns"))
    if (problem := _find_first_line_problem(names, rows, f"{file}: line 1")) and not set(names) & set(known):
        raise CreditError(problem)
    return tuple(names), best


def _is_blank_separated(lines: Sequence[Sequence[str]]) -> bool:
    """Tell whether one blank stands between the fields of each line; of texts with blanks they are not as many."""
    widths = {len(fields) for fields in lines}
    return len(lines) > 1 and len(widths) == 1 and min(widths) >= _MIN_BLANK_SEPARATED and all(map(all, lines))


def _read_first_lines(file: Path, delimiter: str) -> list[list[str]]:
    """Read the fields of the first lines, empty ones after the first left out; fewer where one is not CSV."""
    lines: list[list[str]] = []
    with file.open(encoding="utf-8-sig", newline="") as opened:
        try:
            for fields in islice(csv.reader(opened, delimiter=delimiter), _FIRST_LINES):
                if fields or not lines:
                    lines.append(fields)
        except csv.Error:
            if not lines:
                raise
    return lines


def _find_first_line_problem(names: Sequence[str], rows: Sequence[Sequence[str]], where: str) -> Problem | None:
    """Find what the first line has in place of names; the problem repeats none of it, as it may be a person's row."""
    words, below = (names[0].split() if len(names) == 1 else []), {len(fields) for fields in rows}
    if names[0].casefold().startswith("sep=") and len(names) < 3:
        return Problem(where, "`sep=`, which is for Excel alone", "the names of the columns", "delete the line")
    if len(words) > 2 and {len(fields[0].split()) for fields in rows if len(fields) == 1} == {len(words)}:
        fix = "replace the blanks, for example with tr -s ' ' ','"
        return Problem(where, "columns separated by several blanks", "by one, a comma, a semicolon, a tab or |", fix)
    if len(rows) > 1 and len(below) == 1 and min(below) > len(names):
        found = f"{len(names)} names, and {min(below)} fields in the lines below"
        return Problem(where, found, "a name for each column", "delete lines above the names, or add those that lack")
    if _is_row(names, rows):
        fix = "put a line of names above it"
        return Problem(where, "a row of data", "the names of the columns", fix)
    return None


def _is_row(names: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether the first line is a row: values only, or half of it values and texts that stand further down too.

    A file whose columns are called by years has numbers among its names, but a name is not repeated below it.
    """
    values = [_VALUE.fullmatch(name) is not None for name in names]
    again = [any(name == fields[i] for fields in rows if i < len(fields)) for i, name in enumerate(names)]
    texts_again = sum(repeated and not value for value, repeated in zip(values, again, strict=True))
    many = 2 * (texts_again + sum(values)) >= len(names)
    return (all(values) and any(names)) or (texts_again > 0 and many)


def _read_parquet_header(file: Path, connection: "DuckDBPyConnection") -> tuple[tuple[str, ...], str | None]:
    import duckdb

    try:
        rows = connection.execute(f"DESCRIBE FROM {scan_parquet_sql([file])}").fetchall()
    except duckdb.Error as error:
        raise CreditError(describe_duckdb_error(file, error)) from None
    return tuple(row[0] for row in rows), None


def find_name_problems(names: Sequence[str], file: str) -> list[Problem]:
    """Find names of columns that cannot be names: empty, not printable, too long, or there twice."""
    folded = [name.strip().casefold() for name in names]
    problems = []
    for i, name in enumerate(names):
        if not folded[i]:
            fix = "pandas writes such a column for its index: to_csv(index=False)" if not i else ""
            fix = "take off the delimiter at the end of each line" if 0 < i == len(names) - 1 else fix
            problems.append(Problem(f"{file}: column {i + 1}", "no name", "a name for each column", fix))
        elif len(name) > _MAX_NAME_LENGTH or not name.isprintable():
            expected = f"a printable name of 1 to {_MAX_NAME_LENGTH} characters"
            problems.append(Problem(f"{file}: column {i + 1}", f"the name {name[:40]!r}", expected))
        elif folded.index(folded[i]) < i:
            found = f"a name used by column {folded.index(folded[i]) + 1} too (capitals do not count)"
            problems.append(Problem(f"{file}: column {i + 1}, {name}", found, "every name once", "rename one of them"))
    return problems

"""Headers of raw files: what kind of file it is, the names of its columns, and for CSV the delimiter."""

import csv
import io
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from credit.common.errors import CreditError, Problem
from credit.data.first_line import find_first_line_problem
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
_MAX_FIRST_TEXT = 16_000_000  # characters of them
_MAX_NAME_LENGTH = 200  # YAML allows keys of 1,024 characters; nobody can work with a longer name anyway


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
    return (read_parquet_header(file, connection), None) if start.startswith(b"PAR1") else _read_csv_header(file, known)


def _read_csv_header(file: Path, known: Collection[str]) -> tuple[tuple[str, ...], str | None]:
    """Read the first line's names and the delimiter: the one that gives the most known names, else the most names."""
    try:
        text, is_whole = _read_first_text(file)
        lines = {delimiter: split_fields(text, delimiter, is_whole) for delimiter in _DELIMITERS}
    except UnicodeDecodeError:
        raise CreditError(describe_encoding_error(file)) from None
    except csv.Error as error:
        raise CreditError(Problem(str(file), f"a first line that is not CSV ({error})", "names of columns")) from None

    def rank(delimiter: str) -> tuple[int, int, int]:
        names, *rows = lines[delimiter] or [[]]
        return len(set(names) & set(known)), len(names), max(map(len, rows), default=0)

    best = max(_DELIMITERS, key=rank)
    if set(map(len, lines[best][1:])) == {1}:  # a mark in a title, which divides nothing below it
        best = max(_DELIMITERS, key=lambda delimiter: _find_width(lines[delimiter][1:]))
    if rank(best)[1] == 1 and _is_blank_separated(blank := split_fields(text, _BLANK, is_whole)):
        best, lines[_BLANK] = _BLANK, blank
    names, *rows = lines[best] or [[]]
    if _is_padded(rows) and not {name for name in names if name.startswith(_BLANK)} & set(known):
        best += _BLANK
        names, *rows = split_fields(text, best, is_whole)
    if not names:
        raise CreditError(Problem(f"{file}: line 1", "an empty line", "the names of the columns"))
    if (problem := find_first_line_problem(names, rows, f"{file}: line 1")) and not set(names) & set(known):
        raise CreditError(problem)
    return tuple(names), best


def _find_width(rows: Sequence[Sequence[str]]) -> int:
    """Find how many fields every row has; 0 where they differ, or there is none."""
    widths = set(map(len, rows))
    return widths.pop() if len(widths) == 1 else 0


def _read_first_text(file: Path) -> tuple[str, bool]:
    """Read the first lines of a file, and whether they are all of it."""
    lines, size = [], 0
    with file.open(encoding="utf-8-sig", newline="") as opened:
        for line in opened:
            lines.append(line)
            size += len(line)
            if len(lines) > _FIRST_LINES or size > _MAX_FIRST_TEXT:
                return "".join(lines), False
    return "".join(lines), True


def split_fields(text: str, delimiter: str, is_whole: bool = True) -> list[list[str]]:
    """Split CSV text into the fields of its lines, empty ones after the first left out; fewer where one is not CSV.

    The blank of a delimiter such as `, ` is no part of a field, and the names may go without it.
    Without `is_whole` the last one is left out too, as it may go on beyond the text.
    """
    lines: list[list[str]] = []
    is_padded = len(delimiter) > 1
    try:
        for fields in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter[0], skipinitialspace=is_padded):
            if fields or not lines:
                lines.append(fields)
    except csv.Error:
        if not lines:
            raise
    return lines if is_whole else lines[:-1] or lines


def _is_blank_separated(lines: Sequence[Sequence[str]]) -> bool:
    """Tell whether one blank stands between the fields of each line; of texts with blanks they are not as many."""
    widths = {len(fields) for fields in lines}
    return len(lines) > 1 and len(widths) == 1 and min(widths) >= _MIN_BLANK_SEPARATED and all(map(all, lines))


def _is_padded(rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether a blank follows every delimiter below the names: it is no part of a value, as in `39, Private`."""
    fields = [field for row in rows for field in row[1:]]
    return bool(fields) and all(field.startswith(_BLANK) and not field.startswith(2 * _BLANK) for field in fields)


def read_parquet_header(file: Path | str, connection: "DuckDBPyConnection") -> tuple[str, ...]:
    """Read the names of a Parquet file's columns. Raises CreditError when it cannot be read."""
    import duckdb

    try:
        rows = connection.execute(f"DESCRIBE FROM {scan_parquet_sql([file])}").fetchall()
    except duckdb.Error as error:
        raise CreditError(describe_duckdb_error(file, error)) from None
    return tuple(row[0] for row in rows)


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

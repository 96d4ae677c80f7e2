"""Raw files: one CSV or Parquet file, or a folder of such files, told apart by their first bytes."""

import csv
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from credit.common.errors import CreditError, Problem, raise_if_any
from credit.data.sql_text import quote_file, quote_literal, scan_parquet_sql

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_DELIMITERS = ",;\t|"
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


@dataclass(frozen=True)
class RawTable:
    """Files of one format and one header."""

    files: tuple[Path, ...]
    parquet: bool
    columns: tuple[str, ...]
    delimiter: str = ","

    def scan_sql(self, types: Mapping[str, str]) -> str:
        """Build the SQL that reads the files; `types` are the DuckDB types to read each column of a CSV file as."""
        if self.parquet:
            return scan_parquet_sql(self.files)
        columns = "{" + ", ".join(f"{quote_literal(name)}: {quote_literal(types[name])}" for name in self.columns) + "}"
        files = ", ".join(map(quote_file, self.files))
        # a name may end in .gz, or a folder of it be called a=1, whatever is in the file
        named = "hive_partitioning=false, compression='none'"
        options = f"auto_detect=false, header=true, quote='\"', escape='\"', nullstr='', columns={columns}, {named}"
        return f"read_csv([{files}], delim={quote_literal(self.delimiter)}, {options})"


def open_raw_table(path: Path, known: Collection[str], connection: "DuckDBPyConnection") -> RawTable:
    """Open the raw file or folder: find its format and header. `known` names tell which delimiter a CSV file uses.

    Raises CreditError for a missing, empty, truncated or undecodable file and for files of different headers.
    """
    files = _list_files(path)
    headers = {file: _read_header(file, known, connection) for file in files}
    first = files[0]
    expected = f"those of {first}, in the same order and format"
    raise_if_any([Problem(str(file), "other columns", expected) for file in files if headers[file] != headers[first]])
    columns, delimiter = headers[first]
    raise_if_any(_find_columns_in_names(path, files, columns))
    return RawTable(tuple(files), delimiter is None, columns, delimiter or ",")


def _list_files(path: Path) -> list[Path]:
    if not path.exists():
        raise CreditError(Problem(str(path), "no such file", fix="name a CSV or Parquet file, or a folder of them"))
    if path.is_file():
        return [path]
    if (path / "_delta_log").exists():
        fix = "export what its log says is valid: files of rows that were deleted are there too"
        raise CreditError(Problem(str(path), "a Delta table", "plain CSV or Parquet files", fix))
    files = sorted(file for file in path.rglob("*") if file.is_file() and not _is_beside_data(file.relative_to(path)))
    if not files:
        raise CreditError(Problem(str(path), "an empty folder", "CSV or Parquet files"))
    return files


def _is_beside_data(file: Path) -> bool:
    """Tell whether a file of a folder is no part of the data, by its name or its folder's: `_SUCCESS`, `.cache/a`."""
    return any(part[0] in "._" for part in file.parts)


def _find_columns_in_names(path: Path, files: Sequence[Path], columns: Collection[str]) -> list[Problem]:
    """Find columns that only the folders' names have: `year=2026/part.parquet` without a column `year`."""
    named: dict[str, Path] = {}
    for file in files:
        for part in file.relative_to(path).parts[:-1]:
            name, is_column, _ = part.partition("=")
            if is_column and name.casefold() not in map(str.casefold, columns):
                named.setdefault(name, file)
    copy = f"COPY (FROM read_parquet('{path}/**', hive_partitioning=true)) TO '{path}.parquet'"
    fix = f'write it into the files, for example with DuckDB: "{copy}"'
    return [
        Problem(f"{file}: {name}", "a column that the folder's name has and the file has not", "one in the file", fix)
        for name, file in named.items()
    ]


def _read_header(
    file: Path, known: Collection[str], connection: "DuckDBPyConnection"
) -> tuple[tuple[str, ...], str | None]:
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
    headers = {}
    try:
        for delimiter in _DELIMITERS:
            with file.open(encoding="utf-8-sig", newline="") as opened:
                headers[delimiter] = tuple(next(csv.reader(opened, delimiter=delimiter), ()))
    except UnicodeDecodeError:
        raise CreditError(describe_encoding_error(file)) from None
    except csv.Error as error:
        raise CreditError(Problem(str(file), f"a first line that is not CSV ({error})", "names of columns")) from None
    best = max(_DELIMITERS, key=lambda d: (len(set(headers[d]) & set(known)), len(headers[d])))
    return headers[best], best


def _read_parquet_header(file: Path, connection: "DuckDBPyConnection") -> tuple[tuple[str, ...], str | None]:
    import duckdb

    try:
        rows = connection.execute(f"DESCRIBE FROM {scan_parquet_sql([file])}").fetchall()
    except duckdb.Error as error:
        raise CreditError(describe_duckdb_error(file, error)) from None
    return tuple(row[0] for row in rows), None


def describe_encoding_error(file: Path) -> Problem:
    """Describe the problem of a file that is not encoded as UTF-8."""
    return Problem(str(file), "bytes that are not UTF-8", "UTF-8 text", "convert it, for example with iconv")


_CSV_ERRORS = {
    r"^Expected Number of Columns: (\d+) Found: (\d+)": "has {1} fields, the first line {0}",
    r"^Value with unterminated quote": "has a quote that is not closed",
    r"^Maximum line size of (\d+) bytes": "is longer than {0} bytes",
}
"""What DuckDB says of a line, and what is said of it here."""


def describe_duckdb_error(path: Path, error: Exception) -> Problem:
    """Describe DuckDB's error about a file, without advice about DuckDB and without the line of personal data."""
    text = str(error)
    where = (re.findall(r"^  file = (.+)$", text, re.MULTILINE) or [str(path)])[-1]
    if "not utf-8 encoded" in text or "Invalid unicode" in text:
        return describe_encoding_error(Path(where))
    if line := re.search(r"CSV Error on Line: (\d+)", text):
        known = ((re.search(pattern, text, re.MULTILINE), reason) for pattern, reason in _CSV_ERRORS.items())
        reason = next((reason.format(*match.groups()) for match, reason in known if match), "is not CSV")
        return Problem(where, f"line {line[1]} {reason}", fix="the data must be CSV in UTF-8, or Parquet")
    return Problem(where, f"cannot be read: {text.splitlines()[0]}")

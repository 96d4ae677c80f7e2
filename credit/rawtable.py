"""A CSV or Parquet file of any size as one DuckDB table of text, so that its values can be looked at as they are.

Columns of the table are called c0, c1, ...: real names may differ in case only, which SQL does not tell apart.
Everything is spilled to a temporary folder when it outgrows `_MEMORY`.
"""

import csv
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from credit.errors import CreditError, Problem, raise_if_any

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_MEMORY = "1GB"
_LONGEST_NAME = 200  # YAML allows keys of 1,024 characters; nobody can work with a longer name anyway
_OTHER_KINDS = {
    b"PK\x03\x04": "a zip archive or an Excel file",
    b"\x1f\x8b": "a gzip file",
    b"BZh": "a bzip2 file",
    b"\x28\xb5\x2f\xfd": "a zstd file",
    b"SQLite format 3": "a SQLite database",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}


class RawTable(NamedTuple):
    """An open table: column i of the file is `c{i}` of the DuckDB table `raw`, and `names[i]` in the file."""

    connection: "DuckDBPyConnection"
    names: list[str]
    rows: int


@contextmanager
def raw_table(path: Path) -> Iterator[RawTable]:
    """Open a CSV or Parquet file, or a folder of such files. Raises CreditError if it is anything else."""
    import duckdb

    files = _files(path)
    kinds = {file: _kind(file) for file in files}
    if len(set(kinds.values())) > 1:
        raise CreditError(Problem(str(path), "CSV and Parquet files side by side", "files of one kind"))
    with tempfile.TemporaryDirectory(prefix="draft-") as folder:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": _MEMORY,
            "temp_directory": folder,
            "preserve_insertion_order": "false",
        }
        with duckdb.connect(config=settings) as connection:
            first = _appended(connection, files[0], kinds[files[0]], "create table raw as")
            raise_if_any(_name_problems(first, str(files[0])))
            for file in files[1:]:
                names = _appended(connection, file, kinds[file], "insert into raw")
                if names != first:
                    raise CreditError(Problem(str(file), f"the columns {names}", f"{first}, as in {files[0].name}"))
            (rows,) = connection.sql("select count(*) from raw").fetchall()[0]
            if not rows:
                raise CreditError(Problem(str(path), "no rows", "at least one row below the names"))
            yield RawTable(connection, first, rows)


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise CreditError(Problem(str(path), "no such file", "a CSV or Parquet file"))
    if path.is_file():
        return [path]
    files = sorted(file for file in path.iterdir() if file.is_file() and file.name[0] not in "._")
    if not files:
        raise CreditError(Problem(str(path), "a folder without files", "CSV or Parquet files in it"))
    return files


def _kind(file: Path) -> str:
    with file.open("rb") as stream:
        head = stream.read(16)
    if not head:
        raise CreditError(Problem(str(file), "an empty file", "a CSV or Parquet file"))
    if head.startswith(b"PAR1"):
        return "Parquet"
    for magic, kind in _OTHER_KINDS.items():
        if head.startswith(magic):
            raise CreditError(Problem(str(file), kind, "CSV in UTF-8, or Parquet", "export or unpack it first"))
    return "CSV"


def _appended(connection: "DuckDBPyConnection", file: Path, kind: str, verb: str) -> list[str]:
    """Add the file's rows to the table `raw`; the names of its columns."""
    import duckdb

    try:
        names, source, values, texts = _parquet(connection, file) if kind == "Parquet" else _csv(file)
        aliases = ", ".join(f"c{i}" for i in range(len(names)))
        connection.execute(f"{verb} select {', '.join(texts)} from {source} as file({aliases})", values)
    except duckdb.Error as error:
        raise CreditError(Problem(str(file), _cause(error), f"a {kind} file")) from None
    return names


_Source = tuple[list[str], str, list[str], list[str]]  # names, SQL that reads the file, its parameters, SQL per column


def _parquet(connection: "DuckDBPyConnection", file: Path) -> _Source:
    described = connection.execute("describe select * from read_parquet(?)", [str(file)]).fetchall()
    raise_if_any(
        [
            Problem(f"{file}: {name}", f"the nested or binary type {kind}", "one value per row and column")
            for name, kind, *_ in described
            if kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION", "BLOB"))
        ]
    )
    texts = [
        f"case when not isnan(c{i}) then c{i}::varchar end as c{i}"  # not a number is how pandas writes missing
        if kind in ("DOUBLE", "FLOAT")
        else f"nullif(c{i}::varchar, '') as c{i}"
        for i, (_, kind, *_) in enumerate(described)
    ]
    return [name for name, *_ in described], "read_parquet(?)", [str(file)], texts


def _csv(file: Path) -> _Source:
    names, delimiter = _header(file)
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(names)))
    source = (
        "read_csv(?, auto_detect = false, header = true, delim = ?, quote = '\"', escape = '\"', "
        f"nullstr = '', strict_mode = true, columns = {{{columns}}})"
    )
    return names, source, [str(file), delimiter], [f"c{i}" for i in range(len(names))]


def _header(file: Path) -> tuple[list[str], str]:
    """The names in the first line of a CSV file, and the delimiter between them: the likeliest by their number."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            line = stream.readline(1_000_000)
            delimiter = max(",;\t|", key=re.sub(r'"[^"]*"', "", line).count)
            stream.seek(0)
            names = next(csv.reader(stream, delimiter=delimiter, strict=True), [])
    except UnicodeDecodeError as error:
        raise CreditError(Problem(str(file), f"the byte at {error.start} is not UTF-8", "UTF-8 text")) from None
    except csv.Error as error:
        raise CreditError(Problem(str(file), f"a first line that is not CSV ({error})", "names of columns")) from None
    return names, delimiter


def _name_problems(names: list[str], file: str) -> list[Problem]:
    folded = [name.strip().casefold() for name in names]
    if all(re.fullmatch(r"[-+.\d\seE]*", name) for name in names):
        return [Problem(f"{file}: line 1", f"numbers only ({', '.join(names[:5])})", "the names of the columns")]
    problems = []
    for i, name in enumerate(names):
        if not folded[i] or len(name) > _LONGEST_NAME or not name.isprintable() or "\x00" in name:
            expected = f"a printable name of 1 to {_LONGEST_NAME} characters"
            problems.append(Problem(f"{file}: column {i + 1}", f"the name {name[:40]!r}", expected))
        elif folded.index(folded[i]) < i:
            found = f"a name used by column {folded.index(folded[i]) + 1} too (capitals do not count)"
            problems.append(Problem(f"{file}: column {i + 1}, {name}", found, "every name once"))
    return problems


def _cause(error: Exception) -> str:
    """What DuckDB says, without its advice: that is about options of its own."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines[:4] if not re.match(r"\*|Possible|Original Line", line)]
    return " ".join(told).replace("Invalid Input Error: ", "")[:300]

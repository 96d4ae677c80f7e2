"""Raw files: one CSV or Parquet file, a folder of such files, or a manifest, told apart by their first bytes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from credit.common.errors import CreditError, Problem, raise_if_any
from credit.data.headers import find_name_problems, read_header, read_parquet_header
from credit.data.manifest.content import DataManifest, is_manifest, read_manifest
from credit.data.manifest.opening import open_parts, verify_parts
from credit.data.splitting import check_parts
from credit.data.sql_text import quote_file, quote_literal, scan_parquet_sql

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True)
class RawTable:
    """Files of one format and one header. `manifest`: what they have to be, where one says it."""

    files: tuple[Path | str, ...]
    parquet: bool
    columns: tuple[str, ...]
    delimiter: str = ","
    manifest: DataManifest | None = None

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

    def check_read(self, rows: int, path: Path) -> None:
        """Check, after all was read, that it was what the manifest says. Raises CreditError where it was not."""
        if self.manifest:
            check_parts(str(path), {"read": rows}, self.manifest.rows)
            verify_parts(self.manifest, path)


def open_raw_table(
    path: Path, known: Collection[str], connection: "DuckDBPyConnection", roots: Sequence[str] | None = ()
) -> RawTable:
    """Open the raw file or folder: find its format and header. `known` names tell which delimiter a CSV file uses.

    `roots`: below which the files of a manifest may be; None: anywhere, for a file that a person names.
    Raises CreditError for a missing, empty, truncated or undecodable file and for files of different headers.
    """
    if is_manifest(path):
        return _open_manifest(path, connection, roots)
    files = _list_files(path)
    headers = {file: read_header(file, known, connection) for file in files}
    first = files[0]
    expected = f"those of {first}, in the same order and format"
    raise_if_any([Problem(str(file), "other columns", expected) for file in files if headers[file] != headers[first]])
    raise_if_any(find_name_problems(headers[first][0], str(first)))
    columns, delimiter = headers[first]
    raise_if_any(_find_columns_in_names(path, files, columns, delimiter is None))
    return RawTable(tuple(files), delimiter is None, columns, delimiter or ",")


def _open_manifest(path: Path, connection: "DuckDBPyConnection", roots: Sequence[str] | None) -> RawTable:
    manifest = read_manifest(path)
    files = open_parts(manifest, path, roots, connection)
    columns = read_parquet_header(files[0], connection)
    if columns != manifest.columns:
        raise CreditError(Problem(f"{path}: columns", "other names than in its files", fix="make manifest again"))
    return RawTable(files, True, columns, manifest=manifest)


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


def _find_columns_in_names(path: Path, files: Sequence[Path], columns: Collection[str], parquet: bool) -> list[Problem]:
    """Find columns that only the folders' names have: `year=2026/part.parquet` without a column `year`."""
    named: dict[str, Path] = {}
    for file in files:
        for part in file.relative_to(path).parts[:-1]:
            name, is_column, _ = part.partition("=")
            if is_column and name.casefold() not in map(str.casefold, columns):
                named.setdefault(name, file)
    read = "read_parquet" if parquet else "read_csv"
    copy = f"COPY (FROM {read}('{path}/**', hive_partitioning=true)) TO '{path}.parquet'"
    fix = f'write it into the files, for example with DuckDB: "{copy}"'
    return [
        Problem(f"{file}: {name}", "a column that the folder's name has and the file has not", "one in the file", fix)
        for name, file in named.items()
    ]

"""Names, values and files as DuckDB's SQL takes them: a file's name is never a pattern, nor a value of a column."""

import re
from collections.abc import Sequence
from pathlib import Path

from credit.common.errors import CreditError, Problem


def quote_identifier(name: str) -> str:
    """Quote an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def quote_literal(value: object) -> str:
    """Quote an SQL literal of a text, a number, or a list of them."""
    if isinstance(value, list):
        return "[" + ", ".join(map(quote_literal, value)) + "]"
    return "'" + str(value).replace("'", "''") + "'" if isinstance(value, str | Path) else str(value)


def check_utf8(name: str) -> None:
    """Raise CreditError for the name of a file whose bytes are no UTF-8: neither DuckDB nor JSON could be told it."""
    try:
        name.encode()
    except UnicodeEncodeError:
        raise CreditError(Problem(ascii(name), "a name that is not UTF-8", "one that is", "rename it")) from None


def quote_file(file: Path | str) -> str:
    """Quote the name of a file to read, so that `*`, `?` and `[` in it are themselves.

    Raises CreditError for a name that DuckDB cannot be told: in a pattern it takes a backslash for a slash.
    """
    name = str(file)
    check_utf8(name)
    if not re.search(r"[*?[]", name):
        return quote_literal(f"./{name}" if name.startswith("~") else name)  # else it is somebody's home
    if "\\" in name:
        raise CreditError(Problem(name, "a name with a backslash beside *, ? or [", "one without", "rename it"))
    return quote_literal(re.sub(r"([*?[])", r"[\1]", name))


def scan_parquet_sql(files: Sequence[Path | str]) -> str:
    """Build the SQL that reads Parquet files of the same columns: a folder called `a=1` gives no column of its own."""
    named = ", ".join(map(quote_file, files))
    alike = ", union_by_name=true" if len(files) > 1 else ""  # else the first file's types: 3.7 becomes 4
    return f"read_parquet([{named}], hive_partitioning=false{alike})"

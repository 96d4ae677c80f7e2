"""Rows that are nobody's: totals at the end of a file, rows without a value, and the names of the columns again."""

import io
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from credit.common.errors import Problem
from credit.data.headers import split_fields
from credit.data.raw_files import RawTable
from credit.data.sql_text import quote_identifier, quote_literal, scan_parquet_sql

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_TOTALS = (
    r"\W*((grand|sub|column|overall)[ -]?)?(totals?|totales|totaux|totaal|sums?|suma|summe|somme|soma|gesamt"
    r"|gesamtsumme|insgesamt|averages?|avg|mean|durchschnitt|mittelwert|moyenne|media|promedio|итого)"
    r"([ :.-]+(of|number|all|rows|records|loans|applications|amount)\b.*)?\W*"
)
_SAMPLE = 200
_TAIL_BYTES = 1_000_000
_MIN_NUMBERS = 3  # that are no zeros, above a sum


def find_false_rows(table: RawTable, connection: "DuckDBPyConnection") -> list[Problem]:
    """Find the rows of a table that are nobody's. Raises duckdb.Error where a file is not readable to its end."""
    columns = [f"CAST({quote_identifier(name)} AS VARCHAR)" for name in table.columns]
    blank = " AND ".join(f"coalesce({column}, '') = ''" for column in columns)
    again = " AND ".join(
        f"{column} = {quote_literal(name)}" for column, name in zip(columns, table.columns, strict=True)
    )
    scan = table.scan_sql(dict.fromkeys(table.columns, "VARCHAR"))
    query = f"SELECT count(*) FILTER ({blank}), count(*) FILTER ({again}) FROM {scan}"
    ((empty, repeated),) = connection.execute(query).fetchall()
    where, fix = ", ".join(map(str, table.files[:1])), "delete them"
    problems = [Problem(where, f"{empty:,} rows without any value", "rows of people", fix)] if empty else []
    if repeated:
        problems.append(Problem(where, f"{repeated:,} rows that repeat the names of the columns", "none", fix))
    return [*problems, *find_totals(table, connection)]


def find_totals(table: RawTable, connection: "DuckDBPyConnection") -> list[Problem]:
    """Find each file whose last row has the totals of the others; a file that does not look so is not read through.

    The files of a manifest are not looked at: programs wrote them, not people, and each look costs milliseconds.
    """
    if table.manifest:
        return []
    fix = "delete the row: it is nobody's"
    return [
        Problem(f"{file}: the last row", "totals of the rows above it", "a row like those", fix)
        for file in table.files
        if _has_totals(replace(table, files=(file,)), connection)
    ]


def _has_totals(table: RawTable, connection: "DuckDBPyConnection") -> bool:
    first, last = _read_ends(table, connection)
    first = first[:-1]  # in a short file it is the last row
    if len(first) < _MIN_NUMBERS or len(last) != len(table.columns):
        return False
    named = [i for i, text in enumerate(last) if re.fullmatch(_TOTALS, text.strip(), re.IGNORECASE)]
    if not named and not _may_be_sums(first, last):
        return False
    scan = table.scan_sql(dict.fromkeys(table.columns, "VARCHAR"))
    found = connection.execute(f"SELECT {', '.join(_list_figures(table.columns, last))} FROM {scan}").fetchall()[0]
    figures = [found[i : i + 5] for i in range(0, len(found), 5)]
    rows = found[-1]
    sums = [_is_sum(text, *of[:2]) for text, of in zip(last, figures, strict=False) if _read_number(text)]
    if sums and (all(sums) or (named and any(sums))):
        return True
    # a word alone is a level, as of a cover that is partial or total: it stands elsewhere too, and its row is full
    has_gap = any(not text and of[2] == 1 for text, of in zip(last, figures, strict=False))
    return any(figures[i][3] == 1 and (has_gap or figures[i][4] >= rows - 1 - figures[i][2]) for i in named)


def _list_figures(names: Sequence[str], last: Sequence[str]) -> list[str]:
    """List what is asked of each column: its sum, numbers that are not 0, gaps, rows like the last, numbers."""
    figures = []
    for name, text in zip(names, last, strict=True):
        column = f"CAST({quote_identifier(name)} AS VARCHAR)"
        number = f"TRY_CAST({column} AS DOUBLE)"
        figures += [
            f"coalesce(sum({number}) FILTER (isfinite({number})), 0)",
            f"count(*) FILTER ({number} <> 0)",
            f"count(*) FILTER (coalesce({column}, '') = '')",
            f"count(*) FILTER ({column} = {quote_literal(text)})",
            f"count({number})",
        ]
    return [*figures, "count(*)"]


def _is_sum(text: str, total: float, numbers: int) -> bool:
    """Tell whether a number is the sum of the others; the total has it once more."""
    number = _read_number(text)
    return numbers > _MIN_NUMBERS and abs(total - 2 * number) <= 1e-9 * abs(total) + 1e-6


def _may_be_sums(first: Sequence[Sequence[str]], last: Sequence[str]) -> bool:
    """Tell whether the last row may have sums, and a gap: each number is as large as the first ones together."""
    if all(last):
        return False
    above = [[_read_number(fields[i]) for fields in first if i < len(fields)] for i in range(len(last))]
    sums = [(_read_number(text), of) for text, of in zip(last, above, strict=True) if _read_number(text)]
    return bool(sums) and all(min(of, default=0) < 0 or abs(number) >= sum(of) * (1 - 1e-9) for number, of in sums)


def _read_number(text: str) -> float:
    """Read a number in plain notation; 0 for any other text."""
    return float(text) if re.fullmatch(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", text) else 0.0


def _read_ends(table: RawTable, connection: "DuckDBPyConnection") -> tuple[list[list[str]], list[str]]:
    """Read the first rows of a file of one table, and the last one."""
    (name,) = table.files
    if table.parquet:
        scan = scan_parquet_sql([name])
        listed = ", ".join(f"coalesce(CAST({quote_identifier(name)} AS VARCHAR), '')" for name in table.columns)
        (rows,) = connection.execute(f"SELECT count(*) FROM {scan}").fetchall()[0]
        query = f"SELECT {listed} FROM {scan} LIMIT"
        last: list[Any] = connection.execute(f"{query} 1 OFFSET {max(0, rows - 1)}").fetchall()
        return [list(row) for row in connection.execute(f"{query} {_SAMPLE}").fetchall()], list(last[0] if last else ())
    file = Path(name)
    with file.open(encoding="utf-8-sig", newline="") as opened:
        text = "".join(line for line, _ in zip(opened, range(_SAMPLE + 1), strict=False))
    lines = split_fields(_read_tail(file), table.delimiter)
    filled = [fields for fields in lines if any(fields)]
    return split_fields(text, table.delimiter)[1:], filled[-1] if filled else []


def _read_tail(file: Path) -> str:
    """Read the last lines of a CSV file, from the start of one."""
    size = file.stat().st_size
    with file.open("rb") as opened:
        opened.seek(max(0, size - _TAIL_BYTES))
        if size > _TAIL_BYTES:
            opened.readline()
        return io.TextIOWrapper(opened, encoding="utf-8", errors="replace", newline="").read()

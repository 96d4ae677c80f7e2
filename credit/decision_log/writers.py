"""How far each writer of the log has come, and which of its rows are missing.

A writer numbers its rows from 1 on. A number that is passed over belongs to a row that is in a spool, or was deleted:
who reads rows as they come keeps it in mind, and takes the row when it is there.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, Table, TextClause, func, select, text
from sqlalchemy.engine import Connection

from credit.decision_log.database import Database
from credit.decision_log.months.partitions import list_parts
from credit.decision_log.tables import DECISIONS_TABLE

_HIGHEST = 2**63 - 1
"""The highest place that a row can have."""


def find_newest_places(database: Database, table: Table = DECISIONS_TABLE) -> dict[str, int]:
    """Find the newest place of each writer of a table. Raises CreditError when the database does not answer."""
    with database.begin_read() as connection:
        rows = connection.execute(build_walk(table, list_parts(connection, table))).all()
    newest: dict[str, int] = {}
    for writer, last in rows:
        newest[writer] = max(int(last or 0), newest.get(writer, 0))
    return newest


WRITERS_WALK = """WITH RECURSIVE writers(writer) AS (
    SELECT min(writer) FROM {name}
    UNION ALL
    SELECT (SELECT min(d.writer) FROM {name} d WHERE d.writer > w.writer) FROM writers w
    WHERE w.writer IS NOT NULL
)"""
"""The writers of a table, a look-up in the index for each; None comes last."""


@cache
def build_walk(table: Table, parts: tuple[str, ...] = ()) -> TextClause:
    """Build the query for the newest places: two look-ups in the index for each writer, however many rows it wrote.

    `parts`: the tables that the rows are in. A writer is in few of many months: each is walked by itself.
    """
    last = "SELECT w.writer, (SELECT max(d.sequence) FROM {name} d WHERE d.writer = w.writer) AS last"
    asked = f"{WRITERS_WALK} {last} FROM writers w WHERE w.writer IS NOT NULL ORDER BY w.writer"
    walks = [asked.format(name=name) for name in parts or (table.name,)]
    if len(walks) == 1:
        return text(walks[0])
    return text(" UNION ALL ".join(f"SELECT * FROM ({walk}) AS part_{place}" for place, walk in enumerate(walks)))


def read_next_rows(
    connection: Connection, query: Select[Any], table: Table, writer: str, places: tuple[int, int | None], most: int
) -> list[Row[Any]]:
    """Read the first rows of a writer from a place on, to a last one or to the end, in their order, at most so many.

    They are asked for in ranges that have both ends. By LIMIT alone a PostgreSQL that never analysed the table would
    read and sort all that the writer wrote for each page of it: it takes the writer's rows for fewer than a page.
    """
    columns = table.c
    lowest = select(func.min(columns.sequence)).where(columns.writer == writer)
    query = query.where(columns.writer == writer).order_by(columns.sequence)
    rows: list[Row[Any]] = []
    first, last = places[0], _HIGHEST if places[1] is None else places[1]
    while len(rows) < most and first <= last:
        begin = connection.execute(lowest.where(columns.sequence >= first)).scalar_one()
        if begin is None or begin > last:
            break
        end, left = min(begin + most - len(rows) - 1, last), most - len(rows)
        rows += connection.execute(query.where(columns.sequence.between(begin, end)).limit(left)).all()
        first = end + 1
    return rows


def has_unchained(connection: Connection) -> bool:
    """Tell whether there are decisions of before writers numbered them."""
    of_before = select(DECISIONS_TABLE.c.id).where(DECISIONS_TABLE.c.writer.is_(None)).limit(1)
    return connection.execute(of_before).first() is not None


def list_missing(first: int, last: int, found: Sequence[int]) -> Iterator[tuple[int, int]]:
    """List the ranges of places from `first` to `last` without those that were found, which rise."""
    begin = first
    for one in found[bisect_left(found, first) : bisect_right(found, last)]:
        if begin < one:
            yield begin, one - 1
        begin = one + 1
    if begin <= last:
        yield begin, last

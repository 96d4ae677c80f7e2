"""Read the rows of a writer in their order, page by page, from the database and the spool."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import func, select

from credit.decision_log.database import Database
from credit.decision_log.integrity.chain import ChainedTable
from credit.decision_log.writers import find_newest_places, read_next_rows

PAGE_ROWS = 500

Row = dict[str, Any]


def list_writers(databases: Sequence[Database], kind: ChainedTable) -> list[str]:
    """List the writers of a table; a look-up in the index for each, however many rows they wrote."""
    return sorted({writer for database in databases for writer in find_newest_places(database, kind.table)})


def read_rows(
    databases: Sequence[Database], kind: ChainedTable, writer: str, first: int = 0, last: int | None = None
) -> Iterator[Row]:
    """Read the rows of a writer by their places. One that is in the spool and the database at once is read once."""
    parts = [_iterate_rows(database, kind, writer, first, last) for database in databases]
    for _, same in groupby(merge(*parts, key=itemgetter("sequence")), key=itemgetter("sequence")):
        rows = list(same)
        yield from {(row["id"], row["row_hash"]): row for row in rows}.values()


def _iterate_rows(database: Database, kind: ChainedTable, writer: str, first: int, last: int | None) -> Iterator[Row]:
    """Iterate over one database. A page ends before the places of its last row, which others may claim too."""
    query = select(kind.table)
    while True:
        with database.begin_read() as connection:
            found = read_next_rows(connection, query, kind.table, writer, (first, last), PAGE_ROWS)
        rows = [dict(row._mapping) for row in found]
        if len(rows) < PAGE_ROWS:
            yield from rows
            return
        end = rows[-1]["sequence"]
        if rows[0]["sequence"] == end:  # thousands at one place: all but these are left out, and reported as missing
            end += 1
        yield from (row for row in rows if row["sequence"] < end)
        first = end


def find_range(
    database: Database, kind: ChainedTable, writer: str, since: datetime | None, until: datetime | None
) -> tuple[int, int | None]:
    """Find the first and the last place of a writer in a time; (1, 0) when there is none.

    Places are searched by halves: a writer's moments rise with them.
    """
    with database.begin_read() as connection:
        places = select(func.min(kind.table.c.sequence), func.max(kind.table.c.sequence))
        low, high = connection.execute(places.where(kind.table.c.writer == writer)).one()
    if low is None:
        return 1, 0
    first = low if since is None else _search(database, kind, writer, (low, high), since)
    last = None if until is None else _search(database, kind, writer, (low, high), until) - 1
    return first, last


def _search(database: Database, kind: ChainedTable, writer: str, places: tuple[int, int], moment: datetime) -> int:
    """Search the first place whose row is not before a moment."""
    low, high = places[0], places[1] + 1
    columns = kind.table.c
    while low < high:
        middle = (low + high) // 2
        query = select(columns.sequence, columns[kind.moments[-1]]).order_by(columns.sequence).limit(1)
        with database.begin_read() as connection:
            place, found = connection.execute(query.where(columns.writer == writer, columns.sequence >= middle)).one()
        if found < moment:
            low = place + 1
        else:
            high = middle
    return low

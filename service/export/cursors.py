"""Read the new rows of a table of the log in batches, each with the place up to which rows are read then."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Table, func, select

from credit.decision_log.database import Database
from credit.decision_log.integrity.removed import Removals, leave_out, read_removals
from credit.decision_log.tables import DECISIONS_TABLE
from credit.decision_log.writers import find_newest_places, list_missing, read_next_rows

BATCH_ROWS = 1_000

Gap = tuple[int, int]


class LogCursor(NamedTuple):
    """The place of a writer: the next row, and ranges of rows that were missing, as those in a spool are."""

    following: int = 1
    gaps: tuple[Gap, ...] = ()

    @property
    def missing(self) -> int:
        """The number of rows that were missing."""
        return sum(last - first + 1 for first, last in self.gaps)


class LogBatch(NamedTuple):
    """Rows of a writer, in the order of their numbers. `cursor`: its place when they are taken."""

    writer: str
    rows: list[dict[str, Any]]
    cursor: LogCursor


def iterate_batches(database: Database, table: Table, cursors: Mapping[str, LogCursor]) -> Iterator[LogBatch]:
    """Iterate over the rows that are new: those that were missing and came, then those that follow.

    Raises CreditError when the log is out of reach.
    """
    removals = read_removals([database]) if table is DECISIONS_TABLE else Removals({})
    for writer, newest in find_newest_places(database, table).items():
        known, gone = cursors.get(writer) or LogCursor(), removals.list_places(writer)
        cursor = known._replace(gaps=tuple(leave_out(gone, known.gaps)))
        if cursor != known:
            yield LogBatch(writer, [], cursor)
        for gap in cursor.gaps:
            first = gap[0]
            while rows := _read(database, table, writer, (first, gap[1])):
                cursor = _fill(cursor, [row["sequence"] for row in rows])
                yield LogBatch(writer, rows, cursor)
                first = rows[-1]["sequence"] + 1
        while cursor.following <= newest:
            last = min(cursor.following + BATCH_ROWS - 1, newest)
            rows = _read(database, table, writer, (cursor.following, last))
            missing = leave_out(gone, list_missing(cursor.following, last, [row["sequence"] for row in rows]))
            cursor = LogCursor(last + 1, (*cursor.gaps, *missing))
            yield LogBatch(writer, rows, cursor)


def count_waiting(database: Database, table: Table, cursors: Mapping[str, LogCursor]) -> int:
    """Count the rows that are new, but those that were missing. Raises CreditError without an answer."""
    newest = find_newest_places(database, table)
    return sum(max(last + 1 - (cursors.get(name) or LogCursor()).following, 0) for name, last in newest.items())


def count_unchained(database: Database) -> int:
    """Count the decisions from before rows had numbers, by which alone they can be followed."""
    query = select(func.count()).select_from(DECISIONS_TABLE).where(DECISIONS_TABLE.c.writer.is_(None))
    with database.begin_read() as connection:
        return int(connection.execute(query).scalar_one())


def _fill(cursor: LogCursor, found: list[int]) -> LogCursor:
    left = tuple(part for first, last in cursor.gaps for part in list_missing(first, last, found))
    return cursor._replace(gaps=left)


def _read(database: Database, table: Table, writer: str, places: Gap) -> list[dict[str, Any]]:
    """Read the first rows in a range of places."""
    with database.begin_read() as connection:
        rows = read_next_rows(connection, select(table), table, writer, places, BATCH_ROWS)
    return [dict(row._mapping) for row in rows]

"""How far each writer of the log has come, and which of its rows are missing.

A writer numbers its rows from 1 on. A number that is passed over belongs to a row that is in a spool, or was deleted:
who reads rows as they come keeps it in mind, and takes the row when it is there.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import cache

from sqlalchemy import Table, TextClause, text

from credit.decision_log.database import Database
from credit.decision_log.months.partitions import list_parts
from credit.decision_log.tables import DECISIONS_TABLE


def find_newest_places(database: Database, table: Table = DECISIONS_TABLE) -> dict[str, int]:
    """Find the newest place of each writer of a table. Raises CreditError when the database does not answer."""
    with database.begin_read() as connection:
        rows = connection.execute(build_walk(table, list_parts(connection, table))).all()
    newest: dict[str, int] = {}
    for writer, last in rows:
        newest[writer] = max(int(last), newest.get(writer, 0))
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
    return text(
        join_walks(parts or (table.name,), f"{last} FROM writers w WHERE w.writer IS NOT NULL ORDER BY w.writer")
    )


def join_walks(parts: tuple[str, ...], asked: str) -> str:
    """Join what is asked about the writers of each table, in which their walk comes first."""
    walks = [f"{WRITERS_WALK} {asked}".format(name=name) for name in parts]
    if len(walks) == 1:
        return walks[0]
    return " UNION ALL ".join(f"SELECT * FROM ({walk}) AS part_{place}" for place, walk in enumerate(walks))


def list_missing(first: int, last: int, found: Sequence[int]) -> Iterator[tuple[int, int]]:
    """List the ranges of places from `first` to `last` without those that were found, which rise."""
    begin = first
    for one in found[bisect_left(found, first) : bisect_right(found, last)]:
        if begin < one:
            yield begin, one - 1
        begin = one + 1
    if begin <= last:
        yield begin, last

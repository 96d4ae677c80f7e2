"""Decisions that were removed by their age, as events of the log tell: where chains were cut, and the hashes there."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.engine import Connection

from credit.decision_log.database import Database
from credit.decision_log.tables import DECISIONS_TABLE, EVENTS_TABLE


class RemovedRange(NamedTuple):
    """Rows of a writer that were removed, by their places. `previous`: the hash before them; `row_hash`: their last."""

    writer: str
    first: int
    last: int
    previous: str
    row_hash: str


class Removals(NamedTuple):
    """All that was removed, by writer. `before`: of which moment on nothing was, None: nothing at all."""

    ranges: dict[str, list[RemovedRange]]
    before: datetime | None = None

    def list_places(self, writer: str) -> list[tuple[int, int]]:
        """List the first and the last places of a writer's removed ranges, those that touch each other as one."""
        places: list[tuple[int, int]] = []
        for first, last in sorted((one.first, one.last) for one in self.ranges.get(writer, ())):
            if places and first <= places[-1][1] + 1:
                places[-1] = (places[-1][0], max(last, places[-1][1]))
            else:
                places.append((first, last))
        return places


def leave_out(removed: Iterable[tuple[int, int]], missing: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Leave removed places out of the ranges of those that are missing: such rows will not come."""
    left = list(missing)
    for first, last in removed:
        parts = [((one, min(end, first - 1)), (max(one, last + 1), end)) for one, end in left]
        left = [part for both in parts for part in both if part[0] <= part[1]]
    return left


def read_removals(databases: Iterable[Database]) -> Removals:
    """Read the removals that events tell. Raises CreditError when a database does not answer."""
    ranges: dict[str, list[RemovedRange]] = {}
    moments: list[datetime] = []
    query = select(EVENTS_TABLE.c.detail).where(EVENTS_TABLE.c.kind == "remove")
    for database in databases:
        with database.begin_read() as connection:
            for detail in connection.execute(query).scalars():
                moments.append(datetime.fromisoformat(detail["before"]))
                for one in detail["ranges"]:
                    ranges.setdefault(one[0], []).append(RemovedRange(*one))
    return Removals(ranges, max(moments, default=None))


def find_ranges(connection: Connection, conditions: Sequence[Any]) -> list[RemovedRange]:
    """Find the ranges in which decisions follow each other, each by its place and its hash, in bounded memory."""
    columns = DECISIONS_TABLE.c
    query = select(columns.writer, columns.sequence, columns.previous, columns.row_hash)
    query = query.where(*conditions, columns.writer.is_not(None)).order_by(columns.writer, columns.sequence)
    found: list[RemovedRange] = []
    for writer, sequence, previous, row_hash in connection.execute(query.execution_options(yield_per=2_000)):
        last = found[-1] if found else None
        if last and (last.writer, last.last + 1, last.row_hash) == (writer, sequence, previous):
            found[-1] = last._replace(last=sequence, row_hash=row_hash)
        else:
            found.append(RemovedRange(writer, sequence, sequence, previous, row_hash))
    return found

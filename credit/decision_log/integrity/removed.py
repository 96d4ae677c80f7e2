"""Decisions that were removed by their age, as events of the log tell: where chains were cut, and the hashes there."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from credit.decision_log.database import Database
from credit.decision_log.tables import EVENTS_TABLE


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


class RemovalEvent(NamedTuple):
    """An event that tells of a removal: its id, its place in a chain, and what went from before a moment."""

    id: str
    writer: str
    place: int
    before: datetime
    ranges: list[RemovedRange]


def read_removal_events(databases: Iterable[Database]) -> list[RemovalEvent]:
    """Read the events that tell of removals. Raises CreditError when a database does not answer."""
    columns, events = EVENTS_TABLE.c, []
    query = select(columns.id, columns.writer, columns.sequence, columns.detail).where(columns.kind == "remove")
    for database in databases:
        with database.begin_read() as connection:
            for identifier, writer, place, detail in connection.execute(query):
                before = datetime.fromisoformat(detail["before"])
                ranges = [RemovedRange(*one) for one in detail["ranges"]]
                events.append(RemovalEvent(identifier, writer or "", place or 0, before, ranges))
    return events


def gather_removals(events: Iterable[RemovalEvent]) -> Removals:
    """Gather what events removed."""
    ranges: dict[str, list[RemovedRange]] = {}
    moments = []
    for event in events:
        moments.append(event.before)
        for one in event.ranges:
            ranges.setdefault(one.writer, []).append(one)
    return Removals(ranges, max(moments, default=None))


def read_removals(databases: Iterable[Database]) -> Removals:
    """Read the removals that events tell, confirmed or not. Raises CreditError when a database does not answer."""
    return gather_removals(read_removal_events(databases))

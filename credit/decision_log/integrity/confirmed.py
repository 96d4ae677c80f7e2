"""Ask the store about events of a log: removals are announced in it, and its checkpoints cover chains of events.

Whoever can write the database alone can put an event into it that explains a gap, but no announcement and no
checkpoint into the store.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import uuid4

from pydantic_core import to_json
from sqlalchemy import select
from sqlalchemy.engine import Connection

from credit.decision_log.database import Database
from credit.decision_log.integrity.chain import DECISIONS, EVENTS, Hasher
from credit.decision_log.integrity.checkpoints import LOG_PREFIX, list_points
from credit.decision_log.integrity.reading import read_rows
from credit.decision_log.integrity.removed import RemovalEvent, RemovedRange
from credit.decision_log.integrity.walk import ChainWalk, check_content
from credit.decision_log.tables import DECISIONS_TABLE
from credit.registry.store import Store

_PREFIX = f"{LOG_PREFIX}/removals"


class Announced(NamedTuple):
    """Removals that were announced before they began: ranges by writer, and of which moment on nothing was to go."""

    ranges: Mapping[str, Sequence[RemovedRange]]
    before: datetime | None

    def covers(self, one: RemovedRange) -> bool:
        """Tell whether a range is within an announced one."""
        return any(other.first <= one.first and one.last <= other.last for other in self.ranges.get(one.writer, ()))


def find_ranges(connection: Connection, conditions: Sequence[Any]) -> list[RemovedRange]:
    """Find the ranges in which decisions follow each other, each by its place and its hash, in bounded memory.

    A decision that is not as it was written is in none: that it is missing stays a finding, whoever made it old.
    """
    columns, hasher = DECISIONS_TABLE.c, Hasher(DECISIONS)
    query = select(DECISIONS_TABLE).where(*conditions, columns.writer.is_not(None))
    query = query.order_by(columns.writer, columns.sequence).execution_options(yield_per=2_000)
    found: list[RemovedRange] = []
    for row in connection.execute(query).mappings():
        if check_content(DECISIONS, hasher, dict(row)) is not None:
            continue
        one = RemovedRange(row["writer"], row["sequence"], row["sequence"], row["previous"], row["row_hash"])
        last = found[-1] if found else None
        if last and (last.writer, last.last + 1, last.row_hash) == (one.writer, one.first, one.previous):
            found[-1] = last._replace(last=one.last, row_hash=one.row_hash)
        else:
            found.append(one)
    return found


def announce_removal(store: Store, before: datetime, ranges: Sequence[RemovedRange], caller: str) -> Announced:
    """Announce a removal that is about to begin. Raises CreditError when the store does not take it."""
    content = {"time": datetime.now(UTC), "caller": caller, "before": before.isoformat(), "ranges": ranges}
    store.create(f"{_PREFIX}/{uuid4().hex}.json", to_json(content))
    return _gather([(before, ranges)])


def read_announced(store: Store) -> Announced:
    """Read all that was announced. Raises CreditError when the store does not answer."""
    told = [json.loads(store.read(f"{_PREFIX}/{name}") or b"{}") for name in store.list_children(_PREFIX)[1]]
    removals = [one for one in told if one]
    return _gather(
        [(datetime.fromisoformat(one["before"]), [RemovedRange(*part) for part in one["ranges"]]) for one in removals]
    )


def _gather(removals: Sequence[tuple[datetime, Sequence[RemovedRange]]]) -> Announced:
    ranges: dict[str, list[RemovedRange]] = {}
    for _, parts in removals:
        for one in parts:
            ranges.setdefault(one.writer, []).append(one)
    return Announced(ranges, max((before for before, _ in removals), default=None))


class Confirmation:
    """Tells which events of databases a store confirms."""

    def __init__(self, databases: Sequence[Database], store: Store) -> None:
        self._databases, self._store, self._announced = databases, store, read_announced(store)
        self._covered: dict[str, int] = {}

    def confirms_removal(self, event: RemovalEvent) -> bool:
        """Tell whether a removal was announced, or is covered, as those from before there were announcements."""
        before = self._announced.before
        is_announced = before is not None and event.before <= before and all(map(self._announced.covers, event.ranges))
        return is_announced or self.covers(event.writer, event.place)

    def covers(self, writer: str, place: int) -> bool:
        """Tell whether a checkpoint covers an event: its chain is whole up to one at its place or after it."""
        if writer not in self._covered:
            points = list_points(self._store, EVENTS.table.name, writer) if writer else {}
            end = max(points, default=0)
            walk = ChainWalk(EVENTS, writer, points, lambda row: None)
            rows = read_rows(self._databases, EVENTS, writer, 1, end)
            self._covered[writer] = 0 if any(walk.walk(rows, is_whole=True)) else end
        return 0 < place <= self._covered[writer]

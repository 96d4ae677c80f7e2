"""Follow the log into a target: decisions, then their outcomes, then erasures; killed anywhere it goes on."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple, Protocol

from sqlalchemy import select

from credit.decision_log.database import Database
from credit.decision_log.tables import DECISIONS_TABLE, EVENTS_TABLE, OUTCOMES_TABLE
from credit.decision_log.writers import find_newest_places
from service.export.cursors import LogBatch, LogCursor, count_waiting, iterate_batches
from service.export.records import DayDigest, ExportedRecord, build_records, digest_days

Stream = Literal["decisions", "outcomes", "events"]
TABLES = {"decisions": DECISIONS_TABLE, "outcomes": OUTCOMES_TABLE, "events": EVENTS_TABLE}
_ERASURES = ("erase", "expire")
_PAGE_ROWS = 1_000

Cursors = dict[str, LogCursor]


class Target(Protocol):
    """Where decisions go. Each method may be called again with the same, which changes nothing then."""

    def read_cursors(self, stream: Stream) -> Cursors:
        """Read the place of each writer."""

    def put(self, database: Database, batch: LogBatch) -> None:
        """Put decisions."""

    def refresh(self, database: Database, decisions: list[str]) -> None:
        """Take up outcomes and erasures of decisions; those that are not there yet come with them later."""

    def remove(self, before: datetime, environment: str | None) -> int:
        """Remove an environment's decisions, None: all, from before the begin of a month, and what is protected.

        Returns how many.
        """

    def note(self, stream: Stream, writer: str, cursor: LogCursor) -> None:
        """Note the place up to which rows are there, after them."""

    def finish(self, database: Database) -> None:
        """Finish the rows that were put."""

    def digest(self) -> dict[Any, DayDigest]:
        """Digest the decisions of each day."""


class ExportRound(NamedTuple):
    """What was new: decisions, outcomes and erasures, each of one or many decisions. `removed`: decisions of
    months that the log removed by their age; `missing`: may come later.
    """

    decisions: int = 0
    outcomes: int = 0
    erased: int = 0
    removed: int = 0
    missing: int = 0


@dataclass
class UnfinishedRows:
    """What the target noted and did not finish yet: the next round finishes it, and does not read it again."""

    decisions: int = 0
    outcomes: int = 0
    erased: int = 0
    removed: int = 0

    def finish(self, missing: int) -> ExportRound:
        """Turn them into a round that has ended well, and begin anew."""
        made = ExportRound(self.decisions, self.outcomes, self.erased, self.removed, missing)
        self.decisions = self.outcomes = self.erased = self.removed = 0
        return made


def export_news(
    database: Database, target: Target, places: Cursors | None = None, unfinished: UnfinishedRows | None = None
) -> ExportRound:
    """Export everything that is new. Raises CreditError when the log or the target is out of reach.

    `places` are those of decisions in the target, where they are known; each is moved on when it is noted there, so
    that they are true after a failure too. `unfinished` of a round that failed is counted with this one.
    """
    rows = unfinished or UnfinishedRows()
    cursors = target.read_cursors("decisions") if places is None else places
    for batch in iterate_batches(database, DECISIONS_TABLE, cursors):
        target.put(database, batch)
        target.note("decisions", batch.writer, batch.cursor)
        cursors[batch.writer] = batch.cursor
        rows.decisions += len(batch.rows)
    for batch in iterate_batches(database, OUTCOMES_TABLE, target.read_cursors("outcomes")):
        target.refresh(database, [row["decision_id"] for row in batch.rows])
        target.note("outcomes", batch.writer, batch.cursor)
        rows.outcomes += len(batch.rows)
    for batch in iterate_batches(database, EVENTS_TABLE, target.read_cursors("events")):
        erased = [one for row in batch.rows if row["kind"] in _ERASURES for one in row["detail"].get("rows", ())]
        target.refresh(database, erased)
        cuts = [row["detail"] for row in batch.rows if row["kind"] == "remove"]
        for environment in dict.fromkeys(one.get("environment") for one in cuts):
            moments = [one["before"] for one in cuts if one.get("environment") == environment]
            rows.removed += target.remove(max(map(datetime.fromisoformat, moments)), environment)
        target.note("events", batch.writer, batch.cursor)
        rows.erased += sum(row["kind"] in _ERASURES for row in batch.rows)
    target.finish(database)
    return rows.finish(sum(one.missing for one in cursors.values()))


def compare_days(database: Database, target: Target) -> dict[Any, tuple[DayDigest, DayDigest]]:
    """Compare log and target day by day; returns the days that differ, with both digests."""
    there, here = digest_days(iterate_records(database)), target.digest()
    days = sorted(there.keys() | here.keys())
    both = {day: (there.get(day, DayDigest()), here.get(day, DayDigest())) for day in days}
    return {day: pair for day, pair in both.items() if pair[0] != pair[1]}


def measure_lag(database: Database, cursors: Cursors) -> tuple[int, timedelta]:
    """Measure how many decisions wait, and since when the oldest does. Raises CreditError without an answer."""
    waiting = count_waiting(database, DECISIONS_TABLE, cursors)
    if not waiting:
        return 0, timedelta(0)
    columns, oldest = DECISIONS_TABLE.c, []
    places = find_newest_places(database)
    with database.begin_read() as connection:
        for writer in places:
            following = (cursors.get(writer) or LogCursor()).following
            first = select(columns.decided_at).where(columns.writer == writer, columns.sequence >= following)
            oldest += list(connection.execute(first.order_by(columns.sequence).limit(1)).scalars())
    return waiting, max(datetime.now(UTC) - min(oldest), timedelta(0))


def iterate_records(
    database: Database, begin: datetime | None = None, end: datetime | None = None
) -> Iterator[ExportedRecord]:
    """Iterate over decisions that have a number, between two moments, in the order of time."""
    columns = DECISIONS_TABLE.c
    query = select(DECISIONS_TABLE).where(columns.writer.is_not(None))
    query = query.where(*([columns.decided_at < end] if end else []))
    query = query.order_by(columns.decided_at, columns.id).limit(_PAGE_ROWS)
    beyond = [columns.decided_at >= begin] if begin else []
    while True:
        with database.begin_read() as connection:
            rows = [dict(row._mapping) for row in connection.execute(query.where(*beyond))]
        yield from build_records(database, rows)
        if len(rows) < _PAGE_ROWS:
            return
        time, identifier = rows[-1]["decided_at"], rows[-1]["id"]
        beyond = [columns.decided_at >= time, (columns.decided_at > time) | (columns.id > identifier)]

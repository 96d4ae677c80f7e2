"""Count decisions by hour, each once, from the log itself: who writes a decision does nothing for it.

A writer numbers its decisions, so where the counting stopped is a place. Places that are not there yet, because their
decisions are in a spool, are kept as gaps and counted when they come. Counts, place and gaps change in one transaction,
and only if nobody else counted meanwhile.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from pydantic_core import from_json, to_json
from sqlalchemy import ColumnElement, Text, cast, false, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from credit.decision_log.counting.places import CountedPlace, Gap, correct_newest, find_places
from credit.decision_log.database import Database
from credit.decision_log.tables import COUNTED_WRITERS_TABLE, DECISIONS_TABLE, HOURLY_COUNTS_TABLE
from credit.decision_log.writers import list_missing, read_next_rows

SLICE_ROWS = 2_000
"""Decisions that are counted in one transaction: what is decided meanwhile waits for its few milliseconds."""

_INSERT_ROWS = 500
"""Rows of one statement: SQLite takes 32,766 values."""


class Cell(NamedTuple):
    """By what decisions are alike. `hour`: its begin; `attribute` None: whatever their protected values are."""

    environment: str | None
    hour: datetime
    entry: int
    version: str | None
    decision: str
    decided_by: str
    rule_because: str | None
    attribute: str | None = None
    value: str | None = None

    def hash(self) -> str:
        """Hash the values: a key for what may be long, or nothing."""
        return hashlib.sha256(to_json(self)).hexdigest()


_ALIKE = ("environment", "entry", "version", "decision", "decided_by", "rule_because")


def count_on(database: Database, slices: int) -> int:
    """Count at most so many slices of decisions; return how many decisions are still not counted.

    Gaps are looked at once. Raises CreditError when the database does not answer.
    """
    waiting = 0
    for place in find_places(database, only_open=True):
        may_be_more = bool(place.waiting or place.gaps)
        while slices and may_be_more:
            slices -= 1
            place, may_be_more = _count_slice(database, place)
        waiting += place.waiting
    return waiting


def _count_slice(database: Database, place: CountedPlace) -> tuple[CountedPlace, bool]:
    """Count the next decisions of a writer, and those that came into its gaps.

    Returns how far that is then, and whether there may be more.
    """
    decisions = DECISIONS_TABLE.c
    asked = select(decisions.sequence, *list_counted_columns())
    wanted = [decisions.sequence.between(*gap) for gap in place.gaps]
    missing = asked.where(decisions.writer == place.writer, or_(false(), *wanted)).order_by(decisions.sequence)
    with database.begin_read() as connection:
        rows = list(connection.execute(missing.limit(SLICE_ROWS))) if wanted else []
        following = (place.counted + 1, None)
        rows += read_next_rows(connection, asked, DECISIONS_TABLE, place.writer, following, SLICE_ROWS - len(rows))
    found = [row[0] for row in rows]
    counted = max([place.counted, *found])
    if counted < place.newest and len(rows) < SLICE_ROWS:
        place = correct_newest(database, place)
    ranges = [*place.gaps, (place.counted + 1, counted)]
    gaps = tuple(gap for first, last in ranges for gap in list_missing(first, last, found))
    if rows:
        with database.begin_write() as connection:
            if _move_place(connection, place, counted, gaps):
                add_counts(connection, count_cells_of(row[1:] for row in rows))
    return place._replace(counted=counted, gaps=gaps), len(rows) == SLICE_ROWS


def _move_place(connection: Connection, place: CountedPlace, counted: int, gaps: Sequence[Gap]) -> bool:
    """Move the place of a writer; False when somebody else moved it meanwhile, who has counted the same then."""
    table = COUNTED_WRITERS_TABLE
    new = {"writer": place.writer, "counted": 0, "gaps": []}
    connection.execute(_build_insert(connection, table).values(new).on_conflict_do_nothing())
    there = select(table.c.counted, table.c.gaps).where(table.c.writer == place.writer).with_for_update()
    known = connection.execute(there).one()
    if (known.counted, tuple(map(tuple, known.gaps))) != (place.counted, place.gaps):
        return False
    moved = {"counted": counted, "gaps": [list(gap) for gap in gaps]}
    connection.execute(update(table).where(table.c.writer == place.writer).values(moved))
    return True


def list_counted_columns() -> list[ColumnElement[Any]]:
    """List the columns that are counted; protected values as text, which many decisions have in common."""
    decisions = DECISIONS_TABLE.c
    alike = [decisions[name] for name in _ALIKE]
    return [decisions.repeat_of, decisions.decided_at, cast(decisions.protected, Text), *alike]


def count_cells_of(rows: Iterable[Sequence[Any]]) -> Counter[Cell]:
    """Count rows of the counted columns that are alike.

    A repeat that was recognised too late is about an application that is counted.
    """
    alike: Counter[tuple[Any, ...]] = Counter()
    for repeat_of, decided_at, protected, *values in rows:
        if repeat_of is None:
            hour = decided_at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
            alike[hour, protected, *values] += 1
    return count_by_group(alike)


def count_by_group(alike: Mapping[tuple[Any, ...], int]) -> Counter[Cell]:
    """Count decisions with an hour and all other counted values in common, in all and by each protected value."""
    common: dict[tuple[Any, ...], Counter[tuple[str | None, str | None]]] = {}
    for (hour, protected, environment, *values), number in alike.items():
        counts = common.setdefault((environment, hour, *values), Counter())
        counts[None, None] += number
        for attribute, value in (from_json(protected) or {}).items():  # none of a decision that was erased
            if value is not None:
                counts[attribute, str(value)] += number
    found: Counter[Cell] = Counter()
    for shared, counts in common.items():
        for (attribute, value), number in counts.items():
            found[Cell._make((*shared, attribute and _clean(attribute), value and _clean(value)))] += number
    return found


def _clean(text: str) -> str:
    """Replace what no database takes as text; in JSON it does."""
    return text.replace("\0", "\ufffd").encode(errors="replace").decode()


def add_counts(connection: Connection, counts: Counter[Cell]) -> None:
    """Add counts to those that are there, in the order of their keys: who adds at once must not wait for each other."""
    rows = sorted(
        ({"cell": cell.hash(), **cell._asdict(), "number": number} for cell, number in counts.items()),
        key=lambda row: str(row["cell"]),
    )
    for start in range(0, len(rows), _INSERT_ROWS):
        added = _build_insert(connection, HOURLY_COUNTS_TABLE).values(rows[start : start + _INSERT_ROWS])
        total = HOURLY_COUNTS_TABLE.c.number + added.excluded.number
        connection.execute(added.on_conflict_do_update(index_elements=["cell"], set_={"number": total}))


def _build_insert(connection: Connection, table: Any) -> Any:
    """Build an insert that knows conflicts, which each database spells by itself."""
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)

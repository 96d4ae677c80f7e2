"""Read decisions from the log in their order, each once: by the numbers of each writer, merged by time."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import ColumnElement, Text, and_, case, cast, func, or_, select

from credit.bundle.rule_causes import NO_MODEL
from credit.decision_log.database import Database
from credit.decision_log.integrity.chain import DECISIONS
from credit.decision_log.integrity.reading import list_writers
from credit.decision_log.tables import DECISIONS_TABLE, is_of_environment
from watch.cursors import WriterCursor

BATCH_ROWS = 50_000
"""Decisions that are read at a time: some 50 MiB."""

_LEAST_ROWS = 500

_C = DECISIONS_TABLE.c
IS_BY_CHAMPION: ColumnElement[bool] = or_(_C.decided_by != "rule", and_(_C.rule_because == NO_MODEL))
"""Whether the champion of a version decided, which may be the rule, and not the rule that stepped in for it."""


class LoggedRow(NamedTuple):
    """A decision as it is judged. `unjudged`: why it is not; `protected`: the attributes as JSON."""

    sequence: int
    decided_at: datetime
    decision: str
    is_by_champion: bool
    version: str | None
    digest: str
    entry: int
    unjudged: str | None
    protected: str


class Batch(NamedTuple):
    """Decisions in the order in which they are counted. `taken`: by writer the numbers and entries that are counted."""

    rows: list[LoggedRow]
    moments: "np.ndarray[Any, np.dtype[np.float64]]"
    taken: dict[str, list[tuple[int, int]]]


def read_batch(
    databases: Sequence[Database], environment: str, cursors: Mapping[str, WriterCursor], limit: int = BATCH_ROWS
) -> Batch:
    """Read the next decisions of all writers; an empty batch when there is none. Changes no cursor.

    `databases`: the spool first, since rows move from there to the database. Where a writer has more rows than are
    read, none of another is taken that is later than these. Raises CreditError when the log is out of reach.
    """
    writers = list_writers(databases, DECISIONS)
    news = [name for name in writers if _has_news(databases, name, cursors.get(name) or WriterCursor())]
    rows_each = max(limit // max(len(news), 1), _LEAST_ROWS)
    parts, ends = [], []
    for name in news:
        rows = _read_writer(databases, environment, name, cursors.get(name) or WriterCursor(), rows_each)
        moments = np.maximum.accumulate(np.fromiter((one.decided_at.timestamp() for one in rows), float, len(rows)))
        parts.append((name, rows, moments))
        ends += [moments[-1]] if len(rows) >= rows_each else []
    return _merge(parts, min(ends, default=np.inf))


def count_unchained(database: Database, environment: str) -> int:
    """Count the decisions from before there were writers, which have no order by which they could be counted once."""
    query = select(func.count()).select_from(DECISIONS_TABLE)
    with database.begin_read() as connection:
        found = connection.execute(query.where(_C.writer.is_(None), is_of_environment(environment)))
        return int(found.scalar_one())


def _merge(parts: list[tuple[str, list[LoggedRow], Any]], until: float) -> Batch:
    """Merge the rows of writers by time; those of one writer stay in their order."""
    taken, rows, moments, order = {}, [], [], []
    for place, (name, read, times) in enumerate(parts):
        number = int(np.searchsorted(times, until, side="right"))
        if number:
            taken[name] = [(one.sequence, one.entry) for one in read[:number]]
            rows += read[:number]
            moments.append(times[:number])
            order.append(np.full(number, place))
    if not rows:
        return Batch([], np.empty(0), {})
    times = np.concatenate(moments)
    by_time = np.lexsort((np.arange(len(rows)), np.concatenate(order), times))
    return Batch([rows[i] for i in by_time] if len(parts) > 1 else rows, times[by_time], taken)


def _has_news(databases: Sequence[Database], writer: str, cursor: WriterCursor) -> bool:
    """Tell whether a writer has rows that were not counted: a look-up in the index."""
    if cursor.gaps:
        return True
    for database in databases:
        with database.begin_read() as connection:
            query = select(func.max(_C.sequence)).where(_C.writer == writer)
            if (connection.execute(query).scalar_one() or 0) >= cursor.following:
                return True
    return False


def _read_writer(
    databases: Sequence[Database], environment: str, writer: str, cursor: WriterCursor, limit: int
) -> list[LoggedRow]:
    """Read the missing rows of a writer that came, then those that follow; one in two databases is read once."""
    ranges = [(one.first, one.last) for one in cursor.gaps]
    found: dict[int, LoggedRow] = {}
    for database in databases:
        for first, last in [*ranges, (cursor.following, None)]:
            for row in _select_rows(database, environment, writer, first, last, limit):
                found.setdefault(row[0], row)
    if len(databases) == 1 and not ranges:
        return list(found.values())
    return [found[number] for number in sorted(found)[:limit]]


def _select_rows(
    database: Database, environment: str, writer: str, first: int, last: int | None, limit: int
) -> Iterator[LoggedRow]:
    unjudged = case(
        (~is_of_environment(environment), "elsewhere"),
        (_C.erased_by.is_not(None), "erased"),
        (_C.repeat_of.is_not(None), "repeat"),
    )
    query = select(
        _C.sequence,
        _C.decided_at,
        _C.decision,
        IS_BY_CHAMPION.label("is_by_champion"),
        _C.version,
        _C.digest,
        _C.entry,
        unjudged.label("unjudged"),
        cast(_C.protected, Text).label("protected"),
    )
    query = query.where(_C.writer == writer, _C.sequence >= first, *([_C.sequence <= last] if last else []))
    with database.begin_read() as connection:
        yield from connection.execute(query.order_by(_C.sequence).limit(limit)).all()  # type: ignore[misc]

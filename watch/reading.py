"""Read decisions from the log in their order, each once: by the numbers of each writer, merged by time."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, ColumnElement, Text, and_, case, cast, extract, false, func, or_, select

from credit.bundle.rule_causes import NO_MODEL
from credit.decision_log.database import Database
from credit.decision_log.tables import DECISIONS_TABLE, is_of_environment
from credit.decision_log.writers import find_newest_places, read_next_rows
from watch.cursors import WriterCursor

BATCH_ROWS = 50_000
"""Decisions that are read at a time: some 50 MiB."""

_LEAST_ROWS = 500

AHEAD_SECONDS = 3600.0
"""How far the clocks of two machines may differ: a decision that is dated later has no moment that is known."""

ELSEWHERE = "elsewhere"
"""Why a decision of another environment, which shares the database, is not judged."""

_C = DECISIONS_TABLE.c
IS_BY_CHAMPION: ColumnElement[bool] = or_(_C.decided_by != "rule", and_(_C.rule_because == NO_MODEL))
"""Whether the champion of a version decided, which may be the rule, and not the rule that stepped in for it."""
MODEL_AT_FAULT = "the model"
"""How each cause begins that is the failing of the model: it failed, gave no score, was slow or late."""
IS_FAILED: ColumnElement[bool] = func.coalesce(
    and_(_C.decided_by == "rule", _C.rule_because.startswith(MODEL_AT_FAULT)), false()
)
"""Whether the rule stepped in since the model failed or was late; not for a store or a log out of reach, say."""


Row = tuple[int, int, str, bool, str | None, str, int, str | None, str, bool]
"""Sequence, second, decision, whether by the champion, version, digest, entry, why it is not judged, protected,
whether the model failed."""


class DecisionKey(NamedTuple):
    """The entry, bundle and version of decisions. `unjudged`: why they are not judged, None where they are."""

    entry: int
    digest: str
    version: str | None
    unjudged: str | None


class Decisions(NamedTuple):
    """Decisions in the order in which they are counted; of each a moment in seconds, and arrays of shape (n,).

    `keys`, `protected`: distinct ones, to which `key_of` and `protected_of` point; `protected` is JSON.
    `ahead`: those that are dated in the future; their moment is that of the one before.
    `failed`: by the rule, since the model failed or was late.
    """

    moments: NDArray[np.float64]
    kinds: NDArray[np.str_]
    champion: NDArray[np.bool_]
    keys: list[DecisionKey]
    key_of: NDArray[np.int64]
    protected: list[str]
    protected_of: NDArray[np.int64]
    ahead: NDArray[np.bool_]
    failed: NDArray[np.bool_]

    def __bool__(self) -> bool:
        return len(self.moments) > 0

    def select(self, key: int) -> "Decisions":
        """Select the decisions with one key."""
        at = np.flatnonzero(self.key_of == key)
        names = ("moments", "kinds", "champion", "key_of", "protected_of", "ahead", "failed")
        return self._replace(**{name: getattr(self, name)[at] for name in names})


class Batch(NamedTuple):
    """Decisions to be counted. `taken`: by writer their numbers, each with its entry."""

    decisions: Decisions
    taken: dict[str, list[tuple[int, int]]]


class _Part(NamedTuple):
    """The next rows of a writer, their moments, and which of them are dated in the future."""

    writer: str
    rows: list[Row]
    moments: NDArray[np.float64]
    ahead: NDArray[np.bool_]


def read_batch(
    databases: Sequence[Database],
    environment: str,
    cursors: Mapping[str, WriterCursor],
    now: float,
    last: float | None,
    limit: int = BATCH_ROWS,
) -> Batch:
    """Read the next decisions of all writers; an empty batch when there is none. Changes no cursor.

    `databases`: the spool first, since rows move from there to the database. Where a writer has more rows than are
    read, none of another is taken that is later than these. `now`, `last`: in seconds, the latter of the newest
    decision. Raises CreditError when the log is out of reach.
    """
    news = _list_news(databases, cursors)
    rows_each = max(limit // max(len(news), 1), _LEAST_ROWS)
    parts: list[_Part] = []
    ends = []
    for name, cursor in news.items():
        rows = _read_writer(databases, environment, name, cursor, rows_each)
        dated = np.fromiter(map(itemgetter(1), rows), float, len(rows))
        ahead = dated > now + AHEAD_SECONDS
        parts.append(_Part(name, rows, _order_moments(dated, ahead, now if last is None else min(last, now)), ahead))
        ends += [parts[-1].moments[-1]] if len(rows) >= rows_each else []
    return _merge(parts, min(ends, default=np.inf))


def count_unchained(database: Database, environment: str) -> int:
    """Count the decisions from before there were writers, which have no order by which they could be counted once."""
    query = select(func.count()).select_from(DECISIONS_TABLE)
    with database.begin_read() as connection:
        found = connection.execute(query.where(_C.writer.is_(None), is_of_environment(environment)))
        return int(found.scalar_one())


def _order_moments(dated: NDArray[np.float64], ahead: NDArray[np.bool_], before: float) -> NDArray[np.float64]:
    """Let moments not fall. One ahead is that of the row before; where there is none, of the row after, or `before`."""
    first = float(dated[~ahead][0]) if not ahead.all() else before
    return np.maximum.accumulate(np.where(ahead, first, dated))


def _merge(parts: Sequence[_Part], until: float) -> Batch:
    """Merge the rows of writers by time; those of one writer stay in their order."""
    taken: dict[str, list[tuple[int, int]]] = {}
    rows: list[Row] = []
    moments, order, ahead = [np.empty(0)], [np.empty(0, np.int64)], [np.empty(0, np.bool_)]
    for place, part in enumerate(parts):
        number = int(np.searchsorted(part.moments, until, side="right"))
        if number:
            taken[part.writer] = list(map(itemgetter(0, 6), part.rows[:number]))
            rows += part.rows[:number]
            moments.append(part.moments[:number])
            ahead.append(part.ahead[:number])
            order.append(np.full(number, place))
    times = np.concatenate(moments)
    by_time = np.lexsort((np.arange(len(rows)), np.concatenate(order), times))
    ordered = [rows[i] for i in by_time] if len(parts) > 1 else rows
    return Batch(_arrange(ordered, times[by_time], np.concatenate(ahead)[by_time]), taken)


def _arrange(rows: list[Row], moments: NDArray[np.float64], ahead: NDArray[np.bool_]) -> Decisions:
    """Arrange rows as columns."""
    _, _, kinds, champion, versions, digests, entries, unjudged, protected, failed = (
        zip(*rows, strict=True) if rows else [()] * 10
    )
    keys: dict[tuple[Any, ...], int] = {}
    texts: dict[str, int] = {}
    told = zip(entries, digests, versions, unjudged, strict=True)
    key_of = np.fromiter((keys.setdefault(one, len(keys)) for one in told), np.int64, len(rows))
    protected_of = np.fromiter((texts.setdefault(one, len(texts)) for one in protected), np.int64, len(rows))
    listed = [DecisionKey(*one) for one in keys]
    flags = [np.array(one, bool) for one in (champion, failed)]
    kinds_of = np.array(kinds, dtype=str)
    return Decisions(moments, kinds_of, flags[0], listed, key_of, list(texts), protected_of, ahead, flags[1])


def _list_news(databases: Sequence[Database], cursors: Mapping[str, WriterCursor]) -> dict[str, WriterCursor]:
    """List the writers that have rows which were not counted, or miss some that may have come."""
    newest: dict[str, int] = {}
    for database in databases:
        for name, last in find_newest_places(database).items():
            newest[name] = max(last, newest.get(name, 0))
    known = {name: cursors.get(name) or WriterCursor() for name in sorted(newest)}
    return {name: cursor for name, cursor in known.items() if cursor.gaps or newest[name] >= cursor.following}


def _read_writer(
    databases: Sequence[Database], environment: str, writer: str, cursor: WriterCursor, limit: int
) -> list[Row]:
    """Read the missing rows of a writer that came, then those that follow; one in two databases is read once."""
    ranges = [(one.first, one.last) for one in cursor.gaps]
    found: dict[int, Row] = {}
    for database in databases:
        for first, last in [*ranges, (cursor.following, None)]:
            for row in _select_rows(database, environment, writer, first, last, limit):
                found.setdefault(row[0], row)
    if len(databases) == 1 and not ranges:
        return list(found.values())
    return [found[number] for number in sorted(found)[:limit]]


def _select_rows(
    database: Database, environment: str, writer: str, first: int, last: int | None, limit: int
) -> list[Row]:
    unjudged = case(
        (~is_of_environment(environment), ELSEWHERE),
        (_C.erased_by.is_not(None), "erased"),
        (_C.repeat_of.is_not(None), "repeat"),
    )
    seconds: ColumnElement[Any] = extract("epoch", _C.decided_at)
    if database.engine.dialect.name == "postgresql":  # whose cast would round where SQLite cuts
        seconds = func.floor(seconds)
    query = select(
        _C.sequence,
        cast(seconds, BigInteger),
        _C.decision,
        IS_BY_CHAMPION.label("is_by_champion"),
        _C.version,
        _C.digest,
        _C.entry,
        unjudged.label("unjudged"),
        cast(_C.protected, Text).label("protected"),
        IS_FAILED.label("is_failed"),
    )
    with database.begin_read() as connection:
        places = (first, last)
        return read_next_rows(connection, query, DECISIONS_TABLE, writer, places, limit)  # type: ignore[return-value]


def find_moment(databases: Sequence[Database], writer: str, number: int) -> datetime | None:
    """Find when a row of a writer was decided; None where no database has it."""
    query = select(_C.decided_at).where(_C.writer == writer, _C.sequence == number).limit(1)
    for database in databases:
        with database.begin_read() as connection:
            found: datetime | None = connection.execute(query).scalar()
        if found is not None:
            return found
    return None

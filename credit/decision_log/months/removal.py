"""Remove whole months of decisions by their age: in PostgreSQL a partition at a time, else row by row.

Those of one environment go row by row where others have decisions of the same month, which stay.

Chains go on behind the gap: an event has the places and the hashes at both ends. What belongs to such decisions,
outcomes, reviews, corrections and shadows, loses its values and keeps its hash, as by an erasure.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import JSON, Select, delete, func, select, text, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError

from credit.common.errors import CreditError, Problem
from credit.decision_log.counting.places import forget_writers
from credit.decision_log.database import Database
from credit.decision_log.integrity.append import Appender, AppendTransaction
from credit.decision_log.integrity.confirmed import Announced, announce_removal, find_ranges
from credit.decision_log.months.partitions import Partition, is_partitioned, list_partitions
from credit.decision_log.people.events import build_event
from credit.decision_log.shadows.recording import erase_shadows
from credit.decision_log.tables import DECISIONS_TABLE, EVENTS_TABLE, OUTCOMES_TABLE, is_of_environment
from credit.registry.store import Store

_CHUNK_ROWS = 2_000
"""Decisions that one event removes in PostgreSQL, where they are no partition."""

_LOCKED_ROWS = 100
"""Decisions that one event removes in SQLite, where every other writer waits for them: some milliseconds."""

_UNLOCKED_SECONDS = 0.05
"""Before the next ones go: a decision that waits for SQLite looks again after 1 to 25 ms, and would find it locked."""

_ATTEMPTS, _PAUSE_SECONDS = 30, 1.0
"""How often the lock on the whole table is asked for: nobody waits behind it for longer than a second."""

_LOCK_NOT_AVAILABLE = "55P03"

_C = DECISIONS_TABLE.c


class Removal(NamedTuple):
    """The partitions that go as a whole, with the number of their decisions, and decisions that go row by row."""

    partitions: dict[str, int]
    rows: int

    @property
    def decisions(self) -> int:
        """The number of decisions."""
        return sum(self.partitions.values()) + self.rows


def plan_removal(database: Database, before: datetime, environment: str | None = None) -> Removal:
    """Count the decisions of an environment, None: of all, from before a moment, the begin of a month.

    Raises CreditError without an answer.
    """
    doomed = _is_doomed(before, environment)
    with database.begin_read() as connection:
        total = int(connection.execute(select(func.count()).where(*doomed)).scalar_one())
        whole = _list_whole(database, connection, before, environment)
        counts = {one.name: _count(connection, one) for one in whole}
    return Removal(counts, total - sum(counts.values()))


def remove_decisions(
    database: Database,
    events: Appender,
    before: datetime,
    caller: str,
    open_store: Callable[[], Store],
    environment: str | None = None,
) -> Removal:
    """Remove an environment's decisions, None: all, from before a moment, the begin of a month; return their numbers.

    They are announced in the store first: an event alone, which who writes the database can insert, explains no gap.
    Each partition, and each part of the rest, goes in a transaction with its event: killed in between, it goes on with
    the next one when it runs again. Raises CreditError when that is impossible.
    """
    doomed = _is_doomed(before, environment)
    with database.begin_read() as connection:
        whole = _list_whole(database, connection, before, environment)
        if not whole and connection.execute(select(_C.id).where(*doomed).limit(1)).first() is None:
            return Removal({}, 0)
        planned = find_ranges(connection, doomed)
    notice = _Notice(before, environment, caller, announce_removal(open_store(), before, planned, caller))
    removed = {one.name: _remove_partition(events, one, notice) for one in whole}
    rows, since = 0, None
    is_locking = database.engine.dialect.name == "sqlite"
    most = _LOCKED_ROWS if is_locking else _CHUNK_ROWS
    while moments := _remove_rows(events, notice, since, most):
        rows, since = rows + len(moments), moments[-1]
        if is_locking:
            time.sleep(_UNLOCKED_SECONDS)
    forget_writers(database)
    return Removal(removed, rows)


class _Notice(NamedTuple):
    """What a removal is about, for its events. `announced`: what the store was told of it."""

    before: datetime
    environment: str | None
    caller: str
    announced: Announced


def _is_doomed(before: datetime, environment: str | None) -> list[Any]:
    """Build the conditions for the decisions of an environment, None: of all, from before a moment."""
    return [_C.decided_at < before, *([is_of_environment(environment)] if environment is not None else [])]


def _list_whole(
    database: Database, connection: Connection, before: datetime, environment: str | None
) -> list[Partition]:
    """List the partitions in which everything is from before a moment, and of no other environment than this."""
    if not is_partitioned(database):
        return []
    old = [one for one in list_partitions(connection) if one.end <= before]
    return [one for one in old if not _has_others(connection, one, environment)]


def _has_others(connection: Connection, partition: Partition, environment: str | None) -> bool:
    """Tell whether a partition has decisions of other environments than this; None: it may have any."""
    if environment is None:
        return False
    others = select(_C.id).where(*_is_in(partition), ~is_of_environment(environment)).limit(1)
    return connection.execute(others).first() is not None


def _count(connection: Connection, partition: Partition) -> int:
    return int(connection.execute(select(func.count()).where(*_is_in(partition))).scalar_one())


def _is_in(partition: Partition) -> list[Any]:
    """Build the conditions for the decisions of a partition, by which the others are not looked at."""
    return [_C.decided_at < partition.end, *([_C.decided_at >= partition.begin] if partition.begin else [])]


def _remove_partition(events: Appender, partition: Partition, notice: _Notice) -> int:
    with events.begin() as transaction:
        connection, name = transaction.connection, partition.name
        connection.execute(text(f"LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE"))  # nothing comes meanwhile
        if _has_others(connection, partition, notice.environment):
            return 0  # one came since it was looked for: the own ones go row by row
        number = _count(connection, partition)
        doomed = select(_C.id).where(*_is_in(partition))
        _note(transaction, doomed, _is_in(partition), notice, {"partition": name, "decisions": number})
        since = "AND decided_at >= :begin" if partition.begin else ""
        keys = text(f"DELETE FROM decision_keys WHERE decided_at < :end {since}")
        connection.execute(keys, {"end": partition.end} | ({"begin": partition.begin} if partition.begin else {}))
        _drop(connection, name)
    return number


def _drop(connection: Connection, name: str) -> None:
    """Drop a partition: for a moment nobody may read or write any decision, so it waits until nobody does."""
    connection.execute(text("SET LOCAL lock_timeout = '1s'"))
    for _ in range(_ATTEMPTS):
        try:
            with connection.begin_nested():
                connection.execute(text(f"ALTER TABLE decisions DETACH PARTITION {name}"))
                connection.execute(text(f"DROP TABLE {name}"))
            return
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
                raise
        time.sleep(_PAUSE_SECONDS)
    fix = "again, when no long query is under way"
    raise CreditError(
        Problem(f"the partition {name}", "others read the decisions all the time; it is there as it was", fix=fix)
    )


def _remove_rows(events: Appender, notice: _Notice, since: datetime | None, most: int) -> list[datetime]:
    """Remove the oldest decisions that are in no whole partition, at most so many; return when they were made.

    `since`: the own ones from before it have gone, and others that stay there are not read again.
    """
    with events.begin() as transaction:
        connection = transaction.connection
        oldest = select(_C.id, _C.decided_at).where(*_is_doomed(notice.before, notice.environment))
        oldest = oldest if since is None else oldest.where(_C.decided_at >= since)
        rows = connection.execute(oldest.order_by(_C.decided_at, _C.id).limit(most)).all()
        if rows:
            doomed = [row.id for row in rows]
            these = [_C.decided_at < notice.before, _C.id.in_(doomed)]
            _note(transaction, doomed, these, notice, {"decisions": len(doomed)})
            connection.execute(delete(DECISIONS_TABLE).where(*these))
    return [row.decided_at for row in rows]


def _note(
    transaction: AppendTransaction,
    doomed: Sequence[str] | Select[Any],
    conditions: list[Any],
    notice: _Notice,
    detail: dict[str, Any],
) -> None:
    """Note what goes by an event, and erase what belongs to it. Raises CreditError if it is not in the announced."""
    connection = transaction.connection
    ranges = find_ranges(connection, conditions)
    if not all(map(notice.announced.covers, ranges)):
        where = f"the decisions of months before {notice.before:%Y-%m}"
        found = "others came, as from a spool, since those that go were announced in the store"
        raise CreditError(Problem(where, found, fix="run it again, it goes on with them"))
    whose = {} if notice.environment is None else {"environment": notice.environment}
    told_of = {"before": notice.before.isoformat(), **whose, **detail, "ranges": ranges}
    event = build_event("remove", notice.caller, None, told_of)
    transaction.append(event)
    gone = {"salt": None, "erased_by": event["id"]}
    outcomes, told = OUTCOMES_TABLE.c, EVENTS_TABLE.c
    known = update(OUTCOMES_TABLE).where(outcomes.decision_id.in_(doomed), outcomes.erased_by.is_(None))
    connection.execute(known.values(outcome=JSON.NULL, **gone))
    worded = update(EVENTS_TABLE).where(told.decision_id.in_(doomed), told.erased_by.is_(None))
    connection.execute(worded.where(told.kind.in_(("review", "correct"))).values(personal=JSON.NULL, **gone))
    erase_shadows(connection, doomed, event["id"])

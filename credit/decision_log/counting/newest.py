"""The newest decisions of one environment, in a time that does not depend on the log or on what else is in it."""

from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.engine import Connection

from credit.decision_log.database import Database
from credit.decision_log.tables import DECISION_WRITERS_TABLE, DECISIONS_TABLE, is_of_environment
from credit.decision_log.writers import has_unchained

_NEAR_ROWS, _FAR_ROWS = 100, 1_000
"""Newest decisions of any environment: where most logs have enough of the own one, and where those are looked for that
have no writer."""


_NEAR_TIME = timedelta(days=31)
"""Of what time the near ones are looked for: of a partition for each month, few are looked at."""


class NewDecision(NamedTuple):
    """What the page shows of a decision, which is nothing of the applicant."""

    id: str
    decided_at: datetime
    decision: str
    decided_by: str
    version: str | None


_SHOWN = [DECISIONS_TABLE.c[name] for name in NewDecision._fields]


def list_newest(database: Database, environment: str, number: int = 10) -> list[NewDecision]:
    """List the newest decisions of an environment, newest first. Raises CreditError without an answer.

    A walk along the index of times may meet all decisions of other environments first. A writer is a process and so of
    one environment: the newest decisions are among the last ones of those writers that wrote last. Decisions from
    before the log had writers are listed while they are among the newest 1,000 of all.
    """
    with database.begin_read() as connection:
        found: list[NewDecision] = []
        if newest := _find_newest_time(connection, environment):
            found = _select(connection, _build_window(environment, _NEAR_ROWS, newest - _NEAR_TIME))
            if len(found) < number:
                found = _list_by_writers(connection, environment, number)
        if len(found) < number and has_unchained(connection):
            found = _sort([*found, *_select(connection, _build_window(environment, _FAR_ROWS))])
    return found[:number]


def _list_by_writers(connection: Connection, environment: str, number: int) -> list[NewDecision]:
    found: list[NewDecision] = []
    for writer, last in _find_writers(connection, environment):
        if len(found) >= number and found[number - 1].decided_at >= last:
            break  # its decisions, and those of all writers after it, are older
        found = _sort([*found, *_select(connection, _build_query(environment, writer, number))])
    return found


def _find_newest_time(connection: Connection, environment: str) -> datetime | None:
    """Find when the writers of an environment decided last; None when it has none."""
    own = is_of_environment(environment, DECISION_WRITERS_TABLE)
    newest: datetime | None = connection.execute(
        select(func.max(DECISION_WRITERS_TABLE.c.newest_at)).where(own)
    ).scalar()
    return newest


def _find_writers(connection: Connection, environment: str) -> list[tuple[str, datetime]]:
    """Find the writers of an environment and when each decided last, the newest first."""
    writers = DECISION_WRITERS_TABLE.c
    own = select(writers.writer, writers.newest_at).where(is_of_environment(environment, DECISION_WRITERS_TABLE))
    return [(row.writer, row.newest_at) for row in connection.execute(own.order_by(writers.newest_at.desc()))]


def _sort(found: list[NewDecision]) -> list[NewDecision]:
    return sorted(found, key=attrgetter("decided_at", "id"), reverse=True)


def _select(connection: Connection, query: Select[Any]) -> list[NewDecision]:
    return [NewDecision(*row) for row in connection.execute(query)]


def _build_query(environment: str, writer: str, number: int) -> Select[Any]:
    own = select(*_SHOWN).where(DECISIONS_TABLE.c.writer == writer, is_of_environment(environment))
    return own.order_by(DECISIONS_TABLE.c.sequence.desc()).limit(number)


def _build_window(environment: str, rows: int, since: datetime | None = None) -> Select[Any]:
    """Build the query for the decisions of an environment among the newest of all, newest first.

    `since`: of which time they are looked for; None: those of no writer, of any time.
    """
    decisions = DECISIONS_TABLE.c
    newest = select(*_SHOWN, decisions.environment, decisions.writer)
    newest = newest if since is None else newest.where(decisions.decided_at >= since)
    window = newest.order_by(decisions.decided_at.desc(), decisions.id.desc()).limit(rows).subquery()
    own = select(*(window.c[name] for name in NewDecision._fields)).where(is_of_environment(environment, window))
    own = own.where(window.c.writer.is_(None)) if since is None else own
    return own.order_by(window.c.decided_at.desc(), window.c.id.desc())

"""The newest decisions of one environment, in a time that does not depend on the log or on what else is in it."""

from datetime import datetime
from functools import cache
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Select, String, TextualSelect, select, text
from sqlalchemy.engine import Connection

from credit.decision_log.database import Database
from credit.decision_log.months.partitions import list_parts
from credit.decision_log.tables import DECISIONS_TABLE, UtcDateTime, is_of_environment
from credit.decision_log.writers import join_walks

_NEAR_ROWS, _FAR_ROWS = 100, 1_000
"""Newest decisions of any environment: where most logs have enough of the own one, and where those are looked for that
have no writer."""


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
        found = _select(connection, _build_window(environment, _NEAR_ROWS))
        if len(found) < number:
            found = _list_by_writers(connection, environment, number)
        if len(found) < number:
            of_none = _build_window(environment, _FAR_ROWS).where(DECISIONS_TABLE.c.writer.is_(None))
            found = _sort([*found, *_select(connection, of_none)])
    return found[:number]


def _list_by_writers(connection: Connection, environment: str, number: int) -> list[NewDecision]:
    found: list[NewDecision] = []
    for writer, last in _find_writers(connection, environment):
        if len(found) >= number and found[number - 1].decided_at >= last:
            break  # its decisions, and those of all writers after it, are older
        found = _sort([*found, *_select(connection, _build_query(environment, writer, number))])
    return found


def _find_writers(connection: Connection, environment: str) -> list[tuple[str, datetime]]:
    """Find the writers of an environment and when each decided last, the newest first."""
    last: dict[str, datetime] = {}
    for row in connection.execute(build_last_walk(list_parts(connection, DECISIONS_TABLE))):
        if row.environment in (environment, None):
            last[row.writer] = max(row.decided_at, last.get(row.writer, row.decided_at))
    return sorted(last.items(), key=itemgetter(1), reverse=True)


def _sort(found: list[NewDecision]) -> list[NewDecision]:
    return sorted(found, key=attrgetter("decided_at", "id"), reverse=True)


def _select(connection: Connection, query: Select[Any]) -> list[NewDecision]:
    return [NewDecision(*row) for row in connection.execute(query)]


def _build_query(environment: str, writer: str, number: int) -> Select[Any]:
    own = select(*_SHOWN).where(DECISIONS_TABLE.c.writer == writer, is_of_environment(environment))
    return own.order_by(DECISIONS_TABLE.c.sequence.desc()).limit(number)


def _build_window(environment: str, rows: int) -> Select[Any]:
    """Build the query for the decisions of an environment among the newest of all, newest first."""
    decisions = DECISIONS_TABLE.c
    edge = select(decisions.id).order_by(decisions.decided_at.desc(), decisions.id.desc()).limit(rows)
    own = select(*_SHOWN).where(decisions.id.in_(edge), is_of_environment(environment))
    return own.order_by(decisions.decided_at.desc(), decisions.id.desc())


@cache
def build_last_walk(parts: tuple[str, ...] = (DECISIONS_TABLE.name,)) -> TextualSelect:
    """Build the query for the last decision of each writer: look-ups in the index, however many rows it wrote."""
    last = "(SELECT d.{0} FROM {{name}} d WHERE d.writer = w.writer ORDER BY d.sequence DESC LIMIT 1) AS {0}"
    names = ", ".join(last.format(name) for name in ("decided_at", "environment"))
    asked = text(join_walks(parts, f"SELECT w.writer AS writer, {names} FROM writers w WHERE w.writer IS NOT NULL"))
    return asked.columns(writer=String, decided_at=UtcDateTime, environment=String)

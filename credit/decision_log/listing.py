"""The decisions of one version, page by page, in the order in which they were made."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, or_, select

from credit.decision_log.database import Database, DecisionRow
from credit.decision_log.tables import DECISIONS_TABLE, is_of_environment

WINDOW_ROWS = 2_000
"""Decisions, of any version, that one page looks at: it costs the same however rare the version is."""


class Cursor(NamedTuple):
    """The place in the log after a decision."""

    decided_at: datetime
    id: str


class DecisionPage(NamedTuple):
    """The decisions of a version among those that were looked at. `cursor`: where the next page begins; None: no more.

    A page without a decision is not the last one as long as it has a cursor.
    """

    decisions: list[DecisionRow]
    cursor: Cursor | None


def list_decisions(
    database: Database, version: str, environment: str, after: Cursor | None = None, window: int = WINDOW_ROWS
) -> DecisionPage:
    """List decisions of a version in an environment after a cursor. Raises CreditError when the database is away."""
    decisions = DECISIONS_TABLE.c
    beyond = [] if after is None else _follow(after)
    looked_at = select(decisions.decided_at, decisions.id).where(*beyond)
    looked_at = looked_at.order_by(decisions.decided_at, decisions.id).limit(window)
    with database.begin_read() as connection:
        places = [Cursor(*row) for row in connection.execute(looked_at)]
        if not places:
            return DecisionPage([], None)
        query = select(DECISIONS_TABLE).where(*beyond, decisions.version == version, _precede(places[-1]))
        query = query.where(is_of_environment(environment))
        rows = connection.execute(query.order_by(decisions.decided_at, decisions.id))
        found = [dict(row._mapping) for row in rows]
    return DecisionPage(found, places[-1] if len(places) == window else None)


def _follow(place: Cursor) -> list[ColumnElement[bool]]:
    """Build the condition for what comes after a place; its first part lets the index on the time begin there."""
    time, identifier = DECISIONS_TABLE.c.decided_at, DECISIONS_TABLE.c.id
    return [time >= place.decided_at, or_(time > place.decided_at, identifier > place.id)]


def _precede(place: Cursor) -> ColumnElement[bool]:
    time, identifier = DECISIONS_TABLE.c.decided_at, DECISIONS_TABLE.c.id
    return and_(time <= place.decided_at, or_(time < place.decided_at, identifier <= place.id))

"""How far each writer's decisions are counted, and how far it has come: a row for each.

The database keeps the latter itself, so that it is not looked for among the decisions of many months.
"""

from typing import NamedTuple

from sqlalchemy import Text, cast, delete, exists, func, or_, select, update

from credit.decision_log.database import Database
from credit.decision_log.tables import COUNTED_WRITERS_TABLE, DECISION_WRITERS_TABLE, DECISIONS_TABLE

Gap = tuple[int, int]
"""The first and the last place of decisions that are not in the database yet."""

_FORGOTTEN_ROWS = 500
"""Writers that are forgotten in one transaction."""

_THERE, _COUNTED = DECISION_WRITERS_TABLE.c, COUNTED_WRITERS_TABLE.c


class CountedPlace(NamedTuple):
    """How far a writer's decisions are counted; `newest`: its newest place in the database."""

    writer: str
    newest: int
    counted: int
    gaps: tuple[Gap, ...]

    @property
    def waiting(self) -> int:
        """The number of decisions that are there and not counted, but those in gaps."""
        return max(self.newest - self.counted, 0)


def find_places(database: Database, only_open: bool = False) -> list[CountedPlace]:
    """Find how far each writer's decisions are counted, of all or where some wait or are missing.

    Raises CreditError when the database does not answer.
    """
    asked = select(_THERE.writer, _THERE.newest, _COUNTED.counted, _COUNTED.gaps)
    asked = asked.outerjoin_from(DECISION_WRITERS_TABLE, COUNTED_WRITERS_TABLE, _THERE.writer == _COUNTED.writer)
    if only_open:
        is_behind = _THERE.newest > func.coalesce(_COUNTED.counted, 0)
        asked = asked.where(or_(is_behind, cast(_COUNTED.gaps, Text) != "[]"))
    with database.begin_read() as connection:
        rows = connection.execute(asked.order_by(_THERE.writer)).all()
    return [
        CountedPlace(writer, newest, counted or 0, tuple((first, last) for first, last in gaps or ()))
        for writer, newest, counted, gaps in rows
    ]


def correct_newest(database: Database, place: CountedPlace) -> CountedPlace:
    """Correct how far a writer has come, when its newest decisions are gone: by their age, or by hand."""
    own = DECISIONS_TABLE.c.writer == place.writer
    with database.begin_write() as connection:
        # whoever writes waits here, and counts on from what is found
        connection.execute(select(_THERE.newest).where(_THERE.writer == place.writer).with_for_update())
        newest = connection.execute(select(func.max(DECISIONS_TABLE.c.sequence)).where(own)).scalar_one() or 0
        there = update(DECISION_WRITERS_TABLE).where(_THERE.writer == place.writer)
        connection.execute(there.values(newest=newest))
    return place._replace(newest=newest)


def forget_writers(database: Database) -> int:
    """Forget the writers of which no decision is there any more; return how many they were."""
    gone = ~exists().where(DECISIONS_TABLE.c.writer == _THERE.writer)
    doomed = select(_THERE.writer).where(gone).order_by(_THERE.writer).limit(_FORGOTTEN_ROWS)
    forgotten = 0
    while True:
        with database.begin_write() as connection:
            # locked: a decision that came late is seen by now, or its writer is noted anew after this
            writers = list(connection.execute(doomed.with_for_update(of=DECISION_WRITERS_TABLE)).scalars())
            if not writers:
                return forgotten
            forget = delete(DECISION_WRITERS_TABLE).where(_THERE.writer.in_(writers), gone)
            forgotten += connection.execute(forget).rowcount

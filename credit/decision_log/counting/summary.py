"""Sum up the decisions of a period by outcome, decider, hour and protected group, from the counts by hour."""

from collections import Counter
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import select, true

from credit.common.errors import CreditError
from credit.decision_log.counting.hourly import Cell, count_cells_of, count_on, list_counted_columns
from credit.decision_log.database import Database
from credit.decision_log.log import DecisionLog
from credit.decision_log.tables import DECISIONS_TABLE, HOURLY_COUNTS_TABLE, is_of_environment
from credit.decision_log.writers import has_unchained

MAX_SPOOLED = 10_000
"""Decisions of the spool that are looked at, at most: it has no counts."""

_SLICES = 5
"""Slices that are counted for a reader: no more wait in a log whose services keep up."""

_LAST_HOUR = datetime(9999, 12, 31, tzinfo=UTC)
"""An end that no hour is after: PostgreSQL takes a range without one for a third of a table that it never analysed, and
reads all of it."""

DecisionCounts = Counter[Cell]
"""The number of decisions that are alike."""


class DecisionSummary(NamedTuple):
    """The decisions of a period. Where not `database_answered`, only those of the spool are counted.

    `is_truncated`: the spool has more. `spooled`: decisions, of any time,
    that only the spool has. `waiting`: decisions of any time that are not counted yet. `has_unchained`: there are some
    of before writers numbered their decisions, which are not counted.
    """

    counts: DecisionCounts
    database_answered: bool = True
    is_truncated: bool = False
    spooled: int = 0
    waiting: int = 0
    has_unchained: bool = False

    @property
    def total(self) -> int:
        """The number of decisions."""
        return sum(number for cell, number in self.counts.items() if cell.attribute is None)


def summarize_decisions(
    log: DecisionLog, since: datetime, environment: str, entry: int | None = None
) -> DecisionSummary:
    """Count the decisions of an environment since the begin of an hour, by one ledger entry or by any.

    While the spool is replayed, a few may be counted in both places.
    """
    hour = since.replace(minute=0, second=0, microsecond=0)
    counts: DecisionCounts = Counter()
    if log.spool_problem is None:
        counts += count_spooled_cells(log.spool, hour, environment, entry)
    cut, spooled = sum(counts[cell] for cell in counts if cell.attribute is None) >= MAX_SPOOLED, log.count_spooled()
    try:
        waiting = count_on(log.database, _SLICES)
        counts += read_counts(log.database, hour, environment, entry)
        with log.database.begin_read() as connection:
            unchained = has_unchained(connection)
    except CreditError:
        return DecisionSummary(counts, database_answered=False, is_truncated=cut, spooled=spooled)
    return DecisionSummary(counts, True, cut, spooled, waiting, unchained)


def read_counts(database: Database, since: datetime, environment: str, entry: int | None = None) -> DecisionCounts:
    """Read the counts of an environment since a moment, by one ledger entry or by any.

    Raises CreditError when the database does not answer.
    """
    table = HOURLY_COUNTS_TABLE.c
    asked = (
        select(*(table[name] for name in Cell._fields), table.number)
        .where(table.hour.between(since, _LAST_HOUR), is_of_environment(environment, HOURLY_COUNTS_TABLE))
        .where(true() if entry is None else table.entry == entry)
    )
    with database.begin_read() as connection:
        return Counter({Cell(*alike): number for *alike, number in connection.execute(asked)})


def count_spooled_cells(
    spool: Database, since: datetime, environment: str, entry: int | None = None, newest: int = MAX_SPOOLED
) -> DecisionCounts:
    """Count the newest decisions of a spool since a moment. Raises CreditError when it does not answer."""
    decisions = DECISIONS_TABLE.c
    asked = (
        select(*list_counted_columns())
        .where(decisions.decided_at >= since, is_of_environment(environment))
        .where(true() if entry is None else decisions.entry == entry)
        .order_by(decisions.decided_at.desc())
        .limit(newest)
    )
    with spool.begin_read() as connection:
        return count_cells_of(connection.execute(asked))

"""Counts of recent decisions by outcome, decider and protected group, made by the database."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select, true

from credit.common.errors import CreditError
from credit.decision_log.database import Database
from credit.decision_log.log import DecisionLog
from credit.decision_log.tables import DECISIONS_TABLE, is_of_environment

MAX_COUNTED = 100_000
"""Decisions that are looked at, at most: a page must cost the same on a busy day."""


class DecisionCell(NamedTuple):
    """The count of like decisions. `groups`: one value per requested attribute, None: not disclosed."""

    decision: str
    decided_by: str
    rule_because: str | None
    version: str | None
    groups: tuple[str | None, ...]
    number: int
    first: datetime


class DecisionSummary(NamedTuple):
    """The decisions of a period. Where not `database_answered`, only those of the spool are counted.

    `is_truncated`: there are more, before the first of these. `spooled`: decisions, of any time, that only the spool
    has.
    """

    attributes: tuple[str, ...]
    cells: list[DecisionCell]
    database_answered: bool
    is_truncated: bool
    spooled: int


class NewDecision(NamedTuple):
    """What the page shows of a decision, which is nothing of the applicant."""

    id: str
    decided_at: datetime
    decision: str
    decided_by: str
    version: str | None


def list_newest(database: Database, environment: str, number: int = 10) -> list[NewDecision]:
    """List the newest decisions of an environment, newest first. Raises CreditError without an answer."""
    decisions = DECISIONS_TABLE.c
    shown = [decisions[name] for name in NewDecision._fields]
    newest = select(*shown).where(is_of_environment(environment)).order_by(decisions.decided_at.desc()).limit(number)
    with database.begin_read() as connection:
        return [NewDecision(*row) for row in connection.execute(newest)]


def summarize_decisions(
    log: DecisionLog,
    attributes: Sequence[str],
    since: datetime,
    environment: str,
    newest: int = MAX_COUNTED,
    entry: int | None = None,
) -> DecisionSummary:
    """Count the decisions of an environment since a moment, by one ledger entry or by any.

    While the spool is replayed, a few may be counted in both places.
    """
    waiting = count_cells(log.spool, attributes, since, environment, newest, entry) if log.spool_problem is None else []
    spooled = log.count_spooled()
    try:
        there, answered = count_cells(log.database, attributes, since, environment, newest, entry), True
    except CreditError:
        there, answered = [], False
    cut = any(sum(cell.number for cell in listed) >= newest for listed in (waiting, there))
    return DecisionSummary(tuple(attributes), [*waiting, *there], answered, cut, spooled)


def count_cells(
    database: Database,
    attributes: Sequence[str],
    since: datetime,
    environment: str,
    newest: int = MAX_COUNTED,
    entry: int | None = None,
) -> list[DecisionCell]:
    """Count the newest decisions of an environment since a moment, by one ledger entry or by any.

    Raises CreditError when the database does not answer. A repeat that was recognised too late is about the same
    application, which is counted once.
    """
    decisions = DECISIONS_TABLE.c
    alike = [decisions.decision, decisions.decided_by, decisions.rule_because, decisions.version]
    groups = [decisions.protected[name].as_string().label(f"group_{i}") for i, name in enumerate(attributes)]
    of_late = (
        select(decisions.decided_at, *alike, *groups)
        .where(decisions.decided_at >= since, decisions.repeat_of.is_(None))
        .where(is_of_environment(environment))
        .where(true() if entry is None else decisions.entry == entry)
        .order_by(decisions.decided_at.desc())
        .limit(newest)
        .subquery()
    )
    moment, *same = of_late.c
    with database.begin_read() as connection:
        rows = connection.execute(select(func.count(), func.min(moment), *same).group_by(*same))
        return [_build_cell(*row) for row in rows]


def _build_cell(
    number: int,
    first: datetime,
    decision: str,
    decided_by: str,
    rule_because: str | None,
    version: str | None,
    *groups: str | None,
) -> DecisionCell:
    return DecisionCell(decision, decided_by, rule_because, version, groups, number, first)

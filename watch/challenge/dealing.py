"""Read the applications that a split dealt to the champion or its challenger, and select the people among them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Text, cast, select

from credit.decision_log.database import Database
from credit.decision_log.tables import DECISIONS_TABLE, is_of_environment

_PAGE_ROWS = 2_000
_D = DECISIONS_TABLE.c


class DealtApplication(NamedTuple):
    """An application, of the arm that it was dealt to, also where the rule decided in place of the arm's model.

    `protected`: the attributes as JSON; `applicant`: the hash of the person's reference, None where none was sent;
    `writer`: the process that decided.
    """

    decided_at: datetime
    is_challengers: bool
    approved: bool
    protected: str
    applicant: str | None = None
    writer: str | None = None


class DealtPeople(NamedTuple):
    """People in their order, each with one application.

    `later`: applications of people who had one before; `undealt`: those of processes that dealt nobody to the
    challenger yet, with the first one that they did; `unnamed`: people without a reference.
    """

    applications: list[DealtApplication]
    later: int
    undealt: int
    unnamed: int


def read_dealt(
    database: Database, environment: str, entry: int, champion: str, challenger: str, since: datetime, until: datetime
) -> list[DealtApplication]:
    """Read what both decided by an entry, in the order of the log. Raises CreditError without an answer.

    `champion`, `challenger`: the digests of both; `since`, `until`: the moments between which the arms were dealt.
    """
    columns: list[ColumnElement[Any]] = [_D.decided_at, _D.digest == challenger, _D.decision == "approve"]
    columns += [cast(_D.protected, Text), _D.applicant, _D.writer]
    query = select(*columns).where(
        _D.decided_at >= since,
        _D.decided_at < until,
        _D.entry == entry,
        _D.digest.in_([champion, challenger]),
        is_of_environment(environment),
        _D.repeat_of.is_(None),
        _D.erased_by.is_(None),
    )
    query = query.order_by(_D.decided_at, _D.id).execution_options(yield_per=_PAGE_ROWS)
    with database.begin_read() as connection:
        return [DealtApplication(*row) for row in connection.execute(query)]


def select_people(applications: Sequence[DealtApplication]) -> DealtPeople:
    """Select the first application of each person: the arm of a later one is known before it comes.

    An application without a reference is that of a person of their own. Each process deals from the first application
    on that it dealt to the challenger: those before it, and that one, are of a time at which nobody knows whether it
    dealt already. What comes is selected by the past alone, so that its arm is still open.
    """
    known: set[str] = set()
    dealing: set[str | None] = set()
    found: list[DealtApplication] = []
    later = 0
    for one in applications:
        is_known, deals = one.applicant in known, one.writer in dealing
        if one.applicant is not None:
            known.add(one.applicant)
        if one.is_challengers:
            dealing.add(one.writer)
        if deals and not is_known:
            found.append(one)
        elif deals:
            later += 1
    unnamed = sum(one.applicant is None for one in found)
    return DealtPeople(found, later, len(applications) - len(found) - later, unnamed)

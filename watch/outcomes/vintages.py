"""Count what became of the people whom a version approved in one month, at each age.

An outcome counts at an age if it was observed by then, so that two months are compared at the same age, and a young
month never with an old one. Only people who were approved have an outcome.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from sqlalchemy import Text, cast, or_, select

from credit.contract.levels import Scalar
from credit.decision_log.database import Database
from credit.decision_log.tables import DECISIONS_TABLE, OUTCOMES_TABLE, is_of_environment
from watch.groups import WatchedGroups
from watch.reading import IS_BY_CHAMPION

EVERYBODY = ("", "")
"""The name of the group that has everybody."""

GroupName = tuple[str, str]
"""Attribute and group."""

_Approved = tuple[datetime, float, str | None, list[tuple[datetime, Scalar]]]
"""When somebody was approved, the score, the attributes, the outcomes in their order."""

_PAGE_ROWS = 500
_C = DECISIONS_TABLE.c


class Label(NamedTuple):
    """What a contract calls the outcome, and its value that is good."""

    name: str
    favourable: Scalar


class Cell(NamedTuple):
    """People of a group who were approved. `known`: whose outcome was observed; `score`: the sum of their scores."""

    people: int = 0
    known: int = 0
    bad: int = 0
    score: float = 0.0

    def add(self, score: float, is_bad: bool | None) -> "Cell":
        """Add a person; `is_bad` None: nothing is known yet."""
        known = is_bad is not None
        return Cell(self.people + 1, self.known + known, self.bad + bool(is_bad), self.score + score * known)


class Vintage(NamedTuple):
    """A month of decisions by one bundle, at an age in days: the counts of each group."""

    month: date
    age: int
    cells: dict[GroupName, Cell]


def list_complete_ages(month: date, ages: Sequence[int], now: datetime) -> list[int]:
    """List the ages that everybody of a month has reached."""
    return [age for age in ages if _begin(follow_month(month)) + timedelta(days=age) <= now]


def list_months(newest: date, number: int) -> list[date]:
    """List so many months up to one, the oldest first; each is its first day."""
    found = [newest.replace(day=1)]
    while len(found) < number:
        found.append((found[-1] - timedelta(days=1)).replace(day=1))
    return found[::-1]


def follow_month(month: date) -> date:
    """Find the first day of the month after."""
    return (month + timedelta(days=31)).replace(day=1)


def read_vintages(
    database: Database,
    environment: str,
    digest: str,
    month: date,
    ages: Sequence[int],
    label: Label,
    groups: WatchedGroups,
) -> list[Vintage]:
    """Read a month of decisions by a bundle, at each age. Raises CreditError when the log is out of reach."""
    cells: dict[int, dict[GroupName, Cell]] = {age: {} for age in ages}
    for moment, score, protected, observed in _iterate_approved(database, environment, digest, month, label):
        told = zip(groups.names.items(), groups.assign(protected or "null"), strict=True)
        names = [EVERYBODY, *((attribute, of[code]) for (attribute, of), code in told)]
        for age, of_age in cells.items():
            by_then = [value for at, value in observed if at <= moment + timedelta(days=age)]
            is_bad = by_then[-1] != label.favourable if by_then else None
            for name in names:
                of_age[name] = of_age.get(name, Cell()).add(score, is_bad)
    return [Vintage(month, age, of_age) for age, of_age in cells.items()]


def _iterate_approved(
    database: Database, environment: str, digest: str, month: date, label: Label
) -> Iterator[_Approved]:
    """Iterate over people whom the champion approved, day by day, passing over days without any decision.

    No index knows a digest: where it decided nobody, one statement over the month would read all of it, too long for
    the database's limit on a statement.
    """
    begin, end = _begin(month), _begin(follow_month(month))
    while (first := _find_next(database, begin)) is not None and first < end:
        day = _begin(first.astimezone(UTC).date())
        yield from _iterate_day(database, environment, digest, day, label)
        begin = day + timedelta(days=1)


def _find_next(database: Database, begin: datetime) -> datetime | None:
    """Find when the first decision was made from a moment on, whoever decided; an index knows it."""
    with database.begin_read() as connection:
        return connection.scalar(select(_C.decided_at).where(_C.decided_at >= begin).order_by(_C.decided_at).limit(1))


def _iterate_day(
    database: Database, environment: str, digest: str, begin: datetime, label: Label
) -> Iterator[_Approved]:
    """Iterate over people who were approved on the day that begins then."""
    columns = select(_C.id, _C.decided_at, _C.score, cast(_C.protected, Text)).where(
        _C.digest == digest, _C.decision == "approve", _C.repeat_of.is_(None), IS_BY_CHAMPION
    )
    columns = columns.where(is_of_environment(environment), _C.decided_at < begin + timedelta(days=1))
    columns = columns.order_by(_C.decided_at, _C.id).limit(_PAGE_ROWS)
    beyond = [_C.decided_at >= begin]
    while True:
        with database.begin_read() as connection:
            page = connection.execute(columns.where(*beyond)).all()
            outcomes = OUTCOMES_TABLE.c
            asked = select(outcomes.decision_id, outcomes.observed_at, outcomes.outcome)
            asked = asked.where(outcomes.decision_id.in_([row.id for row in page]), outcomes.label == label.name)
            found: dict[str, list[tuple[datetime, Scalar]]] = {}
            for identifier, at, value in connection.execute(asked.order_by(outcomes.observed_at, outcomes.id)):
                found.setdefault(identifier, []).append((at, value))
        for identifier, moment, score, protected in page:
            yield moment, score, protected, found.get(identifier, [])
        if len(page) < _PAGE_ROWS:
            return
        last = page[-1]
        beyond = [_C.decided_at >= last.decided_at, or_(_C.decided_at > last.decided_at, _C.id > last.id)]


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)

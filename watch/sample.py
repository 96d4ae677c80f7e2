"""The newest applications that an entry's champion decided, whole, to be decided again by others."""

import math
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Text, and_, cast, func, not_, or_, select

from credit.decision_log.database import Database
from credit.decision_log.tables import DECISIONS_TABLE, is_of_environment
from watch.reading import IS_BY_CHAMPION, IS_FAILED

_PAGE_ROWS = 1_000
_C = DECISIONS_TABLE.c


class SampledApplication(NamedTuple):
    """An application with its decision; `protected`: the attributes as JSON.

    `failed`: whether the rule decided since the model failed; `because`: why the rule decided, where it did.
    """

    id: str
    decided_at: datetime
    decision: str
    score: float
    protected: str
    inputs: dict[str, Any]
    failed: bool
    because: str | None


class Sample(NamedTuple):
    """Applications in their order. `is_whole`: there are none before them."""

    applications: list[SampledApplication]
    is_whole: bool


def read_sample(
    database: Database,
    environment: str,
    entry: int,
    digest: str,
    number: int,
    until: datetime | None = None,
    since: datetime | None = None,
    with_failed: bool = False,
) -> Sample:
    """Read the newest applications, at most `number`, between two moments. Raises CreditError without an answer.

    `with_failed`: also those whom the rule decided since the champion failed.
    """
    found: list[SampledApplication] = []
    wanted = _select_entry(environment, entry, digest, with_failed)
    wanted += [_C.decided_at <= until] if until else []
    wanted += [_C.decided_at >= since] if since else []
    while len(found) <= number:
        rows = _read_page(database, wanted, found[-1] if found else None)
        found += rows
        if len(rows) < _PAGE_ROWS:
            break
    return Sample(found[:number][::-1], len(found) <= number)


def count_by_rule(
    database: Database, environment: str, entry: int, digest: str, since: datetime, until: datetime
) -> int:
    """Count the applications that the rule decided in place of an entry's champion, whyever, between two moments."""
    wanted = [*_select_whole(environment, entry, digest), not_(IS_BY_CHAMPION), _C.decided_at.between(since, until)]
    with database.begin_read() as connection:
        return int(connection.execute(select(func.count()).select_from(DECISIONS_TABLE).where(*wanted)).scalar_one())


def iterate_growth(
    database: Database, environment: str, entry: int, digest: str, since: datetime, growth: float
) -> Iterator[tuple[datetime, int]]:
    """Iterate over the moments from one on at which so many times more applications were decided, and their number."""
    wanted = _select_entry(environment, entry, digest)
    moments = select(_C.decided_at).where(*wanted).order_by(_C.decided_at, _C.id)
    with database.begin_read() as connection:
        counted = select(func.count()).select_from(DECISIONS_TABLE).where(*wanted, _C.decided_at <= since)
        number = int(connection.execute(counted).scalar_one())
    moment: datetime | None = since
    while moment is not None:
        yield moment, number
        number = max(math.ceil(number * growth), number + 1)
        with database.begin_read() as connection:
            moment = connection.execute(moments.offset(number - 1).limit(1)).scalar()


def _select_entry(environment: str, entry: int, digest: str, with_failed: bool = False) -> list[ColumnElement[bool]]:
    """Build the conditions for whole applications that the champion of an entry decided, or failed on."""
    decided = or_(IS_BY_CHAMPION, IS_FAILED) if with_failed else IS_BY_CHAMPION
    return [*_select_whole(environment, entry, digest), decided]


def _select_whole(environment: str, entry: int, digest: str) -> list[ColumnElement[bool]]:
    """Build the conditions for whole applications of an entry, whoever decided them."""
    whole = [_C.repeat_of.is_(None), _C.erased_by.is_(None)]
    return [_C.entry == entry, _C.digest == digest, is_of_environment(environment), *whole]


def _read_page(
    database: Database, wanted: list[ColumnElement[bool]], after: SampledApplication | None
) -> list[SampledApplication]:
    columns = [_C.id, _C.decided_at, _C.decision, _C.score, cast(_C.protected, Text), _C.inputs]
    columns += [IS_FAILED, _C.rule_because]
    query = select(*columns).where(*wanted, *(_precede(after) if after else []))
    query = query.order_by(_C.decided_at.desc(), _C.id.desc()).limit(_PAGE_ROWS)
    with database.begin_read() as connection:
        return [SampledApplication(*row) for row in connection.execute(query)]


def _precede(place: SampledApplication) -> list[ColumnElement[bool]]:
    """Build the condition for rows before a decision; its first part lets the index on the time begin there."""
    before = or_(_C.decided_at < place.decided_at, and_(_C.decided_at == place.decided_at, _C.id < place.id))
    return [_C.decided_at <= place.decided_at, before]

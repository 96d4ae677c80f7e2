"""Read the applications that the champion decided and the challenger too, in the order of the log."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Text, cast, func, select

from credit.decision_log.database import Database
from credit.decision_log.tables import DECISIONS_TABLE, SHADOWS_TABLE, is_of_environment
from watch.reading import IS_BY_CHAMPION

_D, _S = DECISIONS_TABLE.c, SHADOWS_TABLE.c


class ShadowedApplication(NamedTuple):
    """An application. `challenger`: None where it could decide nothing; `protected`: the attributes as JSON."""

    decided_at: datetime
    champion: str
    challenger: str | None
    protected: str


class ShadowedApplications(NamedTuple):
    """Applications in their order. `missing`: how many were decided since the first that the challenger never got."""

    applications: list[ShadowedApplication]
    missing: int


def read_shadowed(
    database: Database, environment: str, challenge: int, entry: int, digest: str, until: datetime
) -> ShadowedApplications:
    """Read what the champion of an entry decided during a challenge. Raises CreditError without an answer.

    `until`: what was decided before it has its shadow by now, or is missing, as after a challenger that came no more.
    """
    decided = _select_decided(environment, entry, digest)
    query = select(_D.decided_at, _D.decision, _S.decision, cast(_D.protected, Text))
    query = query.join_from(DECISIONS_TABLE, SHADOWS_TABLE, _S.decision_id == _D.id)
    query = query.where(_S.challenge == challenge, _S.entry == entry, _S.environment == environment, *decided)
    with database.begin_read() as connection:
        found = [ShadowedApplication(*row) for row in connection.execute(query.order_by(_D.decided_at, _D.id))]
        if not found:
            return ShadowedApplications([], 0)
        between = _D.decided_at.between(found[0].decided_at, max(found[-1].decided_at, until))
        counted = select(func.count()).select_from(DECISIONS_TABLE).where(between, *decided)
        number = int(connection.execute(counted).scalar_one())
    return ShadowedApplications(found, number - len(found))


def _select_decided(environment: str, entry: int, digest: str) -> list[ColumnElement[bool]]:
    """Build the conditions for decisions that a challenger is asked about as well: the champion's own."""
    whole = [_D.repeat_of.is_(None), _D.erased_by.is_(None), IS_BY_CHAMPION]
    return [_D.entry == entry, _D.digest == digest, is_of_environment(environment), *whole]

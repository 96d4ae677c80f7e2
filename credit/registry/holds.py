"""Holds: while one is on, nothing takes a version back by itself. Objects beside the ledger, which never change."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Literal
from uuid import uuid4

from pydantic import AwareDatetime, Field

from credit.common.errors import CreditError, Problem
from credit.registry.records import OneLineText, StoreRecord
from credit.registry.store import Store

_MAX_ATTEMPTS = 100
"""Numbers that are tried in a row, as many as people who may do it in the same moment."""

HoldKind = Literal["hold", "resume"]


class Hold(StoreRecord):
    """A hold, or its end: the newest one counts."""

    environment: str
    number: int = Field(ge=1)
    kind: HoldKind
    reason: OneLineText
    actor: OneLineText
    time: AwareDatetime
    id: str = Field(default_factory=lambda: uuid4().hex)


def append_hold(store: Store, environment: str, kind: HoldKind, reason: str, actor: str) -> Hold:
    """Hold or resume an environment. Of two people at once the second one takes the next number."""
    first = _find_last_number(store, environment) + 1
    for number in range(first, first + _MAX_ATTEMPTS):
        now = datetime.now(UTC)
        hold = Hold(environment=environment, number=number, kind=kind, reason=reason, actor=actor, time=now)
        if store.create(_build_key(environment, number), hold.serialize()):
            return hold
    raise CreditError(Problem(f"the holds of {environment}", "others write them all the time", fix="try again"))


def read_hold(store: Store, environment: str) -> Hold | None:
    """Read the hold that is on; None without one. Raises CreditError when its record is not valid."""
    return find_hold(iterate_holds(store, environment))


def iterate_holds(store: Store, environment: str) -> Iterator[Hold]:
    """Iterate over the holds and their ends, the newest first. Raises CreditError at a record that is not valid."""
    for number in range(_find_last_number(store, environment), 0, -1):
        yield _read_record(store, environment, number)


def find_hold(holds: Iterable[Hold], at: datetime | None = None) -> Hold | None:
    """Find the hold that is on, or was at a moment; None without one. `holds`: the newest first."""
    newest = next((one for one in holds if at is None or one.time <= at), None)
    return newest if newest is not None and newest.kind == "hold" else None


def _read_record(store: Store, environment: str, number: int) -> Hold:
    key = _build_key(environment, number)
    hold = Hold.parse(store.read(key) or b"", f"{store.url}/{key}")
    if (hold.environment, hold.number) != (environment, number):
        raise CreditError(Problem(f"{store.url}/{key}", f"hold {hold.number} of {hold.environment}", "its own"))
    return hold


def _find_last_number(store: Store, environment: str) -> int:
    _, names = store.list_children(f"holds/{environment}")
    return max((int(stem) for name in names if (stem := name.removesuffix(".json")).isdecimal()), default=0)


def _build_key(environment: str, number: int) -> str:
    return f"holds/{environment}/{number:09d}.json"

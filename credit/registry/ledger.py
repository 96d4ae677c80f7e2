"""What is live in an environment: an append-only ledger of numbered entries, of which the newest holds.

Entry n is put where nothing is, so of two deploys that race for a number one wins and the other loses cleanly. Each
entry names the one that a rollback returns to, so that finding it takes two reads however long the ledger is.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import uuid4

from pydantic import AwareDatetime, Field

from credit.common.errors import CreditError, Problem
from credit.common.parallel import run_in_threads
from credit.registry.records import Record, Words
from credit.registry.store import Store

Kind = Literal["deploy", "rollback", "fallback"]
BLOCK = 1000
"""Entries per folder: the newest is found by listing two folders, each of them in one page."""

SKEW = timedelta(minutes=1)
"""How far the clocks of two machines may differ before one of them must be wrong."""


class Entry(Record):
    """One change of what is live, or of who decides: `fallback` leaves the version and lets its rule decide."""

    number: int = Field(ge=1)
    kind: Kind
    version: str
    digest: str
    reason: Words
    actor: Words
    time: AwareDatetime
    back: int | None = Field(default=None, ge=1)  # the entry whose version a rollback returns to
    tag: str | None = None  # the git tag that this entry follows, when a tag came first
    id: str = Field(default_factory=lambda: uuid4().hex)  # of this attempt, so that a lost answer is recognised


class OutrunError(CreditError):
    """Somebody else made the entry of this number."""


class Ledger:
    """The ledger of one environment in a store."""

    def __init__(self, store: Store, environment: str) -> None:
        self.store, self.environment = store, environment

    def newest(self) -> Entry | None:
        """The entry that holds; None when nothing was ever deployed. Raises CreditError when it is not valid."""
        number = self.length()
        return self.entry(number) if number else None

    def length(self) -> int:
        """The number of the newest entry, valid or not."""
        blocks, _ = self.store.listed(self._folder)
        for block in reversed(blocks):
            _, names = self.store.listed(f"{self._folder}/{block}")
            numbers = [int(stem) for name in names if (stem := name.removesuffix(".json")).isdecimal()]
            if numbers:
                return max(numbers)
        return 0

    def entry(self, number: int) -> Entry:
        """One entry. Raises CreditError when there is none or it is not valid."""
        found = self.find(number)
        if found is None:
            raise CreditError(Problem(self._where(number), "nothing", "an entry of the ledger"))
        return found

    def find(self, number: int) -> Entry | None:
        """One entry; None when there is none yet. Raises CreditError when it is not valid."""
        content = self.store.read(self._key(number))
        if content is None:
            return None
        where = self._where(number)
        entry = Entry.read(content, where, "what is live stays live; release rollback --to VERSION leaves it behind")
        if entry.number != number or (entry.back or 0) >= number:
            raise CreditError(Problem(where, f"the entry {entry.number}, back {entry.back}", f"the entry {number}"))
        return entry

    def entries(self, limit: int = 0) -> list[Entry]:
        """The newest `limit` entries, all when that is 0, newest first. Raises CreditError when one is not valid."""
        told = self.told(limit)
        for one in told:
            if isinstance(one, CreditError):
                raise one
        return [one for one in told if isinstance(one, Entry)]

    def told(self, limit: int = 0) -> list[Entry | CreditError]:
        """As `entries`, with what is wrong in the place of each entry that is not valid."""
        last = self.length()
        first = max(last - limit, 0) if limit else 0
        return run_in_threads(self._entry_or_error, list(range(last, first, -1)))

    def backwards(self) -> Iterator[Entry]:
        """Entries from the newest on, without those that are not valid."""
        for number in range(self.length(), 0, -1):
            try:
                yield self.entry(number)
            except CreditError:
                continue

    def at(self, moment: datetime) -> Entry | None:
        """What was live at a moment; None when nothing was. Raises CreditError at an entry that is not valid."""
        for number in range(self.length(), 0, -1):
            if (entry := self.entry(number)).time <= moment:
                return entry
        return None

    def append(self, entry: Entry) -> None:
        """Put an entry at its number. Raises OutrunError when another is there already."""
        if self.store.create(self._key(entry.number), entry.written()):
            return
        other = self.entry(entry.number)
        raise OutrunError(
            Problem(
                f"environment {self.environment}",
                f"{other.kind} of {other.version} by {other.actor}, made at the same moment",
                f"to be the only one who changes it after entry {entry.number - 1}",
                "nothing of yours was made; look at release status, and run the command again if it still stands",
            )
        )

    def _entry_or_error(self, number: int) -> Entry | CreditError:
        try:
            return self.entry(number)
        except CreditError as error:
            return error

    @property
    def _folder(self) -> str:
        return f"environments/{self.environment}"

    def _key(self, number: int) -> str:
        return f"{self._folder}/{number // BLOCK * BLOCK:09d}/{number:09d}.json"

    def _where(self, number: int) -> str:
        return f"{self.store.url}/{self._key(number)}"


def time_after(last: Entry | None) -> datetime:
    """Now, but never before the last entry. Raises CreditError when the clock has clearly gone backwards."""
    now = datetime.now(UTC)
    if last is None or now >= last.time:
        return now
    if last.time - now > SKEW:
        raise CreditError(
            Problem(
                "the clock",
                f"{now:%Y-%m-%d %H:%M:%S} UTC",
                f"a time after entry {last.number}, {last.time:%Y-%m-%d %H:%M:%S} UTC",
                "set the clock; `release rollback --to rule` works whatever it says",
            )
        )
    return last.time

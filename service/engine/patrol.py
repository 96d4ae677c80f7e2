"""Patrol the ledger: compare old entries with what witnessed them, one a poll, all of them in turn."""

import hashlib

from credit.common.errors import CreditError, Problem
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.records import StoreRecord

_SHORTEST_ROUND = 30
"""Polls that a round takes at least: it lists checkpoints, which costs more than a read."""


class FollowedEntry(StoreRecord):
    """The newest entry that was followed here, by the hash of its bytes; `store`: the identity of its store."""

    store: str | None
    number: int
    hash: str


class Patrol:
    """A walk down a ledger, from the newest entry that was followed to the first, and again.

    An entry contradicts its witnesses when its hash is not the one in its checkpoint, or not the one that the entry
    after it carries. `followed`: the newest entry that was followed before a restart.
    """

    def __init__(self, ledger: Ledger, followed: FollowedEntry | None) -> None:
        self._ledger = ledger
        self._newest = followed
        self._number = 0
        self._expected: str | None = None
        self._checkpoints: dict[int, set[str]] = {}
        self._damaged: set[int] = set()

    def follow(self, followed: FollowedEntry) -> None:
        """Remember the entry that is followed now, unless it or a later one is known already."""
        if self._newest is None or followed.number > self._newest.number:
            self._newest = followed

    def look(self) -> dict[str, str]:
        """Look at the newest entry, and at one of the others; return the problems by kind.

        Raises CreditError when the store does not answer, or is empty.
        """
        if self._newest is None:
            return {}
        problems, found = {}, self._ledger.hash_entry(self._newest.number)
        if found is None and self._ledger.find_last_number() == 0:
            raise CreditError(Problem(self._ledger.store.url, "it is empty, as a disk is that is not mounted"))
        if found != self._newest.hash:
            said = f"entry {self._newest.number}, which was followed, is not in the ledger as it was"
            problems["tampered"] = said
        self._look_at_next(self._newest.number)
        if self._damaged:
            problems["chain"] = self._describe_damage()
        return problems

    def _look_at_next(self, newest: int) -> None:
        if self._number < 1:
            self._number, self._expected = max(newest, _SHORTEST_ROUND), None
            self._checkpoints = self._ledger.list_checkpoints()
        number, self._number = self._number, self._number - 1
        if number > newest:
            return
        content = self._ledger.read_content(number)
        found = None if content is None else hashlib.sha256(content).hexdigest()
        witnesses = self._checkpoints.get(number, set()) | ({self._expected} if self._expected else set())
        if found is None or witnesses - {found}:
            self._damaged.add(number)
        else:
            self._damaged.discard(number)
        self._expected = None if content is None else _read_previous(content)

    def _describe_damage(self) -> str:
        numbers = ", ".join(map(str, sorted(self._damaged)))
        if len(self._damaged) == 1:
            return f"entry {numbers} of the ledger was changed or deleted after it was written"
        return f"entries {numbers} of the ledger were changed or deleted after they were written"


def _read_previous(content: bytes) -> str | None:
    """Read the hash of the entry before from the bytes of an entry; None when it carries none, or is not valid."""
    try:
        return LedgerEntry.parse(content, "").previous
    except CreditError:
        return None

"""The ledger of an environment: append-only, numbered entries, of which the newest is live.

Entry n is put where nothing is, so of two deploys that race for a number one wins and the other loses cleanly. Each
entry names the one that a rollback returns to, so that finding it takes two reads however long the ledger is. Each
carries the hash of the one before it, and beside each lies a checkpoint, an object with the entry's hash in its name:
by them `chain` notices changes.
"""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import ClassVar, Literal
from uuid import uuid4

from pydantic import AwareDatetime, Field

from credit.common.errors import CreditError, Problem
from credit.common.parallel import run_in_threads
from credit.registry.records import OneLineText, StoreRecord
from credit.registry.store import Store

EntryKind = Literal["deploy", "rollback", "fallback"]
WATCH_ACTOR = "watch"
"""The actor of entries that nobody made: the watch took a version back. No person writes by this name."""

_LEAVE_BEHIND = "what is live stays live; release rollback --to VERSION leaves it behind"

BLOCK_ENTRIES = 1000
"""Entries per folder: the newest is found by listing two folders, each of them in two pages."""


class LedgerEntry(StoreRecord):
    """One change of the live version, or of who decides: a `fallback` keeps the version and lets its rule decide.

    Format 1 had no `previous`.
    """

    NEWEST_FORMAT: ClassVar[int] = 2

    format: int = 2
    number: int = Field(ge=1)
    kind: EntryKind
    version: str
    digest: str
    reason: OneLineText
    actor: OneLineText
    time: AwareDatetime
    back: int | None = Field(default=None, ge=1)  # the entry whose version a rollback returns to
    approver: OneLineText | None = None  # a second person, as GitHub's environment says
    tag: str | None = None  # the git tag that this entry follows, when a tag came first
    previous: str | None = None  # SHA-256 of the entry before it, byte by byte as it lies in the store
    id: str = Field(default_factory=lambda: uuid4().hex)  # of this attempt, so that a lost answer is recognised


class LedgerConflictError(CreditError):
    """Raised when another command has written the entry of this number."""


class Ledger:
    """The ledger of one environment in a store."""

    def __init__(self, store: Store, environment: str) -> None:
        self.store, self.environment = store, environment

    def read_newest(self) -> LedgerEntry | None:
        """Read the newest entry; None when nothing was ever deployed. Raises CreditError when it is not valid."""
        number = self.find_last_number()
        return self.read_entry(number) if number else None

    def find_last_number(self) -> int:
        """Find the number of the newest entry, valid or not."""
        return next(self.iterate_numbers(), 0)

    def iterate_numbers(self) -> Iterator[int]:
        """Iterate over the numbers of the entries that are there, valid or not, from the newest on."""
        for block in reversed(self._list_blocks()):
            yield from sorted(
                filter(None, (_match_entry(name, block) for name in self._list_block(block))), reverse=True
            )

    def list_stray_blocks(self) -> list[str]:
        """List the folders of entries behind a block that is missing, or was begun again: no command puts one there.

        What lies there is no entry until the block is back. If it were, whoever pulls the kill switch would have to
        search below one object of a high number, number by number.
        """
        return self._split_blocks()[1]

    def list_checkpoints(self) -> dict[int, set[str]]:
        """List the hashes by which each entry was witnessed when it was written; one each, if nobody interfered."""
        found: dict[int, set[str]] = {}
        for name in (name for block in self._list_blocks() for name in self._list_block(block)):
            number, _, digest = name.partition(".")
            if number.isdecimal() and len(digest) == 64:
                found.setdefault(int(number), set()).add(digest)
        return found

    def hash_entry(self, number: int) -> str | None:
        """Hash the bytes of an entry as it lies in the store, valid or not; None when there is none."""
        content = self.read_content(number)
        return None if content is None else hashlib.sha256(content).hexdigest()

    def read_content(self, number: int) -> bytes | None:
        """Read the bytes of an entry as it lies in the store, valid or not; None when there is none."""
        return self.store.read(self.build_key(number))

    def read_entry(self, number: int) -> LedgerEntry:
        """Read one entry. Raises CreditError when it does not exist or is not valid."""
        found = self.find_entry(number)
        if found is None:
            raise CreditError(Problem(self.build_url(number), "no such entry of the ledger"))
        return found

    def find_entry(self, number: int) -> LedgerEntry | None:
        """Find one entry; None when it does not exist yet. Raises CreditError when it is not valid."""
        content = self.read_content(number)
        return None if content is None else self.parse_entry(number, content)

    def parse_entry(self, number: int, content: bytes) -> LedgerEntry:
        """Parse the bytes of an entry as they lie in the store. Raises CreditError when it is not valid."""
        where = self.build_url(number)
        entry = LedgerEntry.parse(content, where, _LEAVE_BEHIND)
        if entry.number != number or (entry.back or 0) >= number:
            found, expected = f"the entry {entry.number}, back {entry.back}", f"the entry {number}"
            raise CreditError(Problem(where, found, expected, _LEAVE_BEHIND))
        return entry

    def read_entries(self, limit: int = 0) -> list[LedgerEntry]:
        """Read the newest `limit` entries, all when 0, newest first. Raises CreditError when one is not valid."""
        entries = self.read_entries_or_errors(limit)
        for one in entries:
            if isinstance(one, CreditError):
                raise one
        return [one for one in entries if isinstance(one, LedgerEntry)]

    def read_entries_or_errors(self, limit: int = 0) -> list[LedgerEntry | CreditError]:
        """Read entries as `read_entries`, with the error in the place of each entry that is not valid."""
        last = self.find_last_number()
        first = max(last - limit, 0) if limit else 0
        return run_in_threads(self._read_entry_or_error, list(range(last, first, -1)))

    def iterate_valid_entries(self) -> Iterator[LedgerEntry]:
        """Iterate over entries from the newest on, without those that are not valid."""
        for number in self.iterate_numbers():
            try:
                yield self.read_entry(number)
            except CreditError:
                continue

    def find_entry_at(self, moment: datetime) -> LedgerEntry | None:
        """Find the entry that was live at a moment; None without one. Raises CreditError at an invalid entry."""
        for number in range(self.find_last_number(), 0, -1):
            if (entry := self.read_entry(number)).time <= moment:
                return entry
        return None

    def find_last_of(self, version: str, digest: str) -> LedgerEntry | None:
        """Find the last valid entry by which a bundle was live, rolled back from or not; None when it never was."""
        entries = (one for one in self.read_entries_or_errors() if isinstance(one, LedgerEntry))
        return next((one for one in entries if (one.version, one.digest) == (version, digest)), None)

    def append_entry(self, entry: LedgerEntry) -> None:
        """Put an entry at its number. Raises LedgerConflictError when another is there already."""
        content = entry.serialize()
        if self.store.create(self.build_key(entry.number), content):
            with suppress(CreditError):  # the entry is live, and the next one's `previous` witnesses it too
                self.store.create(self._build_checkpoint_key(entry.number, content), b"")
            return
        other = self.read_entry(entry.number)
        raise LedgerConflictError(
            Problem(
                f"environment {self.environment}",
                f"{other.actor} wrote entry {entry.number} first, a {other.kind} of {other.version}",
                fix="your change was not made; see release status, and run the command again if it is still needed",
            )
        )

    def _read_entry_or_error(self, number: int) -> LedgerEntry | CreditError:
        try:
            return self.read_entry(number)
        except CreditError as error:
            return error

    @property
    def _folder(self) -> str:
        return f"environments/{self.environment}"

    def build_key(self, number: int) -> str:
        """Build the name of the object of an entry, below the address of its store."""
        return f"{self._folder}/{_name_block(number)}/{number:09d}.json"

    def _build_checkpoint_key(self, number: int, content: bytes) -> str:
        return f"{self.build_key(number).removesuffix('.json')}.{hashlib.sha256(content).hexdigest()}"

    def _list_blocks(self) -> list[str]:
        return self._split_blocks()[0]

    def _split_blocks(self) -> tuple[list[str], list[str]]:
        """Split the folders of numbers into the blocks, of which each follows a full one, and strays."""
        blocks: list[str] = []
        strays: list[str] = []
        names = [name for name in self.store.list_children(self._folder)[0] if name.isdecimal()]
        for name in sorted(names, key=lambda name: (len(name), name)):
            follows = not blocks or (int(name) == int(blocks[-1]) + BLOCK_ENTRIES and self._was_filled(blocks[-1]))
            (blocks if name == _name_block(int(name)) and follows else strays).append(name)
        return blocks, strays

    def _was_filled(self, block: str) -> bool:
        """Tell whether a block has an entry in its second half: one that was lost and begun again has not.

        Else an entry that is written where a folder was lost would put those behind it back into force.
        """
        half = int(block) + BLOCK_ENTRIES // 2
        return any((_match_entry(name, block) or 0) >= half for name in self._list_block(block))

    def _list_block(self, block: str) -> list[str]:
        return self.store.list_children(f"{self._folder}/{block}")[1]

    def build_url(self, number: int) -> str:
        """Build the address of an entry, for people."""
        return f"{self.store.url}/{self.build_key(number)}"


def _name_block(number: int) -> str:
    return f"{number // BLOCK_ENTRIES * BLOCK_ENTRIES:09d}"


def _match_entry(name: str, block: str) -> int | None:
    """Match the number of the entry in an object of a block; None when the object is something else."""
    stem = name.removesuffix(".json")
    number = int(stem) if stem.isascii() and stem.isdecimal() else 0
    return number if name == f"{number:09d}.json" and _name_block(number) == block else None

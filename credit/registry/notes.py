"""Notes on the entries of a ledger: what was learnt later. Entries never change, so notes are objects beside them."""

from datetime import UTC, datetime
from uuid import uuid4

from pydantic import AwareDatetime, Field

from credit.common.errors import CreditError, Problem
from credit.common.parallel import run_in_threads
from credit.registry.ledger import LedgerEntry
from credit.registry.records import OneLineText, StoreRecord
from credit.registry.store import Store

_MAX_ATTEMPTS = 100
"""Numbers that are tried in a row: so many people do not note something about one entry in the same moment."""


class Note(StoreRecord):
    """What a person learnt about an entry of a ledger."""

    environment: str
    entry: int = Field(ge=1)
    entry_id: str  # of the attempt that wrote the entry: the note is on that one, whatever is put in its place
    number: int = Field(ge=1)
    text: OneLineText
    actor: OneLineText
    time: AwareDatetime
    id: str = Field(default_factory=lambda: uuid4().hex)  # so that equal notes of two people are two notes


def append_note(store: Store, environment: str, entry: LedgerEntry, text: str, actor: str) -> Note:
    """Add a note to an entry. Nobody's note is lost to a race: the one that comes second takes the next number."""
    _, names = store.list_children(_build_folder(environment, entry.number))
    for number in range(len(names) + 1, len(names) + 1 + _MAX_ATTEMPTS):
        note = Note(
            environment=environment,
            entry=entry.number,
            entry_id=entry.id,
            number=number,
            text=text,
            actor=actor,
            time=datetime.now(UTC),
        )
        if store.create(_build_key(environment, entry.number, number), note.serialize()):
            return note
    raise CreditError(Problem(f"the notes on entry {entry.number}", "others write them all the time", fix="try again"))


def read_notes(store: Store, environment: str, entry: LedgerEntry) -> list[Note]:
    """Read the notes on an entry, the oldest first. Raises CreditError when one is not valid, or on another entry."""
    folder = _build_folder(environment, entry.number)
    _, names = store.list_children(folder)
    return run_in_threads(lambda name: _read_note(store, f"{folder}/{name}", entry), names)


def list_noted_entries(store: Store, environment: str) -> set[int]:
    """List the numbers of the entries that have notes."""
    folders, _ = store.list_children(f"notes/{environment}")
    return {int(name) for name in folders if name.isdecimal()}


def _read_note(store: Store, key: str, entry: LedgerEntry) -> Note:
    where = f"{store.url}/{key}"
    note = Note.parse(store.read(key) or b"", where)
    if _build_key(note.environment, note.entry, note.number) != key:
        raise CreditError(Problem(where, f"note {note.number} on entry {note.entry} of {note.environment}", "its own"))
    if note.entry_id != entry.id:
        fix = "the store was changed from outside: one of the two was put there later"
        raise CreditError(Problem(where, f"a note on entry {note.entry_id[:12]}", f"on {entry.id[:12]}", fix))
    return note


def _build_folder(environment: str, entry: int) -> str:
    """Build the place of the notes on an entry. Not below the ledger's own, where each folder is one of entries."""
    return f"notes/{environment}/{entry:09d}"


def _build_key(environment: str, entry: int, number: int) -> str:
    return f"{_build_folder(environment, entry)}/{number:09d}.json"

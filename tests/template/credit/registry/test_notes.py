"""Notes stand beside entries, on a disk and in a bucket: none is lost, none changes, and no ledger notices them."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from credit.common.errors import CreditError
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.notes import append_note, list_noted_entries, read_notes
from credit.registry.store import Store
from release.deployment.plan import plan_deployment
from testing.releases import WHY, make_version_record


def write_entry(store: Store, version: str) -> LedgerEntry:
    entry = plan_deployment(Ledger(store, "prod"), make_version_record(version), WHY).entry
    assert entry is not None
    Ledger(store, "prod").append_entry(entry)
    return entry


def test_many_who_note_at_once_all_have_their_note_and_the_ledger_stays_as_it_was(store: Store) -> None:
    first, second = write_entry(store, "v1.0.0"), write_entry(store, "v2.0.0")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: append_note(store, "prod", first, f"note of {i}", f"person {i}"), range(8)))
    notes = read_notes(store, "prod", first)
    assert [note.number for note in notes] == list(range(1, 9))
    assert {note.text for note in notes} == {f"note of {i}" for i in range(8)}
    assert read_notes(store, "prod", second) == []
    assert list_noted_entries(store, "prod") == {1}
    assert list_noted_entries(store, "staging") == set()
    assert Ledger(store, "prod").read_entries() == [second, first]
    append_note(store, "prod", first, "note of 1", "person 1")
    assert len(read_notes(store, "prod", first)) == 9, "who says the same again has said it twice"


def test_a_note_that_is_not_valid_or_on_what_was_there_before_is_an_error(disk: Store) -> None:
    entry = write_entry(disk, "v1.0.0")
    append_note(disk, "prod", entry, "learnt", "somebody")
    with pytest.raises(CreditError, match="the store was changed from outside"):
        read_notes(disk, "prod", entry.model_copy(update={"id": "f" * 32}))
    assert disk.folder is not None
    note = disk.folder / "notes/prod/000000001/000000001.json"
    (note.parent / "000000002.json").write_bytes(note.read_bytes())
    with pytest.raises(CreditError, match="found note 1 on entry 1 of prod, expected its own"):
        read_notes(disk, "prod", entry)
    Path(note.parent / "000000002.json").write_bytes(b"{")
    with pytest.raises(CreditError, match=r"000000002\.json"):
        read_notes(disk, "prod", entry)

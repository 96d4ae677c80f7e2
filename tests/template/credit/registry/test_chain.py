"""What was changed in a ledger, or taken out, is noticed; a ledger from before there were hashes is read."""

import hashlib
import json
from pathlib import Path

import pytest

from credit.common.errors import CreditError
from credit.registry.chain import check_chain, examine_chain
from credit.registry.identity import prepare_store, probe_store, read_store_id
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.store import Store
from release.deployment import plan
from testing.releases import WHY, make_version_record

OLD = """{
  "format": 1, "number": %d, "kind": "deploy", "version": "v1.%d.0", "digest": "d", "reason": "r", "actor": "a",
  "time": "2026-01-0%dT00:00:00Z", "id": "i%d"
}
"""


def append(ledger: Ledger, version: str) -> LedgerEntry:
    entry = plan.plan_deployment(ledger, make_version_record(version), WHY).entry
    assert entry is not None
    ledger.append_entry(entry)
    return entry


def locate(ledger: Ledger, number: int) -> Path:
    assert ledger.store.folder is not None
    return ledger.store.folder / f"environments/prod/000000000/{number:09d}.json"


@pytest.fixture
def ledger(disk: Store) -> Ledger:
    """Four entries."""
    made = Ledger(disk, "prod")
    for number in range(4):
        append(made, f"v1.{number}.0")
    return made


def rewrite(path: Path) -> None:
    """Put another reason into an entry, as somebody would who wants to have had one."""
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | {"reason": "the board said so"}))


def test_each_entry_carries_the_hash_of_the_one_before(store: Store) -> None:
    ledger = Ledger(store, "prod")
    first, second = append(ledger, "v1.0.0"), append(ledger, "v1.1.0")
    digest = hashlib.sha256(first.serialize()).hexdigest()
    assert (first.previous, second.previous) == (None, digest)
    assert ledger.list_checkpoints()[1] == {digest}
    assert check_chain(ledger) == []


@pytest.mark.parametrize("number", [1, 2, 4])
def test_a_rewritten_entry_is_noticed_and_stays_noticed(ledger: Ledger, number: int) -> None:
    rewrite(locate(ledger, number))
    append(ledger, "v2.0.0")
    (problem,) = check_chain(ledger)
    assert problem.where.endswith(f"{number:09d}.json")
    assert "was changed since" in problem.found


@pytest.mark.parametrize("number", [2, 4])
def test_an_entry_that_is_gone_is_noticed(ledger: Ledger, number: int) -> None:
    locate(ledger, number).unlink()
    assert [problem.found[:7] for problem in check_chain(ledger)] == ["is gone"]


def test_the_newest_entry_is_not_replaced_by_another_of_its_number(ledger: Ledger) -> None:
    locate(ledger, 4).unlink()
    append(ledger, "v3.0.0")
    (problem,) = check_chain(ledger)
    assert problem.found == "was written twice: two checkpoints have different hashes"


def test_without_its_checkpoint_an_entry_is_witnessed_by_the_one_after_it(ledger: Ledger) -> None:
    for path in locate(ledger, 1).parent.glob("*.????????????????????????????????*"):
        path.unlink()
    report = examine_chain(ledger)
    assert report.problems == [], "a command that is killed may leave none"
    assert [note[:38] for note in report.notes] == ["entries 1, 2, 3, 4 have no checkpoint:"]
    rewrite(locate(ledger, 2))
    (problem,) = check_chain(ledger)
    assert problem.where.endswith("000000002.json")
    assert problem.found.startswith(
        "was changed since entry 3 was written, or entry 3 was put there by hand: neither has"
    )


def test_of_two_entries_that_do_not_fit_the_one_without_a_checkpoint_is_named(ledger: Ledger) -> None:
    locate(ledger, 2).parent.joinpath(f"{2:09d}.{ledger.hash_entry(2)}").unlink()
    rewrite(locate(ledger, 2))
    (problem,) = check_chain(ledger)
    assert problem.where.endswith("000000002.json")
    assert problem.found == "was changed since entry 3 was written after it"


def put_by_hand(ledger: Ledger, number: int, previous: str | None, with_checkpoint: bool = False) -> None:
    content = json.loads(OLD % (number, number, number, number)) | {
        "format": 2,
        "version": "v8.8.8",
        "previous": previous,
    }
    locate(ledger, number).write_text(json.dumps(content))
    if with_checkpoint:
        locate(ledger, number).with_suffix(f".{ledger.hash_entry(number)}").touch()


def test_an_entry_by_hand_with_another_hash_of_the_one_before_is_blamed_itself(ledger: Ledger) -> None:
    """The one before equals its checkpoint: to restore that would destroy the good one."""
    put_by_hand(ledger, 5, "0" * 64)
    (problem,) = check_chain(ledger)
    assert problem.where.endswith("000000005.json")
    assert problem.found == "was not written after entry 4: it carries a hash that is not the one of its checkpoint"
    assert "release rollback --to VERSION leaves it behind" in problem.fix, "there is nothing to restore"
    append(ledger, "v2.0.0")
    assert [one.where[-14:] for one in check_chain(ledger)] == ["000000005.json"], "and it stays noticed"


def test_where_both_equal_their_checkpoints_nobody_is_blamed_alone(ledger: Ledger) -> None:
    put_by_hand(ledger, 5, "0" * 64, with_checkpoint=True)
    (problem,) = check_chain(ledger)
    assert problem.where.endswith("000000005.json")
    assert problem.found == "does not follow entry 4, though each equals its checkpoint: one was put there by hand"


def test_an_entry_by_hand_that_fits_is_told_by_its_missing_checkpoint(ledger: Ledger) -> None:
    assert examine_chain(ledger).notes == []
    put_by_hand(ledger, 5, ledger.hash_entry(4))
    report = examine_chain(ledger)
    assert report.problems == []
    assert report.notes == [
        "entry 5 has no checkpoint: the command that wrote it was killed, or somebody put it there by hand"
    ]


def test_an_entry_without_a_hash_among_others_is_noticed(ledger: Ledger) -> None:
    locate(ledger, 5).write_text(OLD % (5, 9, 9, 5))
    assert [problem.found for problem in check_chain(ledger)] == [
        "carries no hash of the entry before it, which those since entry 2 do"
    ]


def test_a_ledger_of_the_format_before_is_read_and_goes_on_with_hashes(disk: Store) -> None:
    ledger = Ledger(disk, "prod")
    locate(ledger, 1).parent.mkdir(parents=True)
    for number in (1, 2):
        locate(ledger, number).write_text(OLD % (number, number, number, number))
    assert [entry.version for entry in ledger.read_entries()] == ["v1.2.0", "v1.1.0"]
    assert examine_chain(ledger) == ([], [])
    made = append(ledger, "v2.0.0")
    assert made.previous == hashlib.sha256(locate(ledger, 2).read_bytes()).hexdigest()
    assert check_chain(ledger) == []
    rewrite(locate(ledger, 2))
    assert len(check_chain(ledger)) == 1


def test_a_store_is_probed_once_and_has_an_identity(store: Store) -> None:
    probe_store(store, 8)
    assert read_store_id(store) is None
    prepare_store(store)
    known = read_store_id(store)
    prepare_store(store)
    assert known is not None
    assert read_store_id(store) == known


def test_a_store_that_overwrites_is_refused(disk: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes no notice of If-None-Match answers every put with success."""

    def overwrite(self: Store, key: str, content: bytes) -> bool:
        assert self.folder is not None
        (self.folder / key).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / key).write_bytes(content)
        return True

    monkeypatch.setattr(Store, "create", overwrite)
    with pytest.raises(CreditError, match="overwrites: of 3 writers of a key 3 won; two deploys could both believe"):
        prepare_store(disk)
    assert read_store_id(disk) is None

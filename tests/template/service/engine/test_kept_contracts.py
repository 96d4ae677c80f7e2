"""What clients of other versions send is kept beside the service, whole or not at all."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from credit.common.errors import CreditError
from credit.registry.store import Store
from credit.registry.stored_fields import read_stored_fields
from credit.registry.versions import VersionRecord
from service.engine import kept_contracts
from service.engine.kept_contracts import KeptContracts

Publish = Callable[..., VersionRecord]


def test_what_is_kept_is_read_without_the_store_and_is_what_the_store_said(
    disk: Store, publish: Publish, tmp_path: Path
) -> None:
    digest, kept = publish(disk, "v1.0.0", "logistic").digest, KeptContracts(tmp_path / "contracts")
    there = read_stored_fields(disk, digest)
    assert kept.fetch(disk, digest) == (there, None)
    shutil.rmtree(disk.url)
    assert kept.list_digests() == [digest]
    assert KeptContracts(tmp_path / "contracts").read(digest) == there


@pytest.mark.parametrize("damage", ["{", "[]", '{"manifest.json": "{}"}', "another column"])
def test_what_was_damaged_is_not_believed_and_is_fetched_anew(
    disk: Store, publish: Publish, tmp_path: Path, damage: str
) -> None:
    digest, kept = publish(disk, "v1.0.0", "logistic").digest, KeptContracts(tmp_path)
    there, _ = kept.fetch(disk, digest)
    file = tmp_path / f"{digest}.json"
    whole = json.loads(file.read_text())
    if damage == "another column":
        damage = json.dumps(whole | {"contract.yaml": whole["contract.yaml"] + "# mine"})
    file.write_text(damage)
    with pytest.raises(CreditError):
        kept.read(digest)
    assert kept.fetch(disk, digest) == (there, None)
    assert kept.read(digest) == there


def test_a_disk_that_takes_nothing_keeps_no_client_from_being_known(
    disk: Store, publish: Publish, tmp_path: Path
) -> None:
    digest = publish(disk, "v1.0.0", "logistic").digest
    (tmp_path / "contracts").write_text("a file where the folder would be")
    fields, failure = KeptContracts(tmp_path / "contracts").fetch(disk, digest)
    assert fields == read_stored_fields(disk, digest)
    assert failure == "File exists"


def test_only_the_newest_are_kept(
    disk: Store, publish: Publish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_contracts, "_MAX_KEPT", 2)
    kept = KeptContracts(tmp_path)
    digests = [
        publish(disk, f"v{number}.0.0", candidate).digest
        for number, candidate in enumerate(("heuristic", "logistic", "random_forest"), 1)
    ]
    for digest in digests:
        kept.fetch(disk, digest)
    assert sorted(kept.list_digests()) == sorted(digests[1:])

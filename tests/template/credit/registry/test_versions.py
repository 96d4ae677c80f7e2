"""Publishing: written once, whole or not visible, verified after writing; and never undone by who comes second."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from credit.bundle.bundle import load_bundle
from credit.bundle.examples import EXAMPLES_FILE, check_examples
from credit.common.errors import CreditError
from credit.common.files import read_json
from credit.registry import versions
from credit.registry.names import parse_version
from credit.registry.store import Store
from credit.registry.versions import VersionRecord
from release.commands.gc import find_garbage
from testing.releases import corrupt_copy

V1 = parse_version("v1.0.0")
Bundles = Callable[[str], Path]
Publish = Callable[..., VersionRecord]


def test_a_published_bundle_comes_back_byte_for_byte_and_decides(
    store: Store, publish: Publish, bundles: Bundles, tmp_path: Path
) -> None:
    record = publish(store, "v1.0.0", "logistic")
    folder = bundles("logistic")
    versions.fetch_bundle(store, record, tmp_path / "back")
    assert {p.name: p.read_bytes() for p in (tmp_path / "back").iterdir()} == {
        p.name: p.read_bytes() for p in folder.iterdir()
    }
    rows = check_examples(load_bundle(folder), folder)
    assert versions.load_stored_bundle(store, record).decide(rows) == load_bundle(folder).decide(rows)


def test_publishing_again_is_no_error_and_writes_nothing(store: Store, publish: Publish, bundles: Bundles) -> None:
    first = publish(store, "v1.0.0")
    again, wrote = versions.publish_bundle(store, V1, bundles("heuristic"), "1" * 40, "another")
    assert (again, wrote) == (first, False)


def test_another_bundle_under_a_name_that_is_taken_is_refused(store: Store, publish: Publish, bundles: Bundles) -> None:
    publish(store, "v1.0.0")
    with pytest.raises(CreditError, match="a version never changes"):
        publish(store, "v1.0.0", "logistic")
    assert (
        versions.load_stored_bundle(store, versions.require_version(store, "v1.0.0")).manifest.candidate == "heuristic"
    )


def test_versions_are_listed_by_number_not_by_letter(disk: Store, publish: Publish) -> None:
    for version in ("v1.10.0", "v1.9.0", "v0.1.0"):
        publish(disk, version)
    assert list(map(str, versions.list_versions(disk))) == ["v0.1.0", "v1.9.0", "v1.10.0"]


@pytest.mark.parametrize("name", ["model.onnx", "manifest.json", EXAMPLES_FILE])
def test_a_bundle_with_a_changed_byte_is_never_published(
    disk: Store, bundles: Bundles, tmp_path: Path, name: str
) -> None:
    folder = corrupt_copy(bundles("logistic"), tmp_path / "changed", name)
    with pytest.raises(CreditError):
        versions.publish_bundle(disk, V1, folder, "c", "tester")
    assert disk.list_children("") == ([], [])


def test_a_bundle_that_no_longer_scores_its_examples_is_refused(bundles: Bundles, tmp_path: Path) -> None:
    """As when a library or a processor computes otherwise: every hash is right, and the scores are not."""
    folder = shutil.copytree(bundles("logistic"), tmp_path / "other")
    (folder / EXAMPLES_FILE).write_text((folder / EXAMPLES_FILE).read_text().replace('"score": 0.', '"score": 1.', 1))
    with pytest.raises(CreditError, match=r"example 0: score: found .*decides differently than when it was made"):
        check_examples(load_bundle(bundles("logistic")), folder)


def test_examples_are_allowed_by_the_contract_and_no_two_features_move_together(bundles: Bundles) -> None:
    folder = bundles("logistic")
    rows = check_examples(load_bundle(folder), folder)
    made = read_json(folder / EXAMPLES_FILE)
    assert [example["row"] for example in made] == rows
    assert len({tuple(row.values()) for row in rows}) > len(rows) / 2
    assert len({example["score"] for example in made}) > len(rows) / 2
    assert any(None in row.values() for row in rows)


def test_a_byte_that_changes_in_the_store_is_found_and_the_file_named(
    disk: Store, publish: Publish, tmp_path: Path
) -> None:
    record = publish(disk, "v1.0.0", "logistic")
    assert disk.folder is not None
    path = disk.folder / "bundles" / record.digest / "policy.json"
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(CreditError, match=f"{record.digest}/policy.json: found SHA-256") as caught:
        versions.load_stored_bundle(disk, record)
    assert "release publish v1.0.0 again" in str(caught.value)
    with pytest.raises(CreditError, match=r"policy\.json"):
        publish(disk, "v1.0.0", "logistic")


@pytest.mark.parametrize("name", ["policy.json", "manifest.json"])
def test_a_file_that_is_lost_in_the_store_is_found(disk: Store, publish: Publish, name: str) -> None:
    record = publish(disk, "v1.0.0", "logistic")
    disk.delete(f"bundles/{record.digest}/{name}")
    assert disk.folder is not None
    (disk.folder / "bundles" / record.digest / name).unlink(missing_ok=True)
    with pytest.raises(CreditError, match=name):
        versions.load_stored_bundle(disk, record)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"{}", "version"), (b'{"format": 9}', "newer code"), (b"\x00", "expected"), (b"[]", "object")],
)
def test_a_record_that_is_not_valid_is_one_line(disk: Store, content: bytes, said: str) -> None:
    disk.create("versions/v1.0.0.json", content)
    with pytest.raises(CreditError, match=said) as caught:
        versions.require_version(disk, "v1.0.0")
    assert "\n" not in str(caught.value)


def test_a_record_of_another_version_is_refused(disk: Store, publish: Publish) -> None:
    record = publish(disk, "v1.0.0")
    disk.create("versions/v2.0.0.json", record.serialize())
    with pytest.raises(CreditError, match=r"the record of v1\.0\.0"):
        versions.require_version(disk, "v2.0.0")


@pytest.mark.parametrize(
    "text", ["v1.0", "latest", "v1.0.0; rm -rf /", "../v1.0.0", "v01.0.0", "v1.0.0-rc1", "", "v1.0.0\n"]
)
def test_what_is_no_version_is_one_line(disk: Store, text: str) -> None:
    with pytest.raises(CreditError, match="expected a version such as") as caught:
        versions.require_version(disk, text)
    assert "\n" not in str(caught.value)


def test_what_a_killed_publish_left_is_told_from_what_a_version_needs(store: Store, publish: Publish) -> None:
    """The empty folder of an announcement that is over says nothing: some servers go on listing it."""
    record = publish(store, "v1.0.0")
    assert store.find_last_write(versions.PUBLISHING_PREFIX) is None, "a publish that ended takes its announcement back"
    store.create("bundles/left/model.onnx", b"half")
    store.create(f"{versions.PUBLISHING_PREFIX}/left/somebody", b"")
    store.delete(f"{versions.PUBLISHING_PREFIX}/left/somebody")
    assert find_garbage(store)[:2] == ([], sorted([record.digest, "left"])), "it may be in the making"
    assert find_garbage(store, -timedelta(seconds=5))[:2] == (["left"], [record.digest])
    store.create("versions/v9.0.0.json", b"not a record: it may name anything")
    with pytest.raises(CreditError, match="v9"):
        find_garbage(store)


@pytest.mark.parametrize("digest", ["0" * 64, "f" * 64])
def test_a_version_of_another_digest_than_the_ledgers_is_refused(disk: Store, publish: Publish, digest: str) -> None:
    record = publish(disk, "v1.0.0")
    assert versions.require_version(disk, "v1.0.0", record.digest) == record
    with pytest.raises(CreditError, match=f"found digest {record.digest[:12]}, expected {digest[:12]}, the ledger's"):
        versions.require_version(disk, "v1.0.0", digest)

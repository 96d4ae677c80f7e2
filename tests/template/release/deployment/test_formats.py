"""Bundles of other code: yesterday's are deployed and decide as they did; tomorrow's are refused with what to do."""

import json
import shutil
from pathlib import Path

import pytest

from credit.bundle.bundle import load_bundle
from credit.bundle.examples import check_examples
from credit.bundle.manifest import BUNDLE_FORMAT, MANIFEST_FILE, compute_digest
from credit.common.errors import CreditError
from credit.common.files import format_json
from credit.registry import versions
from credit.registry.ledger import Ledger
from credit.registry.names import parse_version
from credit.registry.store import Store
from testing.lenders.frozen import ROOT
from testing.releases import deploy_versions

FORMATS = ROOT / "tests/template/credit/bundle/formats"
FIRST_RELEASED = 2
V1 = parse_version("v1.0.0")


@pytest.mark.parametrize("kept", sorted(path.name for path in FORMATS.iterdir()))
def test_yesterdays_bundle_is_deployed_and_decides_as_it_did(kept: str, disk: Store) -> None:
    versions.publish_bundle(disk, V1, FORMATS / kept / "bundle", "0" * 40, "tester")
    (entry,) = deploy_versions(disk, "v1.0.0")
    assert Ledger(disk, "prod").read_newest() == entry
    with versions.fetch_temporarily(disk, versions.require_version(disk, "v1.0.0", entry.digest)) as folder:
        bundle = load_bundle(folder)
        decided = bundle.decide(check_examples(bundle, folder))
        words = {language: [list(bundle.word_reasons(one, language)) for one in decided] for language in ("en", "es")}
    recorded = json.loads((FORMATS / kept / "decisions.json").read_text())
    told = [json.loads(json.dumps(one._asdict())) for one in decided]
    assert [{name: one[name] for name in recorded[0] if name != "in_spanish"} for one in told] == [
        {name: one[name] for name in recorded[0] if name != "in_spanish"} for one in recorded
    ]
    assert {one["decision"] for one in told} >= {"approve", "deny"}
    assert words["en"] == [one["reasons"] for one in recorded]
    assert words["es"] == [one.get("in_spanish", one["reasons"]) for one in recorded], "of before: in no other language"
    assert all(len(one["reason_codes"]) == len(one["reasons"]) for one in told)


def test_there_is_a_bundle_of_every_format() -> None:
    found = {json.loads(path.read_text())["format"] for path in FORMATS.glob(f"*/bundle/{MANIFEST_FILE}")}
    assert found == set(range(FIRST_RELEASED, BUNDLE_FORMAT + 1))


def test_a_bundle_of_newer_code_is_refused_with_what_to_do(tmp_path: Path) -> None:
    shutil.copytree(FORMATS / "2-logistic/bundle", tmp_path / "bundle")
    file = tmp_path / "bundle" / MANIFEST_FILE
    content = json.loads(file.read_text()) | {"format": BUNDLE_FORMAT + 1, "more": "that only newer code knows"}
    file.write_text(format_json(content | {"digest": compute_digest(content)}))
    with pytest.raises(CreditError) as caught:
        load_bundle(tmp_path / "bundle")
    expected = f"at most {BUNDLE_FORMAT}; it is whole, and needs newer code: update this checkout"
    assert expected in str(caught.value)
    assert "remove" not in str(caught.value)

"""What is kept says its format: newer ones are refused in one clear line, older ones are read."""

import json
import re
from pathlib import Path

import pytest
import yaml
from alembic.script import ScriptDirectory

from credit.bundle.manifest import BUNDLE_FORMAT
from credit.common.errors import CreditError
from credit.contract.contract import CONTRACT_FORMAT
from credit.contract.loading import load_contract
from credit.data.manifest.content import FORMAT_VERSION
from credit.decision_log.migrate import MIGRATIONS
from credit.registry.challenges import Challenge
from credit.registry.holds import Hold
from credit.registry.identity import StoreIdentity
from credit.registry.ledger import LedgerEntry
from credit.registry.names import match_version
from credit.registry.notes import Note
from credit.registry.records import StoreRecord
from credit.registry.versions import VersionRecord
from scaffold.template_versions import match_template_tag, read_template_version
from testing.lenders.frozen import LENDER, ROOT

RECORDS = (LedgerEntry, VersionRecord, Note, Hold, Challenge, StoreIdentity)
CONTRACT = LENDER / "data/contracts/scenario.yaml"


def write_contract(folder: Path, **more: object) -> Path:
    path = folder / "scenario.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(CONTRACT.read_text()) | more, sort_keys=False))
    return path


def test_a_contract_without_a_format_has_the_first(tmp_path: Path) -> None:
    old, new = load_contract(CONTRACT), load_contract(write_contract(tmp_path, contract_format=CONTRACT_FORMAT))
    assert (old.contract_format, new.contract_format) == (1, CONTRACT_FORMAT)
    assert old.columns == new.columns


def test_a_contract_of_a_newer_format_says_that_alone_whatever_else_it_holds(tmp_path: Path) -> None:
    with pytest.raises(CreditError) as caught:
        load_contract(write_contract(tmp_path, contract_format=CONTRACT_FORMAT + 1, tomorrow={"a": 1}))
    (problem,) = caught.value.problems
    assert str(problem).endswith(
        f"contract_format: found {CONTRACT_FORMAT + 1}, expected at most {CONTRACT_FORMAT}; "
        "it needs newer code: update this checkout"
    )


@pytest.mark.parametrize("wrong", [0, -1, "first", 1.5, None])
def test_a_contract_with_a_format_that_is_none_is_refused(tmp_path: Path, wrong: object) -> None:
    with pytest.raises(CreditError, match="contract_format"):
        load_contract(write_contract(tmp_path, contract_format=wrong))


@pytest.mark.parametrize("record", RECORDS, ids=lambda one: one.__name__)
def test_a_record_of_a_newer_format_says_so_whatever_else_it_holds(record: type[StoreRecord]) -> None:
    newest = record.NEWEST_FORMAT
    content = json.dumps({"format": newest + 1, "tomorrow": True}).encode()
    with pytest.raises(
        CreditError, match=f"^here: found format {newest + 1}, expected at most {newest}; it needs newer"
    ):
        record.parse(content, "here")


def test_there_is_a_bundle_of_each_format_that_is_still_read() -> None:
    """All of them are run in `tests/template/credit/bundle`."""
    there = {path.name.partition("-")[0] for path in (ROOT / "tests/template/credit/bundle/formats").iterdir()}
    assert there == {str(number) for number in range(2, BUNDLE_FORMAT + 1)}


def test_the_page_names_the_newest_format_of_everything() -> None:
    text = (ROOT / "docs/upgrading.md").read_text()
    rows = dict(re.findall(r"^\| ([a-z][^|]*?) \| [^|]+ \| (\d+) \|", text, re.MULTILINE))
    own = {LedgerEntry, Challenge}
    of_others = max(one.NEWEST_FORMAT for one in RECORDS if one not in own)
    assert rows == {
        "contract": str(CONTRACT_FORMAT),
        "bundle": str(BUNDLE_FORMAT),
        "entry of a ledger": str(LedgerEntry.NEWEST_FORMAT),
        "version, note, hold, store": str(of_others),
        "challenge": str(Challenge.NEWEST_FORMAT),
        "manifest of data": str(FORMAT_VERSION),
        "decision log": ScriptDirectory(str(MIGRATIONS)).get_current_head(),
    }


def test_the_version_of_the_template_is_in_one_place_and_the_newest_of_the_changelog() -> None:
    version = read_template_version(ROOT)
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert not released or released[0] == str(version).removeprefix("v")
    assert "version" not in yaml.safe_load((ROOT / "CITATION.cff").read_text())


@pytest.mark.parametrize(
    "tag", ["credit-model@v1.2.0", "credit-model@v1.2.0!#4", "credit-model#prod#3", "credit-model#prod!#4", "x-v1.2.0"]
)
def test_a_tag_of_a_model_is_never_a_version_of_the_template(tag: str) -> None:
    """Neither to `make adopt` nor to copier, which takes a tag for a version where this does."""
    from copier._vcs import valid_version

    assert match_template_tag(tag) is None
    assert not valid_version(tag)


def test_a_version_of_the_template_is_no_tag_of_a_model() -> None:
    """The registry reads tags by their artifact's name; a person who names v1.2.0 means the model's."""
    assert match_template_tag("v1.2.0") == match_version("v1.2.0")
    assert match_template_tag("1.2.0") is None
    assert str(match_version("v1.2.0")) != match_version("v1.2.0").tag  # type: ignore[union-attr]

"""What commands say of a store in which somebody wrote by hand or by a wrong clock, or whose identity was taken."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from credit.common.errors import CreditError
from credit.registry.identity import IDENTITY_KEY, prepare_store, read_store_id
from credit.registry.ledger import Ledger
from credit.registry.names import ARTIFACT
from credit.registry.store import Store
from release.__main__ import main
from release.commands import verify
from release.deployment.plan import plan_deployment
from release.deployment.rollout import tag_entry
from release.repository.store_identity import identify_store, require_identity
from release.repository.tags import read_registry
from testing.releases import WHY, make_version_record

Run = Callable[..., str]
Say = Callable[..., tuple[int, str]]


@pytest.fixture
def say(disk: Store, run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Run `release` in a repository with v1.0.0, v1.1.0 and v2.0.0; its exit code and output. Of DVC others ask."""
    monkeypatch.setenv("RELEASE_STORE", disk.url)
    monkeypatch.setattr(verify, "_restore_bundle", lambda _: "d" * 64)

    def say(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as left:
            main(list(arguments))
        return int(left.value.code or 0), capsys.readouterr().out

    return say


@pytest.fixture
def ledger(disk: Store, run: Run) -> Ledger:
    """A ledger of three entries, of bundles that nobody loads here."""
    prepare_store(disk)
    made = Ledger(disk, "prod")
    for version in ("v1.0.0", "v1.1.0", "v2.0.0"):
        append(made, version)
    return made


def append(ledger: Ledger, version: str) -> None:
    entry = plan_deployment(ledger, make_version_record(version), WHY).entry
    assert entry is not None
    ledger.append_entry(entry)


def locate(ledger: Ledger, name: str) -> Path:
    assert ledger.store.folder is not None
    return ledger.store.folder / f"environments/prod/000000000/{name}"


def test_an_entry_put_there_by_hand_has_its_own_word_in_each_command(ledger: Ledger, say: Say) -> None:
    said = "entry 4 has no checkpoint: the command that wrote it was killed, or somebody put it there by hand"
    commands = (["sync", "--no-fetch"], ["status", "--env", "prod"], ["verify"])
    for words in commands:
        assert said not in say(*words)[1]
    content = json.loads(locate(ledger, "000000003.json").read_text())
    content |= {"number": 4, "version": "v1.0.0", "previous": ledger.hash_entry(3)}
    locate(ledger, "000000004.json").write_text(json.dumps(content))
    for words in commands:
        assert said in say(*words)[1], words
    locate(ledger, "000000004.json").write_text(json.dumps(content | {"previous": "0" * 64}))
    for words in commands:
        code, told = say(*words)
        assert (code, "000000004.json: was not written after entry 3" in told) == (1, True), words
        assert "000000003.json" not in told, "that one is as it was"


def test_status_says_of_an_entry_in_the_future_that_a_clock_was_wrong(ledger: Ledger, say: Say) -> None:
    later = datetime.now(UTC) + timedelta(hours=24)
    entry = ledger.read_entry(3).model_copy(update={"number": 4, "time": later, "previous": ledger.hash_entry(3)})
    ledger.append_entry(entry)
    told = say("status", "--env", "prod")[1]
    assert f"since {later:%Y-%m-%d %H:%M:%S} UTC (in the future: somebody's clock was wrong)" in told


def tamper(ledger: Ledger, deed: str) -> None:
    """Take the identity from a store, or give it another one."""
    assert ledger.store.folder is not None
    file = ledger.store.folder / IDENTITY_KEY
    file.unlink()
    if deed == "replaced":
        prepare_store(ledger.store)
    if deed == "broken":
        file.write_text("{")


@pytest.mark.parametrize(
    ("deed", "said"),
    [
        ("deleted", "store.json: is gone, and git tags name the store {known}; put it back"),
        ("replaced", "though git tags that were made of entries here say {known}; put it back"),
        ("broken", "store.json: "),
    ],
)
def test_a_store_that_loses_its_identity_keeps_the_witness_of_its_tags(
    ledger: Ledger, say: Say, run: Run, deed: str, said: str
) -> None:
    known = str(read_store_id(ledger.store))
    assert say("sync", "--no-fetch")[0] == 0
    tags = run("git", "tag")
    tamper(ledger, deed)
    for path in locate(ledger, ".").glob("000000003.*"):
        path.unlink()
    for words in (["status", "--env", "prod"], ["verify"], ["sync", "--no-fetch"]):
        code, told = say(*words)
        assert code == 1, words
        assert said.format(known=known) in told, words
        assert f"000000003.json: is gone since git tag {ARTIFACT}#prod#3 was made of it" in told, words
    for version in ("v2.0.0", "v1.0.0"):
        append(ledger, version)
    assert "prod: entry 4 (rollback, v1.0.0) gets no tag" in say("sync", "--no-fetch")[1]
    assert run("git", "tag") == tags, "neither is an entry tagged a second time, nor is one without a witness"


@pytest.mark.parametrize("deed", ["deleted", "replaced"])
def test_nothing_is_put_into_a_store_that_lost_its_identity_and_a_rollback_is_not_held_up(
    ledger: Ledger, say: Say, deed: str
) -> None:
    say("sync", "--no-fetch")
    tamper(ledger, deed)
    for words in (["deploy", "v1.0.0", "--env", "prod", "--reason", "r"], ["publish", "v1.0.0"]):
        with pytest.raises(CreditError, match=r"store\.json: .*put it back from the bucket's own history"):
            main(words)
    assert ledger.find_last_number() == 3
    append(ledger, "v1.0.0")
    assert "not tagged" in tag_entry(ledger.store, "prod", ledger.read_entry(4), push=False).note
    assert say("rollback", "--env", "prod", "--to", "rule", "--reason", "r")[0] == 0


def test_what_the_message_says_to_write_is_the_identity_again(ledger: Ledger, say: Say) -> None:
    assert ledger.store.folder is not None
    say("sync", "--no-fetch")
    known = read_store_id(ledger.store)
    tamper(ledger, "deleted")
    content = re.search(r"or write (\{.*?\})", say("status", "--env", "prod")[1])
    assert content
    (ledger.store.folder / IDENTITY_KEY).write_text(content[1])
    assert read_store_id(ledger.store) == known
    assert say("status", "--env", "prod")[0] == 0
    assert "git and the ledger agree" in say("sync", "--no-fetch")[1]


def test_tags_of_another_store_take_nothing_from_a_new_one(ledger: Ledger, say: Say, tmp_path: Path) -> None:
    say("sync", "--no-fetch")
    registry, new = read_registry(), Store(str(tmp_path / "new"))
    assert identify_store(new, registry) == (None, frozenset(), None), "it is empty"
    prepare_store(new)
    append(Ledger(new, "prod"), "v1.1.0")
    assert identify_store(new, registry) == (read_store_id(new), frozenset(), None)
    require_identity(new)

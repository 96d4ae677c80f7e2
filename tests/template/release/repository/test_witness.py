"""What git witnesses of the ledger, and what it lacks of what is live, through `status`, `sync` and `verify`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from credit.registry.names import ARTIFACT
from credit.registry.store import Store
from credit.registry.versions import VersionRecord
from release.__main__ import main
from release.commands import verify
from testing.releases import deploy_versions

Run = Callable[..., str]
Say = Callable[..., tuple[int, str]]
Publish = Callable[..., VersionRecord]


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Run `release` on a store; return its exit code and what it prints. Of DVC others ask."""
    digests: dict[str, str] = {}
    monkeypatch.setattr(verify, "_restore_bundle", digests.__getitem__)

    def say(store: Store, *arguments: str) -> tuple[int, str]:
        monkeypatch.setenv("RELEASE_STORE", store.url)
        for name in store.list_children("versions")[1]:
            record = json.loads(store.read(f"versions/{name}") or b"")
            digests[record["commit"]] = record["digest"]
        with pytest.raises(SystemExit) as left:
            main(list(arguments))
        return int(left.value.code or 0), capsys.readouterr().out

    return say


def locate(store: Store, number: int) -> Path:
    assert store.folder is not None
    return store.folder / f"environments/prod/000000000/{number:09d}.json"


def forge(store: Store, number: int) -> None:
    """Rewrite an entry and everything in the store that witnesses it: what is left is what git has."""
    path = locate(store, number)
    for checkpoint in path.parent.glob(f"{number:09d}.[0-9a-f]*[0-9a-f]"):
        if checkpoint.suffix != ".json":
            checkpoint.unlink()
    path.write_text(json.dumps(json.loads(path.read_text()) | {"reason": "the board said so"}))


def test_an_entry_that_was_forged_with_all_its_witnesses_in_the_store_contradicts_its_tag(
    run: Run, three: Store, say: Say
) -> None:
    deploy_versions(three, "v1.0.0", "v2.0.0")
    assert say(three, "sync", "--no-fetch")[0] == 0
    assert say(three, "status", "--env", "prod")[0] == 0
    assert say(three, "verify", "v1.0.0")[0] == 0
    forge(three, 2)
    said = f"000000002.json: was changed since git tag {ARTIFACT}#prod#2 was made of it"
    for words in (["status", "--env", "prod"], ["sync", "--no-fetch"], ["verify", "v1.0.0"]):
        code, told = say(three, *words)
        assert code == 1, words
        assert said in told, words


def test_the_newest_entry_that_was_deleted_with_its_checkpoint_is_missed_by_its_tag(
    run: Run, three: Store, say: Say
) -> None:
    deploy_versions(three, "v1.0.0", "v2.0.0")
    say(three, "sync", "--no-fetch")
    for path in locate(three, 2).parent.glob("000000002*"):
        path.unlink()
    said = f"000000002.json: is gone since git tag {ARTIFACT}#prod#2 was made of it"
    for words in (["status", "--env", "prod"], ["sync", "--no-fetch"], ["verify", "v1.0.0"]):
        code, told = say(three, *words)
        assert code == 1, words
        assert said in told, words


def test_tags_of_another_store_say_nothing_about_a_new_one(
    run: Run, three: Store, say: Say, publish: Publish, tmp_path: Path
) -> None:
    """The same clone, and a new store: its entries have tags of their own, and nobody reports the old one's."""
    deploy_versions(three, "v1.0.0", "v2.0.0")
    assert f"prod: entry 2 (deploy, v2.0.0) has {ARTIFACT}#prod#2" in say(three, "sync", "--no-fetch")[1]
    other = Store(str(tmp_path / "other"))
    for version, candidate in (("v1.0.0", "heuristic"), ("v1.1.0", "logistic")):
        commit = run("git", "rev-parse", f"{ARTIFACT}@{version}^{{commit}}").strip()
        publish(other, version, candidate, commit)
    code, told = say(other, "status", "--env", "prod")
    assert (code, "nothing was deployed yet" in told) == (0, True), "an empty ledger lost nothing"
    deploy_versions(other, "v1.1.0")
    for words in (["status", "--env", "prod"], ["verify", "v1.1.0"]):
        code, told = say(other, *words)
        assert (code, "git tag" in told) == (0, False), told
    code, told = say(other, "sync", "--no-fetch")
    assert (code, told.splitlines()[0]) == (0, f"prod: entry 1 (deploy, v1.1.0) has {ARTIFACT}#prod#3")
    assert "another store" not in told
    forge(other, 1)
    told = say(other, "status", "--env", "prod")[1]
    assert f"was changed since git tag {ARTIFACT}#prod#3 was made of it" in told
    assert f"{ARTIFACT}#prod#1 " not in told
    assert say(three, "status", "--env", "prod")[0] == 0, "and the old store is as it was"


def test_a_live_version_that_is_in_no_tag_is_said_to_be_one(run: Run, three: Store, say: Say, publish: Publish) -> None:
    """Published and put live with the keys of the store alone."""
    publish(three, "v3.0.0")
    deploy_versions(three, "v1.0.0", "v3.0.0")
    code, told = say(three, "status", "--env", "prod")
    assert code == 0
    assert "note: v3.0.0 is in no tag here: it was put there by hand" in told
    dumped: dict[str, Any] = json.loads(say(three, "status", "--env", "prod", "--json")[1])
    assert any("in no tag" in note for note in dumped["environments"]["prod"]["remarks"])
    code, told = say(three, "verify", "--all")
    assert code == 1
    assert "ledger of prod: not as it was written\n  environment prod: v3.0.0 is in no tag here" in told
    assert f"v3.0.0: cannot be restored\n  git tag {ARTIFACT}@v3.0.0: no such tag" in told


def test_a_withdrawn_version_is_restored_told_and_fails_neither_verify_nor_status(
    run: Run, three: Store, say: Say
) -> None:
    """The nightly drill runs `verify --all`: a version that was withdrawn would fail it for ever."""
    deploy_versions(three, "v1.0.0", "v1.1.0", "v2.0.0")
    say(three, "sync", "--no-fetch")
    run("gto", "deprecate", ARTIFACT, "v1.1.0")
    code, told = say(three, "verify", "--all")
    assert code == 0, told
    assert "v1.1.0: whole, in DVC and the store; withdrawn" in told
    assert "ledger of prod: every entry is the one that was written" in told
    dumped = json.loads(say(three, "verify", "--all", "--json")[1])["versions"]
    assert [dumped[name]["withdrawn"] for name in ("v1.0.0", "v1.1.0", "v2.0.0")] == [False, True, False]
    told = say(three, "status", "--env", "prod")[1]
    assert "a rollback returns to v1.0.0" in told
    assert "note: a rollback passes over v1.1.0, which is withdrawn" in told
    code, told = say(three, "rollback", "--env", "prod", "--reason", "r")
    assert (code, "prod: v2.0.0 -> v1.0.0" in told, "v1.1.0 is withdrawn, and passed over" in told) == (0, True, True)
    run("gto", "deprecate", ARTIFACT, "v1.0.0")
    code, told = say(three, "verify", "--all")
    assert code == 0, "live and withdrawn is for a person, and no damage"
    assert "note: v1.0.0 is withdrawn, and decides all the same" in say(three, "status", "--env", "prod")[1]

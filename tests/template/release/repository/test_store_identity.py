"""What `status`, `sync` and `verify` say of a store that somebody writes to by hand, or takes its identity from."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from credit.registry.identity import prepare_store
from credit.registry.ledger import Ledger
from credit.registry.store import Store
from release.__main__ import main
from release.commands import verify
from release.deployment.plan import plan_deployment
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

"""The steps of a rollout: what a killed one left undone is completed, and an undo does not undo somebody else."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from credit.registry.ledger import Ledger
from credit.registry.names import ARTIFACT
from credit.registry.store import Store
from credit.registry.versions import VersionRecord, require_version
from release.deployment import rollout, service_client
from release.deployment.apply import apply_change
from release.deployment.plan import plan_deployment, plan_fallback
from release.deployment.rollout import roll_out
from release.deployment.wording import describe_rollout
from testing.releases import WHY, deploy_versions

Publish = Callable[..., VersionRecord]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """A repository in which v1.0.0 is registered; runs git in it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for who in ("AUTHOR", "COMMITTER"):
        for what in ("NAME", "EMAIL"):
            monkeypatch.setenv(f"GIT_{who}_{what}", "modeler@example.org")
    folder = tmp_path / "repository"
    folder.mkdir()
    monkeypatch.chdir(folder)

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], capture_output=True, text=True, check=True, env=os.environ).stdout

    git("init", "--quiet")
    git("commit", "--quiet", "--allow-empty", "--message", "m")
    git("tag", "--annotate", "--message", "m", f"{ARTIFACT}@v1.0.0")
    return git


def test_a_deploy_that_was_killed_after_its_entry_gets_its_tag_when_it_is_run_again(
    disk: Store, publish: Publish, repository: Callable[..., str]
) -> None:
    record = publish(disk, "v1.0.0")
    deploy_versions(disk, "v1.0.0")  # the entry alone, as a killed command leaves it
    for _ in range(2):
        change = plan_deployment(Ledger(disk, "prod"), record, WHY)
        done = roll_out(disk, change, wait=0, push=False, revert=True)
        assert (done.entry, done.current.number, done.tag.name) == (None, 1, f"{ARTIFACT}#prod#1")
        assert describe_rollout(done).text.startswith("prod: v1.0.0 is live already, nothing to do")
    assert repository("tag", "--list", f"{ARTIFACT}#*").split() == [f"{ARTIFACT}#prod#1"]


def test_a_deploy_that_is_not_taken_up_leaves_alone_what_somebody_changed_meanwhile(
    disk: Store, publish: Publish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kill switch, while the deploy waits for its services."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", "/")
    monkeypatch.setenv("RELEASE_SERVICE_URL", "http://127.0.0.1:9")
    publish(disk, "v1.0.0")
    publish(disk, "v2.0.0", "logistic")
    deploy_versions(disk, "v1.0.0")
    wait = service_client.wait_for_entry

    def wait_meanwhile(*arguments: object) -> list[str]:
        apply_change(disk, plan_fallback(Ledger(disk, "prod"), WHY))
        return wait(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(rollout.service_client, "wait_for_entry", wait_meanwhile)
    change = plan_deployment(Ledger(disk, "prod"), require_version(disk, "v2.0.0"), WHY)
    done = roll_out(disk, change, wait=0, push=False, revert=True)
    assert (done.current.kind, done.current.number) == ("fallback", 3)
    assert done.reversal == (None, [])
    told = describe_rollout(done)
    assert told.code == 1
    assert "prod: v2.0.0 was not taken up and is not live" in told.text
    assert "live:  the rule of v2.0.0 (entry 3)" in told.text
    assert "next:  release history --env prod" in told.text
    assert Ledger(disk, "prod").find_last_number() == 3

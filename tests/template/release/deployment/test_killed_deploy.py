"""Kill -9 around everything that publish and deploy write: nothing half is visible, and doing it again completes it."""

import os
import signal
from collections.abc import Callable
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from credit.registry import versions
from credit.registry.ledger import Ledger
from credit.registry.names import parse_version
from credit.registry.store import Store
from credit.registry.versions import VersionRecord
from release.commands.gc import find_garbage
from release.deployment import plan
from release.deployment.apply import apply_change
from release.deployment.way_back import read_current_entry
from testing.parts.servers import PATIENCE
from testing.releases import WHY, deploy_versions

OLD, NEW = "v1.0.0", "v2.0.0"
PRELOADED = ["release.deployment.apply", "onnxruntime", "obstore"]


def publish_and_deploy(url: str, bundle: Path, environment: dict[str, str]) -> None:
    """What `release deploy` does with the store. `environment`: where S3 is, which the server of forks cannot know."""
    os.environ.update(environment)
    store = Store(url)
    record, _ = versions.publish_bundle(store, parse_version(NEW), bundle, "c", "tester")
    apply_change(store, plan.plan_deployment(Ledger(store, "prod"), record, WHY))


def killed_at(url: str, bundle: Path, environment: dict[str, str], step: int, after: bool) -> None:
    """The same, killed at the n-th write, before it or right after it. Ends with 0 when there are fewer writes."""
    create, count = Store.create, 0

    def create_or_die(self: Store, key: str, content: bytes) -> bool:
        nonlocal count
        count += 1
        mine = count
        if mine == step and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        made = create(self, key, content)
        if mine == step:
            os.kill(os.getpid(), signal.SIGKILL)
        return made

    Store.create = create_or_die  # type: ignore[method-assign]
    publish_and_deploy(url, bundle, environment)


def state(url: str, bundle: Path) -> tuple[str, bool]:
    """What is live, after proof that it loads, and whether the new version is visible, after proof that it is whole."""
    store = Store(url)
    newest = read_current_entry(store, "prod")
    loaded = versions.load_stored_bundle(store, versions.require_version(store, newest.version))
    assert loaded.manifest.digest == newest.digest
    record = versions.find_version(store, parse_version(NEW))
    if record is not None:
        with versions.fetch_temporarily(store, record) as folder:
            assert {p.name: p.read_bytes() for p in folder.iterdir()} == {
                p.name: p.read_bytes() for p in bundle.iterdir()
            }
    return newest.version, record is not None


def ended(target: Callable[..., Any], *arguments: Any) -> int | None:
    context = get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    process = context.Process(target=target, args=arguments)
    process.start()
    process.join(PATIENCE)
    return process.exitcode


@pytest.fixture
def environment(place: str) -> dict[str, str]:
    """The variables by which another process finds the store."""
    return {name: value for name, value in os.environ.items() if name.startswith("AWS_")}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_deploy_that_is_killed_anywhere_leaves_the_old_version_or_the_new_one_and_again_completes_it(
    bundles: Callable[[str], Path],
    publish: Callable[..., VersionRecord],
    place: str,
    environment: dict[str, str],
    after: bool,
) -> None:
    bundle = bundles("logistic")
    writes = len(list(bundle.iterdir())) + 4  # its announcement, the record, the ledger entry and its checkpoint

    def walked(step: int) -> tuple[str, bool]:
        url = f"{place}/{step}"
        publish(Store(url), OLD)
        deploy_versions(Store(url), OLD)
        code = ended(killed_at, url, bundle, environment, step, after)
        assert code == (-signal.SIGKILL if step <= writes else 0), f"step {step}"
        seen = state(url, bundle)
        assert ended(publish_and_deploy, url, bundle, environment) == 0
        assert state(url, bundle) == (NEW, True)
        assert [entry.version for entry in Ledger(Store(url), "prod").read_entries()] == [NEW, OLD]
        return seen

    assert {walked(step) for step in range(1, writes + 2)} == {(OLD, False), (OLD, True), (NEW, True)}


def test_a_publish_that_is_killed_leaves_only_what_gc_knows_as_left(
    bundles: Callable[[str], Path], place: str, environment: dict[str, str]
) -> None:
    assert ended(killed_at, place, bundles("logistic"), environment, 10, True) == -signal.SIGKILL
    assert versions.list_versions(Store(place)) == []
    folders, _ = Store(place).list_children("bundles")
    assert len(folders) == 1
    assert find_garbage(Store(place)).digests == []
    assert find_garbage(Store(place), grace=-timedelta(seconds=5)).digests == folders

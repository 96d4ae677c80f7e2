"""Something to serve before anything was released."""

from collections.abc import Callable
from pathlib import Path

import pytest

from credit.common.errors import CreditError
from credit.registry.ledger import Ledger
from credit.registry.names import UNREGISTERED
from credit.registry.store import Store
from credit.registry.versions import VersionRecord
from release.deployment.rollout import tag_entry
from release.deployment.sync_plan import plan_environment
from release.deployment.unreleased import deploy_working_tree
from testing.releases import deploy_versions

Bundles = Callable[[str], Path]


def test_an_empty_store_gets_the_bundle_once(disk: Store, bundles: Bundles) -> None:
    entry = deploy_working_tree(disk, "prod", bundles("logistic"))
    assert entry is not None
    assert (entry.version, entry.kind) == (UNREGISTERED, "deploy")
    assert deploy_working_tree(disk, "prod", bundles("heuristic")) is None
    assert Ledger(disk, "prod").find_last_number() == 1


def test_what_is_live_is_left_alone(disk: Store, publish: Callable[..., VersionRecord], bundles: Bundles) -> None:
    publish(disk, "v1.0.0")
    deploy_versions(disk, "v1.0.0")
    assert deploy_working_tree(disk, "prod", bundles("logistic")) is None


def test_it_has_no_tag_and_sync_makes_none(disk: Store, bundles: Bundles) -> None:
    entry = deploy_working_tree(disk, "prod", bundles("logistic"))
    assert entry is not None
    assert tag_entry(disk, "prod", entry, push=False).name is None
    assert plan_environment("prod", [entry], [], None).untagged == []


def test_a_store_that_others_use_gets_nothing(
    s3: dict[str, str], monkeypatch: pytest.MonkeyPatch, bundles: Bundles
) -> None:
    for name, value in s3.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(CreditError, match="release deploy puts a version there"):
        deploy_working_tree(Store("s3://models/empty"), "prod", bundles("logistic"))


def test_without_a_bundle_it_says_what_makes_one(disk: Store, tmp_path: Path) -> None:
    with pytest.raises(CreditError, match="run make repro"):
        deploy_working_tree(disk, "prod", tmp_path / "none")

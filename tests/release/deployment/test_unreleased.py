"""Something to serve before anything was released."""

from collections.abc import Callable
from pathlib import Path

import pytest

from credit.common.errors import CreditError
from credit.registry.ledger import Ledger
from credit.registry.names import UNREGISTERED
from credit.registry.store import Store
from credit.registry.versions import Published
from release.commands.sync import plan
from release.deployment.rollout import tag_of
from release.deployment.unreleased import first
from testing.releases import deployed

Bundles = Callable[[str], Path]


def test_an_empty_store_gets_the_bundle_once(disk: Store, bundles: Bundles) -> None:
    entry = first(disk, "prod", bundles("logistic"))
    assert entry is not None
    assert (entry.version, entry.kind) == (UNREGISTERED, "deploy")
    assert first(disk, "prod", bundles("heuristic")) is None
    assert Ledger(disk, "prod").length() == 1


def test_what_is_live_is_left_alone(disk: Store, publish: Callable[..., Published], bundles: Bundles) -> None:
    publish(disk, "v1.0.0")
    deployed(disk, "v1.0.0")
    assert first(disk, "prod", bundles("logistic")) is None


def test_it_has_no_tag_and_sync_makes_none(disk: Store, bundles: Bundles) -> None:
    entry = first(disk, "prod", bundles("logistic"))
    assert entry is not None
    assert tag_of("prod", entry, push=False).tag is None
    assert plan("prod", [entry], []).untagged == []


def test_a_store_that_others_use_gets_nothing(
    s3: dict[str, str], monkeypatch: pytest.MonkeyPatch, bundles: Bundles
) -> None:
    for name, value in s3.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(CreditError, match="release deploy puts one there"):
        first(Store("s3://models/empty"), "prod", bundles("logistic"))


def test_without_a_bundle_it_says_what_makes_one(disk: Store, tmp_path: Path) -> None:
    with pytest.raises(CreditError, match="run make repro"):
        first(disk, "prod", tmp_path / "none")

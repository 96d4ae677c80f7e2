"""A store with three versions of the small lender, of which the model is live, and applications for it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from credit.registry import versions
from credit.registry.names import parse_version
from credit.registry.store import Store
from credit.registry.versions import VersionRecord
from testing.lenders.small import bundles, inputs, rows
from testing.projects import clone_project
from testing.releases import deploy_versions
from testing.services import Service, run_service
from testing.stores import disk, publish

__all__ = ["bundles", "disk", "inputs", "publish", "rows"]

LABELS = ("paid", "race")


@pytest.fixture
def released(disk: Store, publish: Callable[..., VersionRecord]) -> Store:
    """v1.0.0 is the rule, v2.0.0 the logistic regression, v3.0.0 the forest; v2.0.0 is live in prod, after v1.0.0."""
    for version, candidate in (("v1.0.0", "heuristic"), ("v2.0.0", "logistic"), ("v3.0.0", "random_forest")):
        publish(disk, version, candidate)
    deploy_versions(disk, "v1.0.0", "v2.0.0")
    return disk


@pytest.fixture
def asked(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Applications as clients send them: whole, with the protected attribute in a block of its own."""
    return [
        {"application": {k: v for k, v in row.items() if k not in LABELS}, "protected": {"race": row["race"]}}
        for row in rows
    ]


@pytest.fixture
def service(released: Store, tmp_path: Path) -> Iterator[Service]:
    """The service, ready."""
    with run_service(released.url, tmp_path / "state") as running:
        yield running.wait()


@pytest.fixture(scope="session")
def service_of_many(bundles: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for all tests that leave nothing behind which another would see."""
    folder = tmp_path_factory.mktemp("service")
    store = Store(str(folder / "store"))
    versions.publish_bundle(store, parse_version("v1.0.0"), bundles("logistic"), "0" * 40, "tester")
    deploy_versions(store, "v1.0.0")
    with run_service(store.url, folder / "state") as running:
        yield running.wait()


@pytest.fixture(scope="session")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make secrets` makes in a fresh clone."""
    project = clone_project(tmp_path_factory.mktemp("secrets") / "template")
    project.run("make", "secrets")
    return project.folder / "secrets"

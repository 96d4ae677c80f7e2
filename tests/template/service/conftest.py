"""Services of the small lender: one for each test that changes it, and one for all others."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from credit.registry import versions
from credit.registry.names import parse_version
from credit.registry.store import Store
from testing.projects import clone_project
from testing.releases import deploy_versions
from testing.services import Service, asked, released, run_service, service

__all__ = ["asked", "released", "service"]


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

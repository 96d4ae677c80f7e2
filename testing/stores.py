"""Stores to release to: a folder, and a bucket on a real S3 server."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from credit.registry import versions
from credit.registry.names import parse_version
from credit.registry.store import Store
from credit.registry.versions import VersionRecord
from testing.parts.servers import KEYS, run_s3_server


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment in which a real S3 server is found, with a bucket `models`. One server per test process."""
    with run_s3_server(tmp_path_factory.mktemp("weed"), "models") as address:
        yield {**KEYS, "AWS_ENDPOINT_URL": address, "AWS_REGION": "us-east-1"}


@pytest.fixture(params=["disk", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of an empty store, on a disk and in a bucket."""
    if request.param == "disk":
        return str(tmp_path / "store")
    for name, value in request.getfixturevalue("s3").items():
        monkeypatch.setenv(name, value)
    return f"s3://models/{uuid4().hex}"


@pytest.fixture
def store(place: str) -> Store:
    """An empty store, on a disk and in a bucket."""
    return Store(place)


@pytest.fixture
def disk(tmp_path: Path) -> Store:
    """An empty store on a disk."""
    return Store(str(tmp_path / "store"))


Publish = Callable[..., VersionRecord]


@pytest.fixture
def publish(bundles: Callable[[str], Path], tmp_path: Path) -> Publish:
    """Return a function that publishes a bundle of the small lender: publish(store, "v1.0.0", "logistic")."""

    def publish_version(
        store: Store, version: str, candidate: str = "heuristic", commit: str = "0" * 40
    ) -> VersionRecord:
        return versions.publish_bundle(store, parse_version(version), bundles(candidate), commit, "tester")[0]

    return publish_version

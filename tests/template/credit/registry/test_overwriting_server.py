"""A real S3 server behind a gateway that ignores If-None-Match: nobody releases to it, and the drill says why."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from credit.common.errors import CreditError
from credit.registry.identity import read_store_id
from credit.registry.names import parse_version
from credit.registry.store import Store
from credit.registry.versions import list_versions, publish_bundle
from release.drill.rehearsal import rehearse
from testing.parts.overwriting_gateway import run_overwriting_gateway

OVERWRITES = r"the store s3://models/\S+: overwrites: of {} writers of a key [2-9] won; two deploys could both believe"


@pytest.fixture
def overwriting(s3: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """An empty place on that server."""
    for name, value in s3.items():
        monkeypatch.setenv(name, value)
    with run_overwriting_gateway(s3["AWS_ENDPOINT_URL"]) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        yield Store(f"s3://models/{uuid4().hex}")


def test_the_server_really_overwrites(overwriting: Store) -> None:
    """Else what follows would show nothing."""
    assert overwriting.create("key", b"one")
    assert overwriting.create("key", b"another")
    assert overwriting.read("key") == b"another"


def test_the_first_publish_to_it_is_refused_and_leaves_nothing(
    overwriting: Store, bundles: Callable[[str], Path]
) -> None:
    with pytest.raises(CreditError, match=OVERWRITES.format(3)):
        publish_bundle(overwriting, parse_version("v1.0.0"), bundles("heuristic"), "0" * 40, "tester")
    assert (list_versions(overwriting), read_store_id(overwriting)) == ([], None)
    assert overwriting.find_last_write("bundles") is None
    assert overwriting.find_last_write("probes") is None


def test_the_drill_finds_a_store_that_began_to_overwrite(
    overwriting: Store, s3: dict[str, str], bundles: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was moved behind the gateway after its first publish had probed it."""
    with monkeypatch.context() as before:
        before.setenv("AWS_ENDPOINT_URL", s3["AWS_ENDPOINT_URL"])
        direct = Store(overwriting.url)
    publish_bundle(direct, parse_version("v1.0.0"), bundles("heuristic"), "0" * 40, "tester")
    assert read_store_id(overwriting) == read_store_id(direct) is not None
    with pytest.raises(CreditError, match=OVERWRITES.format(9).replace("/\\S+", "/\\S+/drills/\\w+")):
        rehearse(overwriting)
    assert overwriting.find_last_write("drills") is None

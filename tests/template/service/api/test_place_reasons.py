"""A reason by the neighbourhood is marked: from the contract into the bundle, the report and an analyst's view."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest

from credit.bundle.bundle import load_bundle
from credit.bundle.place_reasons import SIDES, list_place_codes, read_feature
from credit.packaging.build import BundleInputs, build_bundle
from credit.registry.names import parse_version
from credit.registry.store import Store
from credit.registry.versions import publish_bundle
from credit.scoring.reason_words import ReasonSide
from credit.training.agreement import PackageParams
from testing.lenders.small import LIMITS
from testing.parts.servers import wait_until
from testing.releases import deploy_versions
from testing.services import run_service

Asked = list[dict[str, Any]]


@pytest.fixture
def placed(inputs: BundleInputs, tmp_path: Path) -> Path:
    """A bundle whose contract says that what the bureau reports is of the neighbourhood."""
    contract = tmp_path / "placed/c.yaml"
    shutil.copytree(inputs.contract.with_name("reasons"), contract.with_name("reasons"))
    text = inputs.contract.read_text()
    assert text.count("bureau: {pattern") == 1
    contract.write_text(text.replace("bureau: {pattern", "bureau: {about: place, pattern"))
    changed = inputs._replace(contract=contract)
    build_bundle("logistic", changed, PackageParams(max_other_decisions=0), tmp_path / "bundle", LIMITS)
    return tmp_path / "bundle"


def test_the_codes_that_people_would_be_told_are_known_as_a_place_by_the_bundle(placed: Path) -> None:
    told = json.loads((placed / "told_reasons.json").read_text())["codes"]
    found = list_place_codes(load_bundle(placed).contract, told)
    assert found == [code for code in told if code.startswith("bureau_")]
    assert 0 < len(found) < len(told)


@pytest.mark.parametrize(
    ("code", "feature"),
    [("self", "self"), ("a.too_low", "a"), ("a.b", "a.b"), ("a.b.missing", "a.b"), ("too_low", "too_low")],
)
def test_a_code_is_a_feature_and_the_side_of_its_value_if_it_has_sides(code: str, feature: str) -> None:
    assert read_feature(code) == feature


def test_the_sides_are_those_of_codes() -> None:
    assert set(SIDES) == {side for side in get_args(ReasonSide) if side}


def test_an_analyst_sees_which_reasons_are_about_a_place(
    placed: Path, disk: Store, publish: Callable[..., Any], asked: Asked, tmp_path: Path
) -> None:
    """Also when another version is live; of a version that is not at hand nobody says that there are none."""
    publish_bundle(disk, parse_version("v1.0.0"), placed, "0" * 40, "tester")
    publish(disk, "v2.0.0", "logistic")
    deploy_versions(disk, "v1.0.0")
    with run_service(disk.url, tmp_path / "state") as service:
        service.wait()
        batch = service.decide({"applications": asked[:100]}, "/v1/decisions/batch").json()["decisions"]
        records = [service.get(f"/v1/decisions/{one['id']}").json() for one in batch]
        for record in records:
            of_places = [code for code in record["reason_codes"] if code.startswith("bureau_")]
            assert record["reasons_about_place"] == of_places
        marked = next(one for one in records if one["reasons_about_place"])
        assert any(set(one["reason_codes"]) - set(one["reasons_about_place"]) for one in records)
        deploy_versions(disk, "v2.0.0")
        wait_until(lambda: service.read_health()["entry"] == 2, "the version of another contract")
        assert service.get(f"/v1/decisions/{marked['id']}").json() == marked
        unmarked = service.decide(asked[0]).json()
        assert service.get(f"/v1/decisions/{unmarked['id']}").json()["reasons_about_place"] == []
    for bundle in (tmp_path / "state/bundles").iterdir():
        if bundle.name.startswith(marked["digest"]):
            shutil.rmtree(bundle)
    with run_service(disk.url, tmp_path / "state") as service:
        again = service.wait().get(f"/v1/decisions/{marked['id']}").json()
        assert again == marked | {"reasons_about_place": None}

"""Whether clients can go on with another version: exactly what they may send and it refuses."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from credit.bundle.bundle import Bundle, load_bundle
from credit.common.errors import CreditError
from release.oncall.clients import find_refusals
from service.engine.requests import build_request_parser


@pytest.fixture
def live(bundles: Callable[[str], Path]) -> Bundle:
    return load_bundle(bundles("logistic"))


def change(bundle: Bundle, name: str, **values: Any) -> Bundle:
    """The bundle with another column in its contract."""
    columns = dict(bundle.contract.columns)
    columns[name] = columns[name].model_copy(update=values)
    return replace(bundle, contract=bundle.contract.model_copy(update={"columns": columns}))


def without(bundle: Bundle, name: str) -> Bundle:
    columns = {key: column for key, column in bundle.contract.columns.items() if key != name}
    return replace(bundle, contract=bundle.contract.model_copy(update={"columns": columns}))


def take(bundle: Bundle, request: dict[str, Any]) -> bool:
    """Whether the service would take a request while the version is live."""
    try:
        build_request_parser(bundle, 1).parse(json.dumps(request).encode())
    except CreditError:
        return False
    return True


def test_whole_applications_are_taken_by_every_version_of_a_contract(
    live: Bundle, bundles: Callable[[str], Path], asked: list[dict[str, Any]]
) -> None:
    """The rule needs the score alone; a client of its version may therefore send less than a model needs."""
    rule = load_bundle(bundles("heuristic"))
    assert find_refusals(live, rule) == []
    assert take(rule, asked[0])
    assert take(live, asked[0])
    more = [f"it needs {name}, which they may leave out" for name in live.inputs if name not in rule.inputs]
    assert find_refusals(rule, live) == more
    least = {"application": {"points": 700}}
    assert take(rule, least)
    assert not take(live, least)


@pytest.mark.parametrize(
    ("name", "values", "sent", "said"),
    [
        ("income", {"range": (10, 1000)}, 5.0, "it refuses income below 10"),
        ("income", {"range": (0, 500)}, 800.0, "it refuses income above 500"),
        ("income", {"missing": "refused"}, None, "it refuses a missing income"),
        ("income", {"missing_codes": (999,)}, 999.0, "it refuses income of 999, a code for missing there"),
        ("income", {"type": "integer"}, 1.5, "it takes income of type integer, not number"),
        ("income", {"allowed": (1.0, 2.0), "range": None}, 3.0, "it takes only 1.0, 2.0 as income"),
        ("home", {"allowed": ("own", "rent")}, "other", "it refuses other as home"),
        ("race", {"allowed": ("white",)}, "Black", "it refuses Black as race"),
    ],
)
def test_what_is_narrower_there_is_named_as_the_service_refuses_it_and_what_is_wider_is_not(
    live: Bundle, asked: list[dict[str, Any]], name: str, values: dict[str, Any], sent: Any, said: str
) -> None:
    other = change(live, name, **values)
    assert find_refusals(live, other) == [said]
    block = "protected" if name == "race" else "application"
    request = {**asked[0], block: {**asked[0][block], name: sent}}
    assert take(live, request)
    assert not take(other, request)
    if "missing_codes" not in values:
        assert find_refusals(other, live) == []


def test_fields_that_the_other_version_does_not_know_are_refused(live: Bundle) -> None:
    assert find_refusals(live, without(live, "race")) == ["it refuses the protected attribute race"]
    assert find_refusals(live, replace(live, families={}))[-1:] == ["it refuses the fields of the family bureau"]

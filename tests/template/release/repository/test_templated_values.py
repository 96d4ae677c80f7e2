"""What dvc.yaml puts into a shell's command is a plain name, or nothing runs."""

from copy import deepcopy
from typing import Any

import pytest
import yaml

from release.repository.templated_values import find_unsafe_values
from testing.lenders.frozen import LENDER, ROOT

PIPELINE = (ROOT / "dvc.yaml").read_text()
PARAMS = yaml.safe_load((LENDER / "params.yaml").read_text())


def test_the_values_of_the_template_are_plain_names() -> None:
    assert find_unsafe_values(PIPELINE, PARAMS, "params.yaml") == []


@pytest.mark.parametrize(
    "value", ["a;sh data/raw/evil.sh;true x", "a b", "$(id)", "`id`", "../x", "-x", "a\nb", "a..b", ""]
)
def test_any_other_is_named_wherever_the_pipeline_takes_it_from(value: str) -> None:
    params: dict[str, Any] = deepcopy(PARAMS)
    params["data"]["contract"] = value
    params["train"]["candidates"] = ["heuristic", value]
    found = find_unsafe_values(PIPELINE, params, "params.yaml")
    assert [one.where for one in found] == ["params.yaml: data.contract", "params.yaml: train.candidates"]


def test_a_stage_that_is_added_is_looked_at_as_well() -> None:
    pipeline = "stages: {mine: {cmd: 'run ${mine.name} ${ mine.more }'}}"
    params = {"mine": {"name": "x", "more": {"one": "good", "two": "a|b"}}}
    assert [one.where for one in find_unsafe_values(pipeline, params, "p")] == ["p: mine.more"]

"""Wherever a validator refuses a text, no character of that text moves the parts of the line that a user reads.

The other validators refuse numbers, dates and types, which cannot hold such a character.
"""

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from credit.common.errors import CreditError, Problem, list_problems
from credit.common.params import read_params
from credit.contract.columns import Column
from credit.fairness.policies import Fairness
from credit.registry.records import OneLineText, StoreRecord
from credit.reports.figures import FAIRNESS_METRICS
from service.settings import Settings
from testing.lenders.frozen import LENDER

HOSTILE = "a|b|{found} {} %s"
FAIRNESS = read_params(Fairness, "fairness", LENDER / "params.yaml").model_dump()
LIMIT = {"at_least": 0.8, "source": "a test"}


def column(**keys: object) -> dict[str, object]:
    """The keys of a column in the contract."""
    return {"type": "category", "description": "A column.", "role": "feature", **keys}


@pytest.mark.parametrize(
    ("model", "value", "line"),
    [
        (
            Column,
            column(role=["feature", HOSTILE], allowed=["a"]),
            f"role: found the roles ['feature', '{HOSTILE}'], expected one role; a protected column is never a feature",
        ),
        (
            Column,
            column(allowed=[1, HOSTILE]),
            f"(file): found category values [1, '{HOSTILE}'], expected text; put them in quotes",
        ),
        (
            Column,
            column(allowed=[HOSTILE, HOSTILE]),
            f"(file): found a duplicate in ['{HOSTILE}', '{HOSTILE}'], expected each value once",
        ),
        (
            Column,
            column(type="integer", allowed=[HOSTILE]),
            f"(file): found allowed '{HOSTILE}', expected a value of type integer; a comparison with it is never true",
        ),
        (
            Column,
            column(role="protected", allowed=[HOSTILE], reference="b|c"),
            f"(file): found reference 'b|c', expected one of ['{HOSTILE}']",
        ),
        (
            Column,
            column(role="label", allowed=["a"], favourable=HOSTILE),
            f"(file): found favourable '{HOSTILE}', expected one of ['a']",
        ),
        (
            Fairness,
            FAIRNESS | {"policy": HOSTILE},
            f"(file): found the policy {HOSTILE}, expected one of {', '.join(FAIRNESS['policies'])}",
        ),
        (
            Fairness,
            FAIRNESS | {"policies": {"p": {"description": "", "gates": "nothing", "limits": {HOSTILE: LIMIT}}}},
            f"policies.p: found limits of {HOSTILE}, expected figures among {', '.join(FAIRNESS_METRICS)}",
        ),
        (
            Settings,
            {"host": HOSTILE, "store": "file:///store"},
            f"(file): found host {HOSTILE} without keys_file, expected SERVICE_KEYS_FILE; "
            "python -m service key make makes a key",
        ),
    ],
)
def test_a_refused_text_is_shown_as_it_is(model: type[BaseModel], value: dict[str, Any], line: str) -> None:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(value)
    assert [str(problem) for problem in list_problems(caught.value, "here")] == [f"here: {line}"]


def test_the_fix_of_a_record_is_shown_as_it_is() -> None:
    class Record(StoreRecord):
        reason: OneLineText

    with pytest.raises(CreditError) as caught:
        Record.parse(rb'{"format": 1, "reason": "a|b\u0000"}', f"file:///{HOSTILE}", f"run {HOSTILE}")
    found, expected = "a control character", "text without control characters"
    assert caught.value.problems == [Problem(f"file:///{HOSTILE}: reason", found, expected, f"run {HOSTILE}")]

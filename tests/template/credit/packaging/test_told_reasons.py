"""The reasons in a bundle: of how many people who are not approved each one is."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from credit.bundle.bundle import load_bundle


@pytest.mark.parametrize("champion", ["heuristic", "random_forest"])
def test_each_is_counted_once_for_each_person_who_would_be_told_it(
    champion: str, bundles: Callable[[str], Path], rows: list[dict[str, Any]]
) -> None:
    told = json.loads((bundles(champion) / "told_reasons.json").read_text())
    bundle = load_bundle(bundles(champion))
    adverse = [one for row in rows if (one := bundle.decide([row])[0]).decision != "approve"]
    assert told["people"] == len(adverse) > 10
    assert told["codes"] == Counter(code for one in adverse for code in one.reason_codes)
    assert list(told["codes"].values()) == sorted(told["codes"].values(), reverse=True)

"""A bundle's own applications: made up from its training distribution, and scored as they were when it was made."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from credit.bundle.bundle import Bundle, load_bundle
from credit.bundle.examples import EXAMPLE_COUNT, EXAMPLE_TOLERANCE, EXAMPLES_FILE, check_examples
from credit.common.errors import CreditError

Made = Callable[[str], Path]


@pytest.fixture
def bundle(bundles: Made) -> Bundle:
    return load_bundle(bundles("logistic"))


def change(bundles: Made, folder: Path, name: str, number: int, by: float) -> Path:
    """Write the examples with one recorded score changed."""
    examples = json.loads((bundles("logistic") / EXAMPLES_FILE).read_text())
    examples[number][name] += by
    (folder / EXAMPLES_FILE).write_text(json.dumps(examples))
    return folder


def test_a_bundle_scores_its_examples_as_it_was_recorded(bundle: Bundle, bundles: Made) -> None:
    rows = check_examples(bundle, bundles("logistic"))
    assert len(rows) == EXAMPLE_COUNT
    assert len({bundle.decide([row])[0].decision for row in rows}) > 1


def test_the_values_of_features_vary_and_not_together(bundle: Bundle, bundles: Made) -> None:
    """Each feature takes every value that it can take here, and missing where that is allowed."""
    rows = check_examples(bundle, bundles("logistic"))
    values = {name: [row[name] for row in rows] for name in bundle.model.features}
    assert all(len(set(column)) > 1 for column in values.values())
    assert any(None in column for column in values.values())
    assert all(isinstance(value, int) for value in values["points"] if value is not None)
    assert len({(row["income"], row["points"]) for row in rows}) > len(set(values["income"]))


@pytest.mark.parametrize("name", ["score", "rule_score"])
@pytest.mark.parametrize("by", [2 * EXAMPLE_TOLERANCE, -2 * EXAMPLE_TOLERANCE, float("nan")])
def test_a_score_that_is_another_one_is_named(
    bundle: Bundle, bundles: Made, tmp_path: Path, name: str, by: float
) -> None:
    with pytest.raises(CreditError, match=f"example 3: {name}: found .*the bundle decides differently"):
        check_examples(bundle, change(bundles, tmp_path, name, 3, by))


def test_what_processors_may_differ_by_is_no_difference(bundle: Bundle, bundles: Made, tmp_path: Path) -> None:
    check_examples(bundle, change(bundles, tmp_path, "score", 0, EXAMPLE_TOLERANCE / 2))


def test_every_example_that_differs_is_named(bundle: Bundle, bundles: Made) -> None:
    other = SimpleNamespace(decide=bundle.decide_by_rule, decide_by_rule=bundle.decide_by_rule)
    with pytest.raises(CreditError) as caught:
        check_examples(other, bundles("logistic"))  # type: ignore[arg-type]
    assert len(caught.value.problems) > EXAMPLE_COUNT / 2
    assert all("rule_score" not in str(problem) for problem in caught.value.problems)

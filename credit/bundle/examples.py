"""Made-up applications in the bundle with their scores, by which a loaded version proves that it decides unchanged.

They are no person's: each feature takes values that its training distribution is cut at, in an order of its own.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import TypeAdapter, ValidationError

from credit.common.errors import CreditError, Problem, list_problems, raise_if_any
from credit.common.files import read_json
from credit.contract.contract import Contract
from credit.contract.frozen_model import FrozenModel
from credit.contract.levels import Scalar
from credit.reports.reference import Distribution
from credit.scoring.model import Model
from credit.scoring.row_encoder import ApplicationRow
from credit.scoring.rule import FallbackRule

if TYPE_CHECKING:
    from credit.bundle.bundle import Bundle

EXAMPLES_FILE = "examples.json"
EXAMPLE_COUNT = 32
EXAMPLE_TOLERANCE = 1e-5
"""What processors may differ by in a float32 score."""


class Example(FrozenModel):
    """One application, and its scores by the champion and by the rule when the bundle was made."""

    row: dict[str, Scalar | None]
    score: float
    rule_score: float


def make_example_rows(
    contract: Contract, features: Sequence[str], histograms: Mapping[str, Distribution]
) -> list[dict[str, Scalar | None]]:
    """Make EXAMPLE_COUNT applications whose values are the cuts of the `histograms` of reference.json."""
    columns = []
    for place, name in enumerate(features):
        column, histogram = contract.columns[name], histograms[name]
        values: list[Scalar | None] = list(histogram.cuts)
        if column.type == "integer":
            values = [int(value) for value in histogram.cuts]
        if column.missing == "allowed" or not values:
            values.append(None)
        order = np.random.default_rng(place).permutation(EXAMPLE_COUNT)
        columns.append([values[number % len(values)] for number in order])
    return [dict(zip(features, values, strict=True)) for values in zip(*columns, strict=True)]


def make_examples(model: Model, rule: FallbackRule, histograms: Mapping[str, Distribution]) -> list[Example]:
    """Make the content of examples.json: made-up applications with the scores of the champion and of the rule."""
    rows = make_example_rows(model.contract, list(dict.fromkeys([*model.features, rule.column])), histograms)
    scores = [decided.score for decided in model.decide(rows)]
    by_rule = rule.score(model.contract, rows).tolist()
    return [
        Example(row=row, score=score, rule_score=ruled) for row, score, ruled in zip(rows, scores, by_rule, strict=True)
    ]


def check_examples(bundle: "Bundle", folder: Path) -> list[ApplicationRow]:
    """Score a loaded bundle's own examples, compare with the recorded scores, and return the examples.

    Raises CreditError with every example that the model or the rule now scores differently.
    """
    path = folder / EXAMPLES_FILE
    try:
        made = TypeAdapter(tuple[Example, ...]).validate_python(read_json(path))
    except ValidationError as error:
        raise CreditError(list_problems(error, str(path))) from None
    rows: list[ApplicationRow] = [example.row for example in made]
    pairs = zip(made, bundle.decide(rows), bundle.decide_by_rule(rows), strict=True)
    problems = []
    for number, (example, by_model, by_rule) in enumerate(pairs):
        scores = {"score": (by_model.score, example.score), "rule_score": (by_rule.score, example.rule_score)}
        for name, (found, expected) in scores.items():
            if not abs(found - expected) <= EXAMPLE_TOLERANCE:
                where, fix = f"{path}: example {number}: {name}", "the bundle decides differently than when it was made"
                problems.append(Problem(where, f"{found:.6f}", f"{expected:.6f}", fix))
    raise_if_any(problems)
    return rows

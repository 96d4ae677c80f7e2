"""ONNX and scikit-learn must agree on every test row, in score and in decision."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from credit.bundle.bundle import load_bundle
from credit.common.errors import CreditError
from credit.packaging.build import BundleInputs
from credit.packaging.parity import ParityResult, check_parity
from credit.scoring.policy import Policy
from credit.training.candidates import Candidate, load_candidate

Scores = NDArray[np.float64]


@pytest.fixture
def candidate(inputs: BundleInputs) -> Candidate:
    return load_candidate(inputs.models / "logistic.skops", inputs.candidates / "logistic.json")


@pytest.fixture
def check(inputs: BundleInputs, bundles: Callable[[str], Path]) -> Callable[..., ParityResult]:
    model = load_bundle(bundles("logistic")).model

    def run(
        candidate: Candidate, change: Callable[[Scores], Scores] = lambda scores: scores, most: int = 0
    ) -> ParityResult:
        def score(matrix: Any) -> Scores:
            return change(model.score(matrix)) if len(matrix) == 400 else model.score(matrix)

        return check_parity(replace(model, score=score), candidate, inputs.test, most)

    return run


def at(row: int, add: float) -> Callable[[Scores], Scores]:
    def change(scores: Scores) -> Scores:
        scores = scores.copy()
        scores[row] += add
        return scores

    return change


def test_a_faithful_model_agrees(check: Callable[..., ParityResult], candidate: Candidate) -> None:
    checked = check(candidate)
    assert len(checked.scores) == 400
    assert checked.largest_difference < 1e-6
    assert checked.other_decisions == 0
    assert checked.denied_without_reason == 0


def test_the_worst_row_is_named_with_both_scores(check: Callable[..., ParityResult], candidate: Candidate) -> None:
    def two(scores: Scores) -> Scores:
        return at(7, 2e-5)(at(31, 0.01)(scores))

    with pytest.raises(CreditError, match=r"row 31: found ONNX 0\.\d+, scikit-learn 0\.\d+, the worst of 2 rows"):
        check(candidate, two)


def test_a_score_that_is_no_number_on_one_side_is_the_worst(
    check: Callable[..., ParityResult], candidate: Candidate
) -> None:
    with pytest.raises(CreditError, match="row 12: found ONNX nan"):
        check(candidate, at(12, np.nan))


def test_a_score_on_a_threshold_that_decides_otherwise_is_named(
    check: Callable[..., ParityResult], candidate: Candidate
) -> None:
    """Both scores may agree to 1e-5 and still stand on two sides of a threshold."""
    score = float(check(candidate).scores[5])
    close = replace(candidate, policy=Policy(approve_from=score + 2e-6, refer_from=0.0))
    message = r"row 5: found approve by ONNX \(.*\), refer by scikit-learn \(.*\), 1 such rows.*at most 0 rows"
    with pytest.raises(CreditError, match=message):
        check(close, at(5, 4e-6))
    assert check(close, at(5, 4e-6), most=1).other_decisions == 1


def test_partitions_find_the_same(
    check: Callable[..., ParityResult], candidate: Candidate, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = check(candidate)
    monkeypatch.setattr("credit.data.tables.PARTITION_ROWS", 7)
    parts = check(candidate)
    assert len(parts.scores) == 400
    assert np.abs(parts.scores - whole.scores).max() < 1e-6


def test_denials_that_nothing_explains_are_counted(check: Callable[..., ParityResult], candidate: Candidate) -> None:
    """Who already stands at every typical value cannot be told what to improve."""
    everybody = replace(candidate, policy=Policy(approve_from=2.0, refer_from=1.5))
    checked = check(everybody, most=400)
    assert 0 <= checked.denied_without_reason < 10

"""Reasons are about what was really scored: known coefficients are found again."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from credit.common.errors import CreditError
from credit.contract import Contract, DataSource
from credit.contract.columns import Column
from credit.scoring.reasons import (
    FeatureReason,
    build_baseline,
    encode_baseline,
    measure_rises,
    rank_reasons,
    word_reasons,
)
from credit.scoring.row_encoder import encode_rows

COEFFICIENTS = np.array([0.5, -2.0, 1.0, 0.0, 3.0])
BAR = build_baseline(np.zeros(5, np.float32), [slice(i, i + 1) for i in range(5)])


def logistic(matrix: NDArray[np.float32]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-(matrix.astype(np.float64) @ COEFFICIENTS)))


def said(*words: str) -> dict[str, FeatureReason]:
    return {f"f{i}": FeatureReason(typical=0, words=w, words_if_missing=f"no {w}") for i, w in enumerate(words)}


def contract(**columns: Column) -> Contract:
    label = Column(type="boolean", role="label", favourable=True, description="d")
    source = DataSource(title="t", licence="l", citation="c")
    return Contract(name="x", row="r", source=source, columns={**columns, "paid": label})


def test_a_known_order_is_found_again() -> None:
    """At -1 each, features cost .5, -2 (a gain), 1, nothing and 3."""
    risen = measure_rises(logistic, -np.ones((1, 5), np.float32), BAR)[0]
    assert rank_reasons(said("a", "b", "c", "d", "e"), risen, dict.fromkeys(["f0", "f1", "f2", "f3", "f4"], -1)) == (
        "e",
        "c",
        "a",
    )


def test_rises_are_the_differences_of_scores_counted_by_hand() -> None:
    row = np.array([[1, 1, -1, 0, -1]], np.float32)
    before = 1 / (1 + np.exp(-(0.5 - 2 - 1 - 3)))
    after = 1 / (1 + np.exp(-(0.5 - 2 - 1)))
    assert measure_rises(logistic, row, BAR)[0, 4] == pytest.approx(after - before, abs=1e-6)


def test_any_number_of_rows_is_one_call_and_each_row_is_on_its_own() -> None:
    calls = []

    def counting(matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        calls.append(len(matrix))
        return logistic(matrix)

    matrix = np.random.default_rng(0).normal(size=(50, 5)).astype(np.float32)
    together = measure_rises(counting, matrix, BAR)
    assert calls == [50 * 6]
    alone = [measure_rises(logistic, matrix[i : i + 1], BAR)[0] for i in range(50)]
    np.testing.assert_allclose(together, alone, atol=1e-6)
    assert measure_rises(logistic, matrix[:0], BAR).shape == (0, 5)


def test_the_columns_of_a_feature_change_together() -> None:
    """A category that only loses its old value, or a number whose `is missing` stays, is nobody's value."""
    seen: list[Any] = []

    def watching(matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        seen.extend(matrix.tolist())
        return np.zeros(len(matrix))

    home = Column(
        type="category", role="feature", allowed=("own", "rent"), missing="allowed", description="d", reason="h"
    )
    income = Column(type="number", role="feature", missing="allowed", description="d", reason="i")
    small = contract(home=home, income=income)
    reasons = word_reasons(small, {"home": "own", "income": 5.0}, "c.yaml")
    measure_rises(
        watching, encode_rows(small, list(reasons), [{"home": None, "income": None}]), encode_baseline(small, reasons)
    )
    np.testing.assert_array_equal(seen, [[0, 0, 1, np.nan, 1], [1, 0, 0, np.nan, 1], [0, 0, 1, 5, 0]])


def test_ties_keep_the_order_of_the_features() -> None:
    row = {f"f{i}": 1 for i in range(6)}
    noise = np.array([0.2, 0.1, 0.2, 0.1, 0.2, 0.1])
    assert rank_reasons(said(*"abcdef"), noise, row) == ("a", "c", "e", "b")
    many = [f"w{i}" for i in range(40)]
    assert rank_reasons(said(*many), np.tile([0.1, 0.2], 20), {f"f{i}": 1 for i in range(40)}) == (
        "w1",
        "w3",
        "w5",
        "w7",
    )


def test_rounding_of_float32_neither_makes_a_reason_nor_breaks_a_tie() -> None:
    def noisy(matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        return np.array([0.5, 0.5 + 6e-8, 0.6, 0.6 + 6e-8, 0.5, 0.5])

    risen = measure_rises(noisy, np.ones((1, 5), np.float32), BAR)[0]
    assert rank_reasons(said(*"abcde"), risen, dict.fromkeys(["f0", "f1", "f2", "f3", "f4"], 1)) == ("b", "c")


def test_the_same_words_are_said_once_and_leave_room_for_others() -> None:
    risen = np.array([0.6, 0.5, 0.4, 0.3, 0.2, 0.1])
    row = {f"f{i}": 1 for i in range(6)}
    assert rank_reasons(said("a", "a", "b", "a", "c", "d"), risen, row) == ("a", "b", "c", "d")


def test_at_most_four_reasons_are_given() -> None:
    assert len(rank_reasons(said(*"abcdef"), np.arange(1.0, 7), {f"f{i}": 1 for i in range(6)})) == 4


def test_a_missing_value_is_called_missing() -> None:
    assert rank_reasons(said("late"), np.array([0.1]), {"f0": None}) == ("no late",)
    assert rank_reasons(said("late"), np.array([0.1]), {"f0": float("nan")}) == ("no late",)


def test_the_contract_can_say_what_a_missing_value_means() -> None:
    silent = Column(type="number", role="feature", missing="allowed", description="d", reason="Your income")
    speaking = silent.model_copy(update={"reason_if_missing": "We do not know your income"})
    found = word_reasons(contract(a=silent, b=speaking), {"a": 1, "b": 1}, "c.yaml")
    assert [one.words_if_missing for one in found.values()] == [
        "Your income (not known to us)",
        "We do not know your income",
    ]


def test_features_without_words_are_all_named() -> None:
    without = Column(type="number", role="feature", description="d")
    blank = without.model_copy(update={"reason": "  "})
    with pytest.raises(CreditError) as error:
        word_reasons(contract(a=without, b=blank), {"a": 1, "b": 1}, "c.yaml")
    assert [problem.where for problem in error.value.problems] == [
        "c.yaml: columns.a.reason",
        "c.yaml: columns.b.reason",
    ]


@pytest.mark.parametrize("role", ["protected", "ignored", "id"])
def test_a_protected_attribute_or_any_other_non_feature_is_never_a_reason(role: str) -> None:
    extra = {"protected": {"reference": "x"}, "ignored": {"because": "b"}, "id": {}}[role]
    column = Column(type="category", role=role, allowed=("x", "y"), description="d", reason="w", **extra)  # type: ignore[arg-type]
    with pytest.raises(CreditError, match=f"a column of role {role} as a reason"):
        word_reasons(contract(a=column), {"a": "x"}, "c.yaml")

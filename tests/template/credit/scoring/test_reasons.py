"""Reasons are about what was really scored: known coefficients are found again."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from credit.common.errors import CreditError
from credit.contract import Contract, DataSource
from credit.contract.columns import Column
from credit.scoring.reason_baseline import ReasonBaseline, ReasonRules, build_baseline, encode_baseline
from credit.scoring.reason_words import FeatureReason, word_ranked, word_reasons
from credit.scoring.reasons import MAX_REASONS, RankedFeature, measure_rises, rank_features
from credit.scoring.row_encoder import encode_rows

COEFFICIENTS = np.array([0.5, -2.0, 1.0, 0.0, 3.0])
RISING, FALLING = COEFFICIENTS > 0, COEFFICIENTS < 0
NO_RULES = ReasonRules()


def bar(clusters: tuple[tuple[int, ...], ...] = (), size: int = 5, **better: NDArray[np.bool_]) -> ReasonBaseline:
    return build_baseline(np.zeros(size, np.float32), [slice(i, i + 1) for i in range(size)], clusters, **better)


BAR = bar()


def logistic(matrix: NDArray[np.float32]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-(matrix.astype(np.float64) @ COEFFICIENTS)))


def said(*words: str) -> dict[str, FeatureReason]:
    return {f"f{i}": FeatureReason(typical=0, words=w, words_if_missing=f"no {w}") for i, w in enumerate(words)}


def ranked(*rises: float) -> list[RankedFeature]:
    return [RankedFeature(feature, rise) for feature, rise in enumerate(rises)]


def tell(*given: Any) -> tuple[str, ...]:
    """The words of the reasons that `word_ranked` gives."""
    return tuple(one.words for one in word_ranked(*given))


def known(features: int) -> dict[str, float]:
    return {f"f{i}": 1.0 for i in range(features)}


def contract(**columns: Column) -> Contract:
    label = Column(type="boolean", role="label", favourable=True, description="d")
    source = DataSource(title="t", licence="l", citation="c")
    return Contract(name="x", row="r", source=source, columns={**columns, "paid": label})


def test_a_known_order_is_found_again() -> None:
    """At -1 each, features cost .5, -2 (a gain), 1, nothing and 3."""
    (found,) = rank_features(logistic, -np.ones((1, 5), np.float32), BAR)
    assert [one.feature for one in found] == [4, 2, 0]
    assert tell(said(*"abcde"), found, known(5), 0) == ("e", "c", "a")


def test_rises_are_the_differences_of_scores_counted_by_hand() -> None:
    row = np.array([[1, 1, -1, 0, -1]], np.float32)
    before = 1 / (1 + np.exp(-(0.5 - 2 - 1 - 3)))
    after = 1 / (1 + np.exp(-(0.5 - 2 - 1)))
    rises = measure_rises(logistic, row, BAR, BAR.find_different(row))
    assert rises.alone[0, 4] == rises.together[0, 4] == pytest.approx(after - before, abs=1e-6)
    assert rises.alone[0, 3] == 0


def test_a_cluster_changes_as_a_whole_and_its_features_one_by_one() -> None:
    """Two features of one cluster, counted by hand; the rows that a call scores are no more than are needed."""
    calls = []

    def counting(matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        calls.append(len(matrix))
        return logistic(matrix)

    row, pair = np.array([[0, 1, -1, 0, -1]], np.float32), bar(((1, 4),))
    rises = measure_rises(counting, row, pair, pair.find_different(row))
    before = logistic(row)[0]
    assert rises.together[0] == pytest.approx([0, 1 / (1 + np.exp(1)) - before, rises.alone[0, 2], 0], abs=1e-6)
    assert rises.alone[0] == pytest.approx(measure_rises(logistic, row, BAR, BAR.find_different(row)).alone[0], abs=0)
    assert calls == [1 + 2 + 2]  # the row; the cluster and feature 2; and the cluster's features


def test_any_number_of_rows_is_one_call_and_each_row_is_on_its_own() -> None:
    calls = []

    def counting(matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        calls.append(len(matrix))
        return logistic(matrix)

    matrix = np.random.default_rng(0).normal(size=(50, 5)).astype(np.float32)
    together = measure_rises(counting, matrix, BAR, np.ones((50, 5), np.bool_))
    assert calls == [50 * 6]
    alone = [measure_rises(logistic, matrix[i : i + 1], BAR, np.ones((1, 5), np.bool_)).alone[0] for i in range(50)]
    np.testing.assert_allclose(together.alone, alone, atol=1e-6)
    assert measure_rises(logistic, matrix[:0], BAR, np.ones((0, 5), np.bool_)).alone.shape == (0, 5)
    assert rank_features(logistic, matrix[:0], BAR) == []


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
    baseline = encode_baseline(small, {"home": "own", "income": 5.0}, NO_RULES)
    rank_features(watching, encode_rows(small, ["home", "income"], [{"home": None, "income": None}]), baseline)
    np.testing.assert_array_equal(seen, [[0, 0, 1, np.nan, 1], [1, 0, 0, np.nan, 1], [0, 0, 1, 5, 0]])


def test_a_value_that_is_better_than_typical_is_no_reason_even_if_the_score_would_rise() -> None:
    """The score falls on both sides of the typical value, which no coefficient does; more is better all the same."""

    def hump(matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        return 1 / (1 + np.abs(matrix.astype(np.float64)).sum(axis=1))

    row = np.array([[2.0, -1.0, 0, 0, 0]], np.float32)
    better = np.array([True, True, False, False, False])
    assert [one.feature for one in rank_features(hump, row, BAR)[0]] == [0, 1]
    assert [one.feature for one in rank_features(hump, row, bar(better_above=better))[0]] == [1]
    assert [one.feature for one in rank_features(hump, row, bar(better_below=better))[0]] == [0]
    assert rank_features(hump, row, bar(better_above=better, better_below=better)) == [[]]


def test_a_better_value_is_not_even_scored() -> None:
    calls = []

    def counting(matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        calls.append(len(matrix))
        return logistic(matrix)

    rank_features(counting, np.array([[1, 1, -1, 0, -1]], np.float32), bar(better_above=RISING, better_below=FALLING))
    assert calls == [1 + 3]


def test_a_missing_value_and_a_level_of_a_category_can_be_better_than_typical() -> None:
    home = Column(
        type="category", role="feature", allowed=("own", "rent"), missing="allowed", description="d", reason="h"
    )
    income = Column(type="number", role="feature", missing="allowed", description="d", reason="i")
    small = contract(home=home, income=income)
    rules = ReasonRules(better_above=("home=own", "income", "income is missing"))
    baseline = encode_baseline(small, {"home": "rent", "income": 5.0}, rules)
    people = [
        {"home": "own", "income": 6.0},
        {"home": None, "income": 4.0},
        {"home": "rent", "income": None},
        {"home": "rent", "income": 5.0},
    ]
    better = baseline.find_better(encode_rows(small, ["home", "income"], people))
    assert better.tolist() == [[True, True], [False, False], [False, True], [False, False]]


def test_where_nobody_approved_has_a_value_a_missing_one_is_at_the_typical() -> None:
    income = Column(type="number", role="feature", missing="allowed", description="d", reason="i")
    small = contract(income=income)
    baseline = encode_baseline(small, {"income": None}, ReasonRules(better_below=("income is missing",)))
    matrix = encode_rows(small, ["income"], [{"income": None}, {"income": 5.0}])
    assert baseline.find_different(matrix).tolist() == [[False], [True]]
    assert baseline.find_better(matrix).tolist() == [[False], [True]]


def test_twins_that_share_a_reason_outweigh_a_single_feature_that_weighs_more_than_each() -> None:
    def twins(matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        return 1 / (1 + np.exp(-(matrix.astype(np.float64) @ [1.0, 1.1, 1.2, 2.0, 0.0])))

    row = -np.ones((1, 5), np.float32)
    assert [one.feature for one in rank_features(twins, row, BAR)[0]] == [3, 2, 1, 0]
    assert [one.feature for one in rank_features(twins, row, bar(((0, 1, 2),)))[0]] == [2, 3]


def test_the_named_member_of_a_cluster_is_not_better_than_typical() -> None:
    row, pair = np.array([[-1, -1, -1, 0, 0.5]], np.float32), bar(((0, 4),), better_above=RISING, better_below=FALLING)
    assert [one.feature for one in rank_features(logistic, row, pair)[0]] == [2]
    row = np.array([[-1, -1, -1, 0, 0.1]], np.float32)  # together still worse, though the second is better
    assert [one.feature for one in rank_features(logistic, row, pair)[0]] == [2, 0]


def test_where_clusters_weigh_up_the_strongest_single_feature_is_given() -> None:
    """Nobody is denied without a reason because two features that say the same contradict each other."""
    row = np.array([[-1, 0, -0.6, 0, 1]], np.float32)  # costs .5 and .6, and gains 3
    cluster = bar(((0, 2, 4),))
    assert not measure_rises(logistic, row, cluster, cluster.find_different(row)).together.max() > 0
    assert [one.feature for one in rank_features(logistic, row, cluster)[0]] == [2]


def test_ties_keep_the_order_of_the_features() -> None:
    def noise(matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        return matrix.astype(np.float64) @ np.tile([0.1, 0.2], 20)

    (found,) = rank_features(noise, -np.ones((1, 40), np.float32), bar(size=40))
    many = [f"w{i}" for i in range(40)]
    assert tell(said(*many), found, known(40), 0) == ("w1", "w3", "w5", "w7")


def test_rounding_of_float32_neither_makes_a_reason_nor_breaks_a_tie() -> None:
    def noisy(matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        return np.array([0.5, 0.5 + 6e-8, 0.6, 0.6 + 6e-8, 0.5, 0.5])

    (found,) = rank_features(noisy, np.ones((1, 5), np.float32), BAR)
    assert [one.feature for one in found] == [1, 2]


def test_the_same_words_are_said_once_leave_room_for_others_and_carry_together() -> None:
    found = ranked(0.6, 0.5, 0.4, 0.3, 0.2, 0.1)
    assert tell(said(*"aabacd"), found, known(6), 0) == ("a", "b", "c", "d")
    assert tell(said(*"abbcdd"), ranked(0.6, 0.06, 0.06, 0.1, 0.09, 0.09), known(6), 0.1) == ("a", "b", "c", "d")


def test_at_most_four_reasons_are_given() -> None:
    assert len(tell(said(*"abcdef"), ranked(*[1.0] * 6), known(6), 0.1)) == MAX_REASONS == 4


def test_what_carries_too_little_of_all_that_counts_against_a_person_is_no_reason() -> None:
    found = ranked(0.38, 0.15, 0.07, 0.03)
    assert tell(said(*"abcd"), found, known(4), 0.1) == ("a", "b", "c")
    assert tell(said(*"abcd"), found, known(4), 0) == ("a", "b", "c", "d")


def test_who_is_far_below_the_threshold_gets_the_reasons_of_who_is_near() -> None:
    """The share is of the reasons, not of the distance, of which a single value makes up little far below."""
    near, far = ranked(0.4, 0.3, 0.2, 0.1), ranked(0.0004, 0.0003, 0.0002, 0.0001)
    assert tell(said(*"abcd"), near, known(4), 0.1) == tell(said(*"abcd"), far, known(4), 0.1)


def test_the_first_reason_is_given_however_little_it_carries() -> None:
    assert tell(said(*(f"w{i}" for i in range(30))), ranked(*[0.01] * 30), known(30), 0.1) == ("w0",)


def test_a_missing_value_is_called_missing() -> None:
    assert tell(said("late"), ranked(0.1), {"f0": None}, 0.1) == ("no late",)
    assert tell(said("late"), ranked(0.1), {"f0": float("nan")}, 0.1) == ("no late",)


FEATURES = 6
NUMBERS = st.floats(-3, 3, width=32)
ROWS = st.lists(NUMBERS, min_size=FEATURES, max_size=FEATURES)
FLAGS = st.lists(st.booleans(), min_size=FEATURES, max_size=FEATURES)
CLUSTERS = st.sampled_from([(), ((0, 1),), ((0, 3, 5), (1, 2)), ((0, 1, 2, 3, 4, 5),)])
WEIGHTS = st.lists(st.floats(-2, 2), min_size=FEATURES, max_size=FEATURES)


def make_score(weights: list[float], bent: list[bool]) -> Callable[[NDArray[np.float32]], NDArray[np.float64]]:
    """Make a score whose features count linearly or, if bent, by their distance from 1, with an interaction."""

    def score(matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        numbers = np.where(bent, -np.abs(matrix - 1.0), matrix.astype(np.float64))
        return 1 / (1 + np.exp(-(numbers @ weights + numbers[:, 0] * numbers[:, 1])))

    return score


@given(ROWS, WEIGHTS, FLAGS, FLAGS, FLAGS, CLUSTERS, st.sampled_from([0.0, 0.1, 0.5]))
def test_whatever_the_model_reasons_keep_their_promises(
    row: list[float],
    weights: list[float],
    bent: list[bool],
    above: list[bool],
    below: list[bool],
    clusters: tuple[tuple[int, ...], ...],
    share: float,
) -> None:
    """Never better than typical, at least one where one is left, at most four, by what they carry, one per cluster."""
    score, matrix = make_score(weights, bent), np.array([row], np.float32)
    baseline = bar(clusters, FEATURES, better_above=np.array(above), better_below=np.array(below))
    (found,) = rank_features(score, matrix, baseline)
    told = tell(said(*"abcdef"), found, known(FEATURES), share)
    better = [(value > 0 and above[i]) or (value < 0 and below[i]) for i, value in enumerate(row)]
    assert not any(better[one.feature] for one in found)
    assert [one.rise for one in found] == sorted((one.rise for one in found), reverse=True)
    assert all(one.rise > 0 for one in found)
    of = {feature: set(cluster) for cluster in clusters for feature in cluster}
    assert not any(a.feature in of.get(b.feature, set()) for a in found for b in found if a is not b)

    def rise(feature: int) -> float:
        changed = matrix.copy()
        changed[0, feature] = 0
        return float(np.round(score(changed) - score(matrix), 6)[0])

    left = [i for i in range(FEATURES) if not better[i] and rise(i) > 1e-6]
    assert told or not left
    assert len(told) <= MAX_REASONS
    assert told == tuple("abcdef"[one.feature] for one in found)[: len(told)]


@given(ROWS, WEIGHTS)
def test_of_a_regression_no_reason_is_lost_by_knowing_what_is_better(row: list[float], weights: list[float]) -> None:
    """Where a score only rises or falls with a feature, a better value never was a reason."""
    score, matrix = make_score(weights, [False] * FEATURES), np.array([[0, 0, *row[2:]]], np.float32)
    rising = np.array(weights) > 0
    knowing = bar(size=FEATURES, better_above=rising, better_below=~rising)
    assert rank_features(score, matrix, knowing) == rank_features(score, matrix, bar(size=FEATURES))


def test_the_contract_can_say_what_a_missing_value_means() -> None:
    silent = Column(type="number", role="feature", missing="allowed", description="d", reason="Your income")
    speaking = silent.model_copy(update={"reason_if_missing": "We do not know your income"})
    found = word_reasons(contract(a=silent, b=speaking), {"a": 1, "b": 1}, "c.yaml")
    assert [one.words_if_missing for one in found.values()] == [
        "Your income (not known to us)",
        "We do not know your income",
    ]


def test_a_reason_has_the_code_and_the_words_of_the_side_that_the_value_is_on() -> None:
    """Codes depend on the feature and its value alone, so they stay when a text, or the number of texts, changes."""
    plain = {"type": "number", "role": "feature", "missing": "allowed", "description": "d"}
    sides = {"reason": {"too_low": "Small", "too_high": "Large"}, "reason_if_missing": "We do not know the amount"}
    worded = contract(
        amount=Column(**plain, **sides),  # type: ignore[arg-type]
        income=Column(**plain, reason="Your income"),  # type: ignore[arg-type]
        late=Column(type="boolean", role="feature", description="d", reason="Late"),
        home=Column(type="category", allowed=("own", "rent"), role="feature", description="d", reason="Home"),
    )
    reasons = word_reasons(worded, {"amount": 10, "income": 5.0, "late": False, "home": "own"}, "c.yaml")
    for amount, income, told in (
        (9, 4.0, [("amount.too_low", "Small"), ("income.too_low", "Your income")]),
        (11, 6.0, [("amount.too_high", "Large"), ("income.too_high", "Your income")]),
        (
            *(None, float("nan")),
            [("amount.missing", "We do not know the amount"), ("income.missing", "Your income (not known to us)")],
        ),
    ):
        row = {"amount": amount, "income": income, "late": True, "home": "rent"}
        found = word_ranked(reasons, ranked(4, 3, 2, 1), row, 0)
        assert found == (*told, ("late", "Late"), ("home", "Home"))


def test_where_nobody_approved_has_a_value_a_known_one_has_no_side() -> None:
    reason = FeatureReason(typical=None, words="Small / Large", words_if_missing="m", too_low="Small", too_high="Large")
    assert word_ranked({"f0": reason}, ranked(1), {"f0": 3}, 0) == (("f0", "Small / Large"),)


def test_the_same_words_of_two_features_have_the_code_of_the_first() -> None:
    (found,) = word_ranked(said(*"aa"), ranked(0.3, 0.2), known(2), 0)
    assert found == ("f0.too_high", "a")


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

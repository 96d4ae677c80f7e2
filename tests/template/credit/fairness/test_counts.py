"""Count tables: every row is in them once, and they add up."""

import numpy as np
import pandas as pd
import pytest
from fairness_rows import GROUPS, rows
from hypothesis import given, settings
from hypothesis import strategies as st

from credit.common.errors import CreditError
from credit.contract import load_contract
from credit.fairness import counts as module
from credit.fairness.counts import count_people
from credit.fairness.inputs import encode_groups, list_attribute_groups
from testing.lenders.frozen import LENDER


def same(one: module.PeopleCounts, other: module.PeopleCounts) -> bool:
    return all((one.people[key] == other.people[key]).all() for key in one.people) and all(
        np.allclose(one.scores[key], other.scores[key], rtol=1e-12) for key in one.scores
    )


@given(cut=st.integers(0, 300), seed=st.integers(0, 20))
@settings(max_examples=25, deadline=None)
def test_partitions_counted_apart_add_up_to_the_whole(cut: int, seed: int) -> None:
    codes, labels, scores, decisions = rows(300, seed)
    parts = [
        count_people(GROUPS, {k: v[part] for k, v in codes.items()}, labels[part], scores[part], decisions[part])
        for part in (slice(cut), slice(cut, None))
    ]
    assert same(parts[0] + parts[1], count_people(GROUPS, codes, labels, scores, decisions))


@given(seed=st.integers(0, 20))
@settings(max_examples=10, deadline=None)
def test_the_order_of_the_rows_does_not_matter(seed: int) -> None:
    codes, labels, scores, decisions = rows(300, seed)
    order = np.random.default_rng(seed).permutation(300)
    shuffled = count_people(
        GROUPS, {k: v[order] for k, v in codes.items()}, labels[order], scores[order], decisions[order]
    )
    assert same(shuffled, count_people(GROUPS, codes, labels, scores, decisions))


def test_a_table_is_what_pandas_counts() -> None:
    codes, labels, scores, decisions = rows()
    frame = pd.DataFrame({"race": codes["race"], "sex": codes["sex"], "label": labels, "decision": decisions})
    expected = frame.value_counts(["race", "sex", "label", "decision"])
    table = count_people(GROUPS, codes, labels, scores, decisions).people["race", "sex"]
    for (race, sex, label, decision), people in expected.items():  # type: ignore[misc]
        assert table[race, sex, int(label), ["approve", "refer", "deny"].index(decision)] == people
    assert table.sum() == len(frame)


def test_margins_of_a_pair_are_the_tables_of_its_attributes() -> None:
    counts = count_people(GROUPS, *rows())
    assert (counts.people["race", "sex"].sum(1) == counts.people["race",]).all()
    assert (counts.people["race", "sex"].sum(0) == counts.people["sex",]).all()


def test_many_attributes_are_counted_pair_by_pair_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    groups = dict.fromkeys("pqr", ("a", "b", "undisclosed"))
    codes = {name: rng.integers(0, 3, 500) for name in groups}
    _, labels, scores, decisions = rows(500)
    crossed = count_people(groups, codes, labels, scores, decisions)
    monkeypatch.setattr(module, "MAX_CELLS", 10)
    assert same(crossed, count_people(groups, codes, labels, scores, decisions))
    assert set(crossed.people) == {("p",), ("q",), ("r",), ("p", "q"), ("p", "r"), ("q", "r")}


def test_people_without_a_score_are_counted_and_left_out_of_score_sums() -> None:
    codes, labels, scores, decisions = rows()
    counts = count_people(GROUPS, codes, labels, scores, decisions)
    assert counts.rows == 2000
    assert counts.scores["sex",][..., 0].sum() == np.isfinite(scores).sum()
    assert counts.scores["sex",][..., 1].sum() == pytest.approx(np.nansum(scores))


def test_the_groups_come_from_the_contract_and_undisclosed_is_one() -> None:
    contract = load_contract(LENDER / "data/contracts/loanapp.yaml")
    frame = pd.DataFrame(
        {
            "race": pd.Series(["Black", None, "white"]),
            "sex": ["male", "female", None],
            "schooling": [None] * 3,
            "marital_status": ["married"] * 3,
            "age": ["up to median"] * 3,
        }
    )
    groups, codes = list_attribute_groups(contract), encode_groups(contract, frame)
    assert groups["race"] == ("white", "Black", "Hispanic", "undisclosed")
    assert codes["race"].tolist() == [1, 3, 0]
    assert codes["schooling"].tolist() == [2, 2, 2]
    assert count_people(groups, codes, [True] * 3, [0.5] * 3, ["approve"] * 3).rows == 3


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"codes": {"sex": [0, 1]}}, "groups of race: found no codes"),
        ({"codes": {"race": [0, 9], "sex": [0, -1]}}, "the code 9, expected 0 to 3"),
        ({"codes": {"race": [0, 1], "sex": [0, -1]}}, "groups of sex: found the code -1"),
        ({"codes": {"race": [0], "sex": [0, 0]}}, "groups of race: found 1 rows, expected 2"),
        ({"codes": {"race": [0, 1], "sex": [0, np.nan]}}, "groups of sex: found type float64"),
        ({"decisions": ["approve", "maybe"]}, "maybe"),
        ({"labels": [True, np.nan]}, "labels: found nan, expected true or false"),
        ({"labels": [True, None]}, "labels: found None, expected true or false"),
        ({"labels": ["yes", "no"]}, "labels: found yes, expected true or false"),
        ({"labels": [0, 2]}, "labels: found 2, expected true or false"),
        ({"decisions": [0, 3]}, "expected approve, refer or deny"),
        ({"scores": [0.5, np.inf]}, "infinite"),
        ({"scores": [0.5, np.nan]}, "1 people without a score who were not referred"),
        ({"scores": [0.5]}, "1 scores"),
    ],
)
def test_rows_that_cannot_be_counted_are_refused(change: dict[str, object], said: str) -> None:
    given = {"codes": {"race": [0, 1], "sex": [0, 1]}, "labels": [True, False], "scores": [0.5, 0.6]}
    with pytest.raises(CreditError, match=said):
        count_people(GROUPS, **(given | {"decisions": ["approve", "deny"]} | change))  # type: ignore[arg-type]


def test_counts_of_different_groups_do_not_add_up() -> None:
    codes, *others = rows(10)
    one = count_people(GROUPS, codes, *others)
    with pytest.raises(CreditError, match="one contract"):
        one + count_people({"sex": GROUPS["sex"]}, codes, *others)

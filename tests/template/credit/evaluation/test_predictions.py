"""Predictions of any model can be judged, if they are what they say: no type is guessed and no missing label filled."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from credit.common.errors import CreditError
from credit.contract import load_contract
from credit.evaluation.predictions import read_predictions
from credit.fairness.counts import count_predictions
from credit.fairness.partitions import count_people_in

CONTRACT = """
name: small
row: a person
source: {title: t, licence: l, citation: c}
columns:
  income: {type: number, role: feature, description: d, reason: Your income}
  points: {type: integer, role: score, threshold: 600, missing: allowed, description: d, reason: Your score,
           reason_if_missing: No score}
  race: {type: category, role: protected, allowed: [white, Black], reference: white, description: d}
  paid: {type: boolean, role: label, favourable: true, description: d}
"""
GOOD = {
    "group_race": ["white", "Black"],
    "fold": [0, 0],
    "favourable": [True, False],
    "score": [0.7, None],
    "decision": ["approve", "refer"],
}


def read(folder: Path, **columns: object) -> None:
    (folder / "small.yaml").write_text(CONTRACT)
    pd.DataFrame(GOOD | columns).to_parquet(folder / "p.parquet")
    read_predictions(folder / "p.parquet", load_contract(folder / "small.yaml"))


def test_a_score_may_be_missing(tmp_path: Path) -> None:
    read(tmp_path)


@pytest.mark.parametrize(
    "values", [[1, 2], [1.0, None], pd.array([1, None], "Int64"), ["1", "2"], pd.Categorical(["1", None])]
)
def test_codes_of_groups_may_be_whole_numbers(tmp_path: Path, values: object) -> None:
    (tmp_path / "small.yaml").write_text(CONTRACT.replace("[white, Black]", '["1", "2"]').replace("white", '"1"'))
    pd.DataFrame(GOOD | {"group_race": values}).to_parquet(tmp_path / "p.parquet")
    contract = load_contract(tmp_path / "small.yaml")
    predictions = read_predictions(tmp_path / "p.parquet", contract)
    people = [None if pd.isna(value) else value for value in predictions.people["race"]]
    assert people in (["1", "2"], ["1", None])
    counted = count_people_in(tmp_path / "p.parquet", contract).people["race",]
    assert counted.tolist() == count_predictions(contract, predictions).people["race",].tolist()
    assert counted.sum((1, 2)).tolist() == ([1, 1, 0] if people[1] else [1, 0, 1])


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("favourable", ["yes", "no"], "favourable: found the type (large_)?string, expected boolean"),
        ("favourable", [1.0, 0.0], "favourable: found the type double"),
        ("favourable", [True, None], "favourable: found 1 rows without a value"),
        ("fold", ["a", "b"], "fold: found the type"),
        ("fold", pd.array([0, None], "Int64"), "fold: found 1 rows without"),
        ("score", ["high", "low"], "score: found the type"),
        ("decision", [1, 2], "decision: found the type int64, expected text"),
        ("decision", ["deny", None], "decision: found 1 rows without"),
        (
            "group_race",
            ["white", "nan"],
            r"group_race: found 'nan' \(1 rows\), expected white, Black, undisclosed, or no",
        ),
        (
            "group_race",
            [True, False],
            r"group_race: found 'True' \(1 rows\), 'False' \(1 rows\), expected white, Black",
        ),
        ("group_race", [2, 2], r"group_race: found '2' \(2 rows\), expected white"),
        ("score", [87.5, 12.0], "score: found 2 of 2 beyond 0 to 1, from 12 to 87.5, expected probabilities"),
        ("score", [float("inf"), 0.5], "score: found 1 of 2 beyond 0 to 1"),
        (
            "decision",
            ["Deny", "deny"],
            r"p\.parquet: decision: found 'Deny' \(1 rows\), expected approve, refer or deny",
        ),
        ("decision", ["deny", "deny"], r"p\.parquet: decision: found 1 people decided without a score, expected a ref"),
    ],
)
def test_a_column_of_another_type_or_with_gaps_is_one_line(
    tmp_path: Path, column: str, values: object, said: str
) -> None:
    with pytest.raises(CreditError, match=said) as caught:
        read(tmp_path, **{column: values})
    assert "\n" not in str(caught.value)
    with pytest.raises(CreditError) as counted:
        count_people_in(tmp_path / "p.parquet", load_contract(tmp_path / "small.yaml"))
    assert str(counted.value) == str(caught.value)


def test_nobody_is_nobody_to_judge(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(CONTRACT)
    types = {"fold": "int64", "favourable": "bool", "score": "float64", "decision": "str", "group_race": "str"}
    pd.DataFrame({name: pd.Series([], dtype=kind) for name, kind in types.items()}).to_parquet(tmp_path / "p.parquet")
    with pytest.raises(CreditError, match="found no rows"):
        read_predictions(tmp_path / "p.parquet", load_contract(tmp_path / "small.yaml"))
    with pytest.raises(CreditError, match="found no rows"):
        count_people_in(tmp_path / "p.parquet", load_contract(tmp_path / "small.yaml"))


def test_counting_by_partitions_counts_what_counting_at_once_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(0)
    scores = np.where(random.random(5000) < 0.1, np.nan, random.random(5000).round(1))
    read(
        tmp_path,
        group_race=random.choice(np.array(["white", "Black", "undisclosed", None], object), 5000),
        fold=np.zeros(5000, int),
        favourable=random.random(5000) < 0.5,
        score=scores,
        decision=np.where(np.isnan(scores), "refer", random.choice(["approve", "refer", "deny"], 5000)),
    )
    contract, file = load_contract(tmp_path / "small.yaml"), tmp_path / "p.parquet"
    whole = count_predictions(contract, read_predictions(file, contract))
    monkeypatch.setattr("credit.data.tables.PARTITION_ROWS", 700)
    monkeypatch.setattr("credit.fairness.partitions.read_predictions", lambda *_: pytest.fail("read at once"))
    parts = count_people_in(file, contract)
    assert (parts.groups, parts.labels, parts.rows) == (whole.groups, whole.labels, 5000)
    for key in whole.people:
        assert (parts.people[key] == whole.people[key]).all()
        np.testing.assert_allclose(parts.scores[key], whole.scores[key], rtol=1e-12)

"""What is typical of approved people."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from credit.common.errors import CreditError
from credit.contract import Contract, DataSource
from credit.contract.columns import Column
from credit.packaging.typical_values import find_typical_values
from credit.scoring.policy import Policy

CONTRACT = Contract(
    name="x",
    row="a person",
    source=DataSource(title="t", licence="l", citation="c"),
    columns={
        "score": Column(type="number", role="feature", description="d"),
        "count": Column(type="integer", role="feature", missing="allowed", description="d"),
        "home": Column(type="category", role="feature", allowed=("own", "rent"), missing="allowed", description="d"),
        "self": Column(type="boolean", role="feature", description="d"),
        "none": Column(type="number", role="feature", missing="allowed", description="d"),
        "paid": Column(type="boolean", role="label", favourable=True, description="d"),
    },
)
FEATURES = ["score", "count", "home", "self", "none"]
FRAME = pd.DataFrame(
    {
        "score": [0.1, 0.2, 0.6, 0.7, 0.8, 0.9],
        "count": pd.array([99, 99, 1, 2, None, 3], "Int64"),
        "home": ["rent", "rent", "own", None, "rent", "own"],
        "self": [True, True, True, False, False, True],
        "none": [1.0, 1.0, np.nan, np.nan, np.nan, np.nan],
    }
)


@pytest.fixture
def train(tmp_path: Path) -> Path:
    FRAME.to_parquet(tmp_path / "train.parquet", index=False)
    return tmp_path / "train.parquet"


def score(matrix: np.ndarray) -> np.ndarray:
    return matrix[:, 0].astype(np.float64)


def test_it_is_the_median_or_the_commonest_value_of_those_approved(train: Path) -> None:
    """Four are approved. The lower median is somebody's value; of two equally common ones the first is taken."""
    found = find_typical_values(score, Policy(approve_from=0.5, refer_from=0.15), CONTRACT, FEATURES, train)
    assert found == {"score": 0.7, "count": 2, "home": "own", "self": False, "none": None}
    assert [type(value) for value in found.values()] == [float, int, str, bool, type(None)]


def test_where_nobody_is_approved_without_an_analyst_it_is_of_those_referred(train: Path) -> None:
    found = find_typical_values(score, Policy(approve_from=None, refer_from=0.65), CONTRACT, FEATURES, train)
    assert found["score"] == pytest.approx(0.8)


def test_where_everybody_is_denied_there_is_nothing_typical(train: Path) -> None:
    with pytest.raises(CreditError, match="no row is approved or referred"):
        find_typical_values(score, Policy(approve_from=None, refer_from=2), CONTRACT, FEATURES, train)


def test_partitions_give_what_the_whole_gives(train: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = Policy(approve_from=0.5, refer_from=0.15)
    whole = find_typical_values(score, policy, CONTRACT, FEATURES, train)
    monkeypatch.setattr("credit.data.tables.PARTITION_ROWS", 1)
    assert find_typical_values(score, policy, CONTRACT, FEATURES, train) == whole

"""The rows that a candidate learns from."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from credit.contract import Contract, DataSource
from credit.contract.columns import Column
from stages.train import TrainingRows, read_training_rows

COLUMNS = {
    "person": Column(type="text", role="group", description="d"),
    "x": Column(type="integer", role="feature", missing="allowed", description="d"),
    "home": Column(type="category", role="feature", allowed=("own", "rent"), description="d"),
    "race": Column(type="category", role="protected", allowed=("a", "b"), reference="a", description="d"),
    "paid": Column(type="boolean", role="label", favourable=True, description="d"),
}
CONTRACT = Contract(name="t", row="r", source=DataSource(title="t", licence="l", citation="c"), columns=COLUMNS)


@pytest.mark.parametrize("name", ["logistic", "fair_logistic"])
def test_rows_that_are_read_by_partitions_are_those_of_the_whole_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    number = np.arange(1000)
    frame = pd.DataFrame(
        {
            "person": [f"p{of}" for of in number % 170],
            "x": pd.array(np.where(number % 7, number, -1), "Int64"),
            "home": np.where(number % 3, "own", "rent"),
            "race": np.array(["a", "b", None], object)[number % 3],
            "paid": number % 2 > 0,
        }
    )
    frame.loc[frame["x"] == -1, "x"] = pd.NA
    frame.to_parquet(tmp_path / "train", index=False)

    def read(marked: NDArray[np.bool_]) -> TrainingRows:
        return read_training_rows(name, CONTRACT, ["x", "home"], tmp_path / "train", marked)

    everybody, some = np.ones(1000, np.bool_), number % 5 < 2
    whole, part = read(everybody), read(some)
    np.testing.assert_array_equal(part.matrix, whole.matrix[some])
    assert part.favourable.tolist() == whole.favourable[some].tolist()
    assert whole.matrix[:3].tolist()[1:] == [[1, 0, 1, 0], [2, 0, 1, 0]]  # x, x is missing, own, rent
    assert np.isnan(whole.matrix[0, 0])
    assert whole.favourable.tolist() == (number % 2 > 0).tolist()
    assert (whole.groups is None) == (name == "logistic")
    assert whole.groups is None or whole.groups[:3].ravel().tolist() == [0, 1, -1]
    assert whole.row_groups is not None
    assert whole.row_groups.tolist() == (number % 170).tolist()
    monkeypatch.setattr("credit.data.tables.PARTITION_ROWS", 130)
    for marked, expected in ((everybody, whole), (some, part)):
        for one, other in zip(read(marked), expected, strict=True):
            np.testing.assert_array_equal(one, other)

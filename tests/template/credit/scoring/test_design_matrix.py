"""From typed columns to the numbers a model sees."""

import numpy as np
import pandas as pd

from credit.contract import Contract, DataSource
from credit.contract.columns import Column
from credit.contract.groups import assign_groups, list_groups
from credit.scoring.design_matrix import build_design_matrix, list_design_columns

CONTRACT = Contract(
    name="x",
    row="a person",
    source=DataSource(title="t", licence="l", citation="c"),
    columns={
        "paid": Column(type="boolean", role="label", favourable=True, description="d"),
        "income": Column(type="number", role="feature", missing="allowed", description="d"),
        "home": Column(type="category", role="feature", allowed=("own", "rent"), missing="allowed", description="d"),
        "self": Column(type="boolean", role="feature", description="d"),
        "race": Column(
            type="category",
            role="protected",
            allowed=("Black", "white"),
            reference="white",
            missing="allowed",
            description="d",
        ),
    },
)
FRAME = pd.DataFrame(
    {
        "income": [1.5, np.nan, 3.0],
        "home": ["rent", None, "own"],
        "self": pd.array([True, False, None], "boolean"),
        "race": ["Black", None, "white"],
    }
)
FEATURES = ["income", "home", "self"]


def test_every_column_is_float32_and_missing_is_said_in_a_column_of_its_own() -> None:
    matrix = build_design_matrix(CONTRACT, FEATURES, FRAME)
    assert list(matrix) == ["income", "income is missing", "home=own", "home=rent", "home is missing", "self"]
    assert set(matrix.dtypes) == {np.dtype("float32")}
    expected = [[1.5, 0, 0, 1, 0, 1], [np.nan, 1, 0, 0, 1, 0], [3, 0, 1, 0, 0, np.nan]]
    np.testing.assert_array_equal(matrix.to_numpy(), np.array(expected, np.float32))


def test_rows_are_independent_so_partitions_can_be_put_together() -> None:
    parts = [build_design_matrix(CONTRACT, FEATURES, FRAME.iloc[[i]]) for i in range(3)]
    pd.testing.assert_frame_equal(pd.concat(parts), build_design_matrix(CONTRACT, FEATURES, FRAME))


def test_an_empty_frame_has_the_same_columns() -> None:
    assert list(build_design_matrix(CONTRACT, FEATURES, FRAME.iloc[:0])) == list_design_columns(CONTRACT, FEATURES)


def test_the_reference_group_comes_first_and_undisclosed_last() -> None:
    assert list_groups(CONTRACT, "race") == ["white", "Black", "undisclosed"]


def test_nobody_is_left_without_a_group() -> None:
    assert list(assign_groups(CONTRACT, "race", FRAME["race"])) == ["Black", "undisclosed", "white"]

"""One application as a dict gives the bits that a table gives."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from credit.common.errors import CreditError
from credit.contract import Contract, DataSource
from credit.contract.columns import Column
from credit.scoring.design_matrix import build_design_matrix, list_design_columns, locate_features
from credit.scoring.row_encoder import encode_rows

FEATURES = ["amount", "count", "term", "home", "self", "whole"]
CONTRACT = Contract(
    name="x",
    row="a person",
    source=DataSource(title="t", licence="l", citation="c"),
    columns={
        "amount": Column(type="number", role="feature", missing="allowed", range=(-1e30, 1e30), description="d"),
        "count": Column(type="integer", role="feature", missing="allowed", description="d"),
        "term": Column(type="integer", role="feature", allowed=(12, 24), description="d"),
        "home": Column(type="category", role="feature", allowed=("own", "rent"), missing="allowed", description="d"),
        "self": Column(type="boolean", role="feature", missing="allowed", description="d"),
        "whole": Column(type="integer", role="feature", description="d"),
        "paid": Column(type="boolean", role="label", favourable=True, description="d"),
    },
)
LARGE = st.integers(-(2**63) + 1, 2**63 - 1)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "amount": st.none() | st.floats(-1e30, 1e30),
            "count": st.none() | LARGE,
            "term": st.sampled_from([12, 24]),
            "home": st.none() | st.sampled_from(["own", "rent"]),
            "self": st.none() | st.booleans(),
            "whole": LARGE,
        }
    ),
    min_size=1,
    max_size=8,
)
GOOD = {"amount": 1.5, "count": 3, "term": 12, "home": "own", "self": True, "whole": 0}


@given(ROWS)
@example([GOOD | {"whole": 2**60 + 2**36 + 1}])  # as a float64 first, it would be rounded twice, and down
def test_a_dict_is_encoded_bit_for_bit_as_a_table(rows: list[dict[str, Any]]) -> None:
    types = {
        "amount": "float64",
        "count": "Int64",
        "term": "Int64",
        "home": "object",
        "self": "boolean",
        "whole": "Int64",
    }
    frame = pd.DataFrame({name: pd.array([row[name] for row in rows], dtype=types[name]) for name in FEATURES})
    table = build_design_matrix(CONTRACT, FEATURES, frame).to_numpy()
    np.testing.assert_array_equal(encode_rows(CONTRACT, FEATURES, rows).view(np.uint32), table.view(np.uint32))


def test_a_nan_is_a_missing_value_as_it_is_in_a_table() -> None:
    assert encode_rows(CONTRACT, ["amount"], [{"amount": float("nan")}])[0, 1] == 1


def test_each_feature_owns_its_columns() -> None:
    columns = list_design_columns(CONTRACT, FEATURES)
    found = locate_features(CONTRACT, FEATURES)
    assert columns[found["home"]] == ["home=own", "home=rent", "home is missing"]
    assert [name for place in found.values() for name in columns[place]] == columns


def test_no_rows_are_a_matrix_without_rows() -> None:
    assert encode_rows(CONTRACT, FEATURES, []).shape == (0, len(list_design_columns(CONTRACT, FEATURES)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"amount": "1"}, "amount: found '1', expected a value of type number"),
        ({"amount": True}, "amount: found True, expected a value of type number"),
        ({"amount": 2e30}, "amount: found 2e+30, expected from -1e+30 to 1e+30"),
        ({"count": 1.0}, "count: found 1.0, expected a value of type integer"),
        ({"count": 2**63}, "expected a number that can be computed with"),
        ({"term": 18}, "term: found 18, expected one of [12, 24]"),
        ({"term": None}, "term: found null, expected a value of type integer"),
        ({"home": "castle"}, "home: found 'castle', expected one of ['own', 'rent']"),
        ({"self": 1}, "self: found 1, expected a value of type boolean"),
    ],
)
def test_what_the_contract_does_not_allow_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(CreditError) as error:
        encode_rows(CONTRACT, FEATURES, [GOOD | change])
    assert message in str(error.value)


def test_an_infinite_number_is_refused_where_the_contract_has_no_range() -> None:
    column = Column(type="number", role="feature", description="d")
    contract = CONTRACT.model_copy(update={"columns": {"x": column}})
    for value in (float("inf"), 1e300):
        with pytest.raises(CreditError, match="expected a number that can be computed with"):
            encode_rows(contract, ["x"], [{"x": value}])


def test_every_problem_of_every_row_is_told_at_once() -> None:
    without = {name: value for name, value in GOOD.items() if name != "self"}
    with pytest.raises(CreditError) as error:
        encode_rows(CONTRACT, FEATURES, [GOOD, without | {"term": 1}])
    assert [problem.where for problem in error.value.problems] == ["row 1: term", "row 1: self"]

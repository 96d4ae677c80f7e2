"""Casts: nothing is rounded or guessed, whatever the raw file is."""

from pathlib import Path

import pandas as pd
import pytest

from credit.common.errors import CreditError
from credit.contract import Contract, DataSource
from credit.contract.columns import Column
from stages.ingest import ingest_table


def contract(**columns: Column) -> Contract:
    label = Column(type="boolean", role="label", favourable=True, description="d")
    source = DataSource(title="t", licence="l", citation="c")
    return Contract(name="t", row="r", source=source, columns={**columns, "paid": label})


def feature(kind: str, **more: object) -> Column:
    return Column.model_validate({"type": kind, "role": "feature", "missing": "allowed", "description": "d"} | more)


def typed(column: Column, values: list[object], folder: Path, parquet: bool) -> list[object]:
    frame = pd.DataFrame({"x": values, "paid": True})
    write = frame.to_parquet if parquet else frame.to_csv
    write(folder / "raw", index=False)
    ingest_table(contract(x=column), folder / "raw", folder / "typed.parquet", "contract.yaml")
    table = pd.read_parquet(folder / "typed.parquet", dtype_backend="pyarrow")
    return [None if pd.isna(value) else value for value in table["x"].tolist()]


@pytest.mark.parametrize("parquet", [False, True])
@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        (feature("integer"), [1, 3.0, None], [1, 3, None]),
        (feature("integer"), [-5, 2**52], [-5, 2**52]),
        (feature("number"), [1, 2.5, float("nan")], [1, 2.5, None]),
        (feature("boolean"), [1.0, 0.0, None], [True, False, None]),
        (feature("boolean"), [True, False], [True, False]),
        (feature("boolean"), ["yes", "F", None], [True, False, None]),
        (feature("category", allowed=("a",)), ["a", "1.50", None], ["a", "1.50", None]),
        (feature("number", missing_codes=(999, "n/a")), ["999", "999.0", "n/a", "3"], [None, None, None, 3]),
        (feature("boolean", missing_codes=(666,)), [1, 666, 0], [True, None, False]),
        (feature("integer", missing_codes=(999999.375,)), [7, 999999.375], [7, None]),
    ],
)
def test_values_become_typed_ones(
    column: Column, values: list[object], expected: list[object], parquet: bool, tmp_path: Path
) -> None:
    assert typed(column, values, tmp_path, parquet) == expected


@pytest.mark.parametrize("parquet", [False, True])
@pytest.mark.parametrize(
    ("column", "values", "found"),
    [
        (feature("integer"), [1.0, 3.7], "'3.7' in row 2"),
        (feature("integer"), [1.0, 1e17], "'1e+17' in row 2"),
        (feature("boolean"), [0.0, 2.0], "'2.0' in row 2"),
        (feature("number"), ["1", "two"], "'two' in row 2"),
        (feature("integer", missing_codes=(9,)), ["9", "ten", "eleven"], "'ten' in row 2 and 1 more like it"),
    ],
)
def test_a_value_of_another_type_is_an_error(
    column: Column, values: list[object], found: str, parquet: bool, tmp_path: Path
) -> None:
    with pytest.raises(CreditError) as caught:
        typed(column, values, tmp_path, parquet)
    assert f"raw: x: found {found}, expected {column.type}" in str(caught.value)
    assert {file.name for file in tmp_path.iterdir()} == {"raw"}


def test_a_category_in_a_float_column_that_is_no_whole_number_is_kept_and_not_lost(tmp_path: Path) -> None:
    assert typed(feature("category", allowed=("1", "2")), [1.0, 1.5, None], tmp_path, True) == ["1", "1.5", None]


def test_a_derived_column_that_is_not_sql_is_named(tmp_path: Path) -> None:
    (tmp_path / "raw").write_text("x,paid\n1,1\n2,0\n")
    wrong = feature("number", sql="x +")
    with pytest.raises(CreditError, match=r"contract\.yaml: columns\.y\.sql: Parser Error"):
        ingest_table(
            contract(x=feature("number"), y=wrong), tmp_path / "raw", tmp_path / "typed.parquet", "contract.yaml"
        )


def test_a_message_about_a_row_does_not_repeat_the_row(tmp_path: Path) -> None:
    """DuckDB's own message shows the whole line, and with it a person."""
    (tmp_path / "raw").write_text("x,paid\n1,1\n2,0,Ada\n")
    with pytest.raises(CreditError) as caught:
        ingest_table(contract(x=feature("number")), tmp_path / "raw", tmp_path / "typed.parquet", "contract.yaml")
    assert "Ada" not in str(caught.value)


def test_a_column_that_the_contract_computes_too_is_not_replaced_in_silence(tmp_path: Path) -> None:
    pd.DataFrame({"x": [1.0], "paid": [True], "half": [7.0]}).to_csv(tmp_path / "raw", index=False)
    told = contract(x=feature("number"), half=feature("number", sql="x / 2"))
    with pytest.raises(CreditError, match=r"raw: half: found a column that the contract computes too") as caught:
        ingest_table(told, tmp_path / "raw", tmp_path / "typed.parquet", "contract.yaml")
    assert "rename one of them" in str(caught.value)
    assert not (tmp_path / "typed.parquet").exists()


@pytest.mark.parametrize(
    ("sql", "rows", "shown"),
    [
        ("cast(note as integer)", "2 rows, the first is row 2 with note like 'a99'", "note like 'a99'"),
        ("x * 3000000000000000000", "row 2 with x like '9'", "x * 3000000000000000000"),
        ("strptime(note, '%d/%m/%Y') is null", "", "note like"),
        ("x + cast(note as double)", "2 rows, the first is row 2 with x like '9', note like 'a99'", "note like"),
    ],
)
def test_an_expression_that_fails_is_named_with_its_rows_and_the_shape_of_a_value(
    sql: str, rows: str, shown: str, tmp_path: Path
) -> None:
    pd.DataFrame({"x": [3, 4, 0], "note": ["7", "b17", "n/a"], "paid": True}).to_csv(tmp_path / "raw", index=False)
    columns = {
        "x": feature("integer"),
        "note": Column(type="text", role="source", missing="allowed", description="d"),
        "made": feature("number" if "strptime" not in sql else "boolean", sql=sql),
    }
    with pytest.raises(CreditError) as caught:
        ingest_table(contract(**columns), tmp_path / "raw", tmp_path / "typed", "contract.yaml")
    (problem,) = caught.value.problems
    assert problem.where == "contract.yaml: columns.made.sql"
    assert problem.found.startswith(f"{sql} fails for {rows}")
    assert shown in problem.found
    assert "b17" not in str(problem)
    assert "try_cast(a AS DOUBLE)" in str(problem)


def test_an_expression_over_groups_of_people_shows_no_shape_of_theirs(tmp_path: Path) -> None:
    frame = pd.DataFrame({"sex": ["female", "male"], "note": ["1", "x"], "paid": True})
    frame.to_csv(tmp_path / "raw", index=False)
    columns = {
        "sex": Column(type="category", role="protected", allowed=("female", "male"), reference="male", description="d"),
        "note": Column(type="text", role="source", missing="allowed", description="d"),
        "band": Column(
            type="category",
            role="protected",
            allowed=("a", "b"),
            reference="a",
            description="d",
            sql="case when cast(note as integer) > 1 then 'a' when sex = 'male' then 'b' end",
        ),
    }
    with pytest.raises(CreditError) as caught:
        ingest_table(contract(**columns), tmp_path / "raw", tmp_path / "typed", "contract.yaml")
    assert "band.sql" in str(caught.value)
    assert "like" not in str(caught.value)

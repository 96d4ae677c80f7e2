"""Rows that break the contract are set aside and counted; what is left must be fit to learn from."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from credit.common.errors import CreditError
from credit.contract import Contract, DataSource
from credit.contract.columns import Column
from credit.data.expectations import ValidateParams
from stages.validate import ValidationTally, validate_table

CONTRACT = Contract(
    name="t",
    row="r",
    source=DataSource(title="t", licence="l", citation="c"),
    columns={
        "id": Column(type="text", role="id", description="d"),
        "income": Column(type="number", role="feature", range=(0, 100), missing="allowed", description="d"),
        "race": Column(
            type="category",
            role="protected",
            allowed=("white", "Black"),
            reference="white",
            missing="allowed",
            description="d",
        ),
        "paid": Column(type="boolean", role="label", favourable=True, description="d"),
    },
)
PARAMS = ValidateParams(max_quarantined=0.05, min_group=2)


def table(rows: int = 1000) -> pd.DataFrame:
    index = np.arange(rows)
    return pd.DataFrame(
        {
            "id": [f"p{i}" for i in index],
            "income": index % 100.0,
            "race": np.where(index % 5 == 0, "Black", "white").astype(object),
            "paid": index % 3 > 0,
        }
    )


def run(frame: pd.DataFrame, folder: Path, params: ValidateParams = PARAMS) -> ValidationTally:
    frame.to_parquet(folder / "typed.parquet", index=False)
    accepted, quarantined = folder / "accepted.parquet", folder / "quarantined.parquet"
    return validate_table(CONTRACT, params, folder / "typed.parquet", accepted, quarantined)


def refused(frame: pd.DataFrame, folder: Path) -> list[str]:
    with pytest.raises(CreditError) as caught:
        run(frame, folder)
    assert [file.name for file in folder.iterdir()] == ["typed.parquet"]
    return [str(problem).replace(f"{folder}/", "") for problem in caught.value.problems]


def test_accepted_and_quarantined_rows_are_all_the_rows(tmp_path: Path) -> None:
    frame = table()
    frame.loc[[3, 700], "income"] = [-1.0, np.inf]
    frame.loc[9, "race"] = "green"
    tally = run(frame, tmp_path)
    accepted, aside = (pd.read_parquet(tmp_path / f"{name}.parquet") for name in ("accepted", "quarantined"))
    assert aside["row"].tolist() == [4, 10, 701]
    assert aside["reasons"].tolist() == [
        "income: found -1.0, allowed 0 to 100",
        "race: found 'green', allowed white, Black",
        "income: found inf, allowed 0 to 100",
    ]
    assert sorted([*accepted["id"], *aside["id"]]) == sorted(frame["id"])
    assert tally.build_report().dump()["reasons"] == [
        {"column": "income", "allowed": "0 to 100", "rows": 2, "example": "-1.0"},
        {"column": "race", "allowed": "white, Black", "rows": 1},
    ]


def test_partitions_add_up_to_the_same_as_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = table()
    frame.loc[[3, 700, 999], "income"] = -1.0
    frame.loc[[3, 650], "id"] = "same"
    whole = run(frame, tmp_path)
    files = ["accepted.parquet", "quarantined.parquet"]
    first = [pd.read_parquet(tmp_path / name) for name in files]
    monkeypatch.setattr("credit.data.tables.PARTITION_ROWS", 64)
    parts = run(frame, tmp_path)
    assert parts.build_report() == whole.build_report()
    for name, frame in zip(files, first, strict=True):
        pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / name), frame)


def test_a_repeated_id_sets_all_its_rows_aside(tmp_path: Path) -> None:
    frame = table()
    frame.loc[[3, 650], "id"] = "same"
    run(frame, tmp_path)
    assert pd.read_parquet(tmp_path / "quarantined.parquet")["row"].tolist() == [4, 651]


def test_a_repeated_id_is_not_shown_in_the_report_because_it_may_name_a_person(tmp_path: Path) -> None:
    frame = table()
    frame.loc[[3, 650], "id"] = "Ada L."
    assert "Ada" not in str(run(frame, tmp_path).build_report())


def test_of_a_ratio_by_zero_it_is_told_how_to_guard_it(tmp_path: Path) -> None:
    ratio = Column(type="number", role="feature", sql="income / loan", missing="allowed", description="d")
    columns = {**CONTRACT.columns, "burden": ratio}
    frame = table().assign(burden=lambda of: of["income"] / np.where(of.index < 900, 0, 1))
    frame.to_parquet(tmp_path / "typed.parquet", index=False)
    contract = CONTRACT.model_copy(update={"columns": columns})
    with pytest.raises(
        CreditError, match=r"burden: found inf \(\d+ rows\), expected finite numbers; guard a division in"
    ):
        validate_table(contract, PARAMS, tmp_path / "typed.parquet", tmp_path / "a.parquet", tmp_path / "q.parquet")


def test_too_many_rows_set_aside_stop_the_pipeline_and_say_why(tmp_path: Path) -> None:
    frame = table()
    frame.loc[:59, "income"] = -1.0
    assert refused(frame, tmp_path) == [
        "typed.parquet: found 60 of 1,000 rows set aside, expected at most 5.0% (validate.max_quarantined)",
        "typed.parquet: income: found -1.0 (60 rows), expected 0 to 100",
    ]


def test_a_missing_protected_value_is_the_group_undisclosed(tmp_path: Path) -> None:
    frame = table()
    frame.loc[:9, "race"] = None
    tally = run(frame, tmp_path)
    assert tally.build_report().groups["race"] == {"white": 792, "Black": 198, "undisclosed": 10}


@pytest.mark.parametrize(("people", "found"), [(0, "0 people"), (1, "1 people")])
def test_a_declared_group_without_people_or_with_one_is_an_error(tmp_path: Path, people: int, found: str) -> None:
    frame = table().assign(race="white")
    frame.loc[: people - 1, "race"] = "Black"
    (line,) = refused(frame, tmp_path)
    assert line.startswith(f"typed.parquet: race: found {found} of group 'Black', expected at least 2; merge it")
    run(frame, tmp_path, ValidateParams(max_quarantined=0.05, min_group=0))


def test_a_label_with_one_class_is_an_error(tmp_path: Path) -> None:
    (line,) = refused(table().assign(paid=True), tmp_path)
    assert line == "typed.parquet: paid: found only True, expected two classes: one favourable, one not"


def test_a_table_with_columns_called_row_and_reasons_is_set_aside_readably(tmp_path: Path) -> None:
    names = {"income": "row", "race": "Reasons"}
    contract = CONTRACT.model_copy(update={"columns": {names.get(n, n): c for n, c in CONTRACT.columns.items()}})
    frame = table()
    frame.loc[4, "income"] = -1.0
    frame.rename(columns=names).to_parquet(tmp_path / "typed.parquet", index=False)
    aside = tmp_path / "quarantined.parquet"
    validate_table(contract, PARAMS, tmp_path / "typed.parquet", tmp_path / "accepted.parquet", aside)
    found = pd.read_parquet(aside)
    assert found[["row_", "row", "reasons_"]].to_numpy().tolist() == [[5, -1.0, "row: found -1.0, allowed 0 to 100"]]

"""Rows that break the contract are set aside and counted; what is left must be fit to learn from."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from credit.common.errors import CreditError
from credit.contract import Contract
from credit.contract.columns import Column
from credit.validation.expectations import ValidateParams
from credit.validation.tally import ValidationTally
from stages.ingest import ingest_table
from stages.validate import validate_table
from testing.lenders.people import make_contract

CONTRACT = make_contract(
    id=Column(type="text", role="id", description="d"),
    income=Column(type="number", role="feature", range=(0, 100), missing="allowed", description="d"),
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


HOME = {"type": "category", "role": "feature", "description": "d", "missing": "allowed"}
FOLDING = CONTRACT.model_copy(
    update={
        "columns": {
            **CONTRACT.columns,
            "home": Column(**HOME, allowed=("own", "other"), fold={"other": ["tent", "4"]}, new_levels="other"),
            "school": Column(
                type="category",
                role="protected",
                allowed=("1", "2"),
                reference="1",
                fold={"2": ["5"]},
                new_levels="2",
                description="d",
            ),
        }
    }
)


def fold(frame: pd.DataFrame, folder: Path, contract: Contract = FOLDING) -> ValidationTally:
    """Ingest and validate a table of text."""
    frame.to_csv(folder / "raw.csv", index=False)
    ingest_table(contract, folder / "raw.csv", folder / "typed.parquet", "c.yaml")
    files = [folder / f"{name}.parquet" for name in ("typed", "accepted", "quarantined")]
    return validate_table(contract, PARAMS, *files)


def test_levels_that_count_as_another_are_counted_and_those_of_people_not_named(tmp_path: Path) -> None:
    levels = ["own", "tent", "4.0", "boat", "barge", None, "own", "own", "other", "own"]
    frame = table().assign(home=levels * 100, school=["1", "2", "5", "7", "1"] * 200)
    report = fold(frame, tmp_path).build_report()
    told = [(one.column, one.into, one.is_new, one.rows, dict(one.levels)) for one in report.folded]
    assert told == [
        ("home", "other", False, 200, {"4": 100, "tent": 100}),
        ("home", "other", True, 200, {"barge": 100, "boat": 100}),
        ("school", "2", False, 200, {}),
        ("school", "2", True, 200, {}),
    ]
    assert (report.quarantined, report.groups["school"]) == (0, {"1": 400, "2": 600, "undisclosed": 0})
    assert pd.read_parquet(tmp_path / "accepted.parquet")["home"].value_counts().to_dict() == {"other": 500, "own": 400}


def test_new_levels_of_people_may_be_undisclosed(tmp_path: Path) -> None:
    school = FOLDING.columns["school"].model_copy(update={"new_levels": "undisclosed", "missing": "allowed"})
    contract = FOLDING.model_copy(update={"columns": {**CONTRACT.columns, "school": school}})
    report = fold(table().assign(school=["1", "2", "5", "7", ""] * 200), tmp_path, contract).build_report()
    assert report.groups["school"] == {"1": 200, "2": 400, "undisclosed": 400}
    assert [(one.into, one.is_new, one.rows) for one in report.folded] == [
        ("2", False, 200),
        ("undisclosed", True, 200),
    ]
    assert [school.fold_level(level) for level in ("1", "5", "7", None)] == ["1", "2", None, None]


def test_of_many_new_levels_the_commonest_are_named_and_all_counted(tmp_path: Path) -> None:
    frame = table().assign(home=["own", "own", "other", "new"] * 250, school=["1", "2"] * 500)
    frame.loc[frame["home"] == "new", "home"] = [f"free text {n % 200:03}" for n in range(250)]
    (told,) = fold(frame, tmp_path).list_folded()
    assert (told.is_new, told.rows, len(told.levels), sum(told.levels.values())) == (True, 250, 20, 40)


def test_a_level_that_new_ones_count_as_needs_rows_to_learn_from(tmp_path: Path) -> None:
    frame = table().assign(home="own", school=["1", "2"] * 500)
    with pytest.raises(
        CreditError, match="home: found no row of 'other', expected some rows; fold rare levels into it"
    ):
        fold(frame, tmp_path)


def test_without_folds_the_report_says_nothing_of_them(tmp_path: Path) -> None:
    assert "folded" not in run(table(), tmp_path).build_report().dump()

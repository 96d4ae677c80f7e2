"""Rows keep their side."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from credit.common.errors import CreditError
from credit.contract import Contract, DataSource
from credit.contract.columns import Column
from credit.data.splitting import SplitParams, assign_folds, check_parts, mark_test_rows
from credit.training.cross_fitting import split_folds
from stages.split import split_rows

COLUMNS = {
    "id": Column(type="integer", role="id", description="d"),
    "applied": Column(type="date", role="time", description="d"),
    "x": Column(type="number", role="feature", description="d"),
    "paid": Column(type="boolean", role="label", favourable=True, description="d"),
}
WITH_ID = Contract(name="t", row="r", source=DataSource(title="t", licence="l", citation="c"), columns=COLUMNS)
WITHOUT_ID = WITH_ID.model_copy(update={"columns": {k: v for k, v in COLUMNS.items() if k not in ("id", "applied")}})


def table(rows: int) -> pd.DataFrame:
    index = pd.RangeIndex(rows)
    dates = pd.Timestamp("2024-01-01") + pd.to_timedelta(index // 10, unit="D")
    return pd.DataFrame(
        {"id": index, "applied": dates.date, "x": (index * 37 % 101).astype(float), "paid": index % 3 > 0}
    )


def sides(contract: Contract, frame: pd.DataFrame, folder: Path, **given: object) -> tuple[pd.DataFrame, pd.DataFrame]:
    params = SplitParams.model_validate({"by": "hash", "test_share": 0.3, "salt": "s"} | given)
    frame.to_parquet(folder / "accepted.parquet", index=False)
    split_rows(contract, params, folder / "accepted.parquet", folder / "train.parquet", folder / "test.parquet")
    return pd.read_parquet(folder / "train.parquet"), pd.read_parquet(folder / "test.parquet")


def test_a_row_keeps_its_side_when_the_data_grows_and_is_shuffled(tmp_path: Path) -> None:
    train, test = sides(WITH_ID, table(2000), tmp_path)
    more_train, more_test = sides(WITH_ID, table(5000).sample(frac=1, random_state=0), tmp_path)
    assert set(train["id"]) <= set(more_train["id"])
    assert set(test["id"]) <= set(more_test["id"])


def test_every_row_is_on_one_side_and_the_share_is_kept(tmp_path: Path) -> None:
    train, test = sides(WITH_ID, table(5000), tmp_path)
    assert sorted([*train["id"], *test["id"]]) == list(range(5000))
    assert len(test) / 5000 == pytest.approx(0.3, abs=0.03)


def test_equal_rows_share_a_side_when_there_is_no_id(tmp_path: Path) -> None:
    train, test = sides(WITHOUT_ID, table(5000)[["x", "paid"]], tmp_path)
    both = set(train.itertuples(index=False, name=None)) & set(test.itertuples(index=False, name=None))
    assert not both


def test_another_salt_is_another_split(tmp_path: Path) -> None:
    _, test = sides(WITH_ID, table(2000), tmp_path)
    _, other = sides(WITH_ID, table(2000), tmp_path, salt="other")
    assert set(test["id"]) != set(other["id"])


def test_the_latest_rows_are_the_test_and_a_day_is_never_split(tmp_path: Path) -> None:
    train, test = sides(WITH_ID, table(1005), tmp_path, by="time", test_share=0.2)
    assert train["applied"].max() < test["applied"].min()
    assert len(test) / 1005 == pytest.approx(0.2, abs=0.02)


def test_a_split_by_time_needs_a_time(tmp_path: Path) -> None:
    with pytest.raises(CreditError, match=r"params\.yaml: split\.by: found time, expected hash"):
        sides(WITHOUT_ID, table(100), tmp_path, by="time")


@pytest.mark.parametrize("codes", [False, True])
def test_rows_without_a_time_are_told_and_on_no_side(tmp_path: Path, codes: bool) -> None:
    """Both `later` and `not later` are NULL for them: 756 + 324 of 1,200 rows, once."""
    frame = table(1200)
    frame.loc[::10, "applied"] = None
    if codes:
        frame["applied"] = pd.to_datetime(frame["applied"])
    with pytest.raises(CreditError) as caught:
        sides(WITH_ID, frame, tmp_path, by="time")
    assert str(caught.value).startswith(
        "params.yaml: split.by: found time, and 120 of 1,200 accepted rows without applied, expected a time in every"
    )
    assert {file.name for file in tmp_path.iterdir()} == {"accepted.parquet"}
    with pytest.raises(CreditError, match="120 of 1,200"):
        mark_test_rows(WITH_ID, tmp_path / "accepted.parquet", SplitParams(by="time", test_share=0.3, salt="s"))
    train, test = sides(WITH_ID, frame, tmp_path)
    assert len(train) + len(test) == 1200


def test_a_row_that_is_lost_or_twice_stops_the_stage() -> None:
    check_parts("t", {"train": 70, "test": 30}, 100)
    for rows in (29, 31):
        with pytest.raises(CreditError, match=f"t: found 70 train \\+ {rows} test rows, expected 100 together"):
            check_parts("t", {"train": 70, "test": rows}, 100)
    frame = table(20)
    with pytest.raises(CreditError, match=r"folds: found 10 in fold 0 rows, expected 20 together"):
        list(split_folds(frame, np.arange(20) % 2, [["x"]]))


GROUPED = WITH_ID.model_copy(
    update={"columns": COLUMNS | {"customer": Column(type="integer", role="group", description="d")}}
)


def test_rows_of_one_group_are_on_one_side_and_in_one_fold(tmp_path: Path) -> None:
    """238 of 400 customers stood on both sides, once."""
    frame = table(1600).assign(customer=lambda of: of["id"] * 7919 % 400)
    train, test = sides(GROUPED, frame, tmp_path)
    assert not set(train["customer"]) & set(test["customer"])
    assert len(train) + len(test) == 1600
    assert len(test) / 1600 == pytest.approx(0.3, abs=0.06)
    codes = assign_folds(GROUPED, tmp_path / "accepted.parquet", 5, "s")
    assert set(codes) == set(range(5))
    assert (frame.assign(fold=codes).groupby("customer")["fold"].nunique() == 1).all()
    ungrouped, _ = sides(WITH_ID, frame.drop(columns="customer"), tmp_path)
    assert set(ungrouped["id"]) != set(train["id"])


def test_a_group_cannot_be_split_by_time(tmp_path: Path) -> None:
    frame = table(400).assign(customer=lambda of: of["id"] % 100)
    with pytest.raises(CreditError, match=r"split\.by: found time, and customer of role group, expected hash"):
        sides(GROUPED, frame, tmp_path, by="time")


def test_a_side_with_one_class_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    frame = table(30).assign(paid=lambda f: f["id"] == 3)
    with pytest.raises(CreditError, match="expected both classes"):
        sides(WITH_ID, frame, tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {"accepted.parquet"}


def test_a_table_that_is_no_parquet_file_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    accepted = tmp_path / "accepted.parquet"
    accepted.write_text("no table")
    params = SplitParams(by="hash", test_share=0.3, salt="s")
    with pytest.raises(CreditError, match=r"accepted\.parquet: .*Parquet"):
        split_rows(WITH_ID, params, accepted, tmp_path / "train.parquet", tmp_path / "test.parquet")
    assert {file.name for file in tmp_path.iterdir()} == {"accepted.parquet"}

"""Who left the data is counted by group, and a group that lost too many is for the owners of the judge to see."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from credit.common.errors import CreditError
from credit.contract import load_contract
from credit.data.splitting import assign_folds
from credit.evaluation.predictions import Predictions, write_predictions
from credit.reports.predictions import PredictionsReport
from credit.reports.validation import ValidationReport
from release.compare.sides import Sides
from release.judge.people import Departure, check_people, find_departures
from release.repository.revision import Revision
from testing.lenders.frozen import LENDER
from testing.lenders.small import CONTRACT, make_people


def find(
    monkeypatch: pytest.MonkeyPatch, folder: Path, groups: dict[str, dict[str, int]], params: str = ""
) -> list[Departure]:
    """The lender's data as the base; the same with other people in some groups as the change's.

    params: those of the change, where they are others.
    """
    before = ValidationReport.read(LENDER / ValidationReport.PATH)
    after = {name: {**of, **groups.get(name, {})} for name, of in before.groups.items()}
    after = {name: {group: people for group, people in of.items() if people >= 0} for name, of in after.items()}
    before.model_copy(update={"groups": after}).write(folder / ValidationReport.PATH)
    monkeypatch.chdir(LENDER)
    side = Revision("the working tree", None)
    other = Revision("the change", None)
    if params:
        vars(other)["params"] = yaml.safe_load(params)
    return find_departures(Sides(side, other), folder)


def test_nobody_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert find(monkeypatch, tmp_path, {}) == []


def test_those_who_came_are_no_loss_and_the_largest_loss_is_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = find(monkeypatch, tmp_path, {"race": {"white": 1600, "Black": 60, "Hispanic": 500}})
    assert [(one.attribute, one.group, one.base, one.head) for one in found] == [
        ("race", "Black", 197, 60),
        ("race", "white", 1672, 1600),
    ]
    assert found[0].share == pytest.approx(137 / 197)


def test_a_group_that_is_gone_altogether_lost_everybody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (one,) = find(monkeypatch, tmp_path, {"race": {"Black": -1}})
    assert (one.base, one.head, one.share) == (197, 0, 1)


def test_a_copy_of_the_data_by_another_name_lost_its_people_as_well(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (one,) = find(monkeypatch, tmp_path, {"race": {"Black": 60}}, "data: {contract: loans2}")
    assert (one.group, one.base, one.head, one.dataset) == ("Black", 197, 60, "loans2")


def test_another_dataset_is_compared_in_the_attributes_that_both_have(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One that is gone is told by `test_changes`; groups by another name are nobody that the base knows."""
    before = ValidationReport.read(LENDER / ValidationReport.PATH)
    left = {name: dict.fromkeys(of, -1) for name, of in before.groups.items()}
    found = find(monkeypatch, tmp_path, left, "data: {contract: loans2}")
    assert {(one.group, one.head) for one in found if one.attribute == "race"} >= {("white", 0), ("Black", 0)}
    del before.groups["race"]
    before.write(tmp_path / ValidationReport.PATH)
    other = Revision("the change", None)
    vars(other)["params"] = {"data": {"contract": "loans2"}}
    assert find_departures(Sides(Revision("the working tree", None), other), tmp_path) == []


def test_people_of_a_contract_with_a_family_and_without_an_id_are_those_of_its_data(tmp_path: Path) -> None:
    """Folds are dealt by the whole row, with the columns of families too; another fold is found."""
    (tmp_path / "data/predictions").mkdir(parents=True)
    (tmp_path / "data/contract.yaml").write_text(CONTRACT)
    params = {"train": {"candidates": ["heuristic"]}, "predict": {"folds": 4, "salt": "s"}}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
    table = tmp_path / "data/accepted.parquet"
    make_people(200, 0).to_parquet(table, index=False)
    frame = pd.read_parquet(table)
    contract = load_contract(tmp_path / "data/contract.yaml").bind(list(frame.columns), "the table")
    report = PredictionsReport(predictions="out of fold", why="w", rows=200, kept_in_folds=(("points",),) * 4)
    report.write(tmp_path / PredictionsReport.PATH)
    folds = assign_folds(contract, table, 4, "s")
    made = Predictions(
        frame[["race"]], folds, frame["paid"].to_numpy(), np.full(200, 0.5), np.full(200, "refer", dtype=object)
    )
    write_predictions(tmp_path / "data/predictions/heuristic.parquet", contract, made)
    check_people(tmp_path, report)
    other = folds.copy()
    other[:3] = 1 + other[:3] % 4
    write_predictions(tmp_path / "data/predictions/heuristic.parquet", contract, made._replace(folds=other))
    with pytest.raises(CreditError, match="3 people with another fold"):
        check_people(tmp_path, report)

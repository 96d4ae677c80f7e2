"""Other people in the test set are said to be other people, and the comparison is that of those in both."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from credit.common.errors import CreditError
from credit.contract import Contract, load_contract
from credit.data.splitting import SplitParams, mark_test_rows
from credit.evaluation.predictions import Predictions
from credit.fairness.policies import Fairness
from release.compare.decisions import DecisionComparison, compare_predictions
from release.compare.same_people import match_rows
from release.compare.sides import Sides
from testing.lenders.frozen import LENDER
from testing.lenders.small import CONTRACT, make_people
from testing.projects import Project

SPLIT = SplitParams(by="hash", test_share=0.2, salt="s")
FAIRNESS = Fairness.model_validate(yaml.safe_load((LENDER / "params.yaml").read_text())["fairness"])
ID = "  person: {type: integer, role: id, description: d}\n"
DEBT = "  debt: {type: number, role: feature, description: d, reason: Your debt}\n"


def make_contract(folder: Path, name: str, more: str = "") -> Contract:
    file = folder / f"{name}.yaml"
    file.write_text(CONTRACT.replace("  paid:", f"{more}  paid:"))
    return load_contract(file)


def write(folder: Path, name: str, frame: pd.DataFrame) -> Path:
    path = folder / f"{name}.parquet"
    frame.to_parquet(path, index=False)
    return path


def test_one_more_column_without_an_id_deals_the_test_set_anew_and_the_same_people_are_found_all_the_same(
    tmp_path: Path,
) -> None:
    """Ten rows have come first and ten are gone; the others are found by the columns that both tables have."""
    people = make_people(1000, 3)
    more = pd.concat([make_people(10, 4), people[10:]], ignore_index=True).assign(debt=1.5)
    tables = Sides(write(tmp_path, "old", people), write(tmp_path, "new", more))
    contracts = Sides(make_contract(tmp_path, "old"), make_contract(tmp_path, "new", DEBT))
    bound = [one.bind(list(frame.columns), "here") for one, frame in zip(contracts, (people, more), strict=True)]
    tests = Sides(*(mark_test_rows(one, table, SPLIT) for one, table in zip(bound, tables, strict=True)))
    pairs = match_rows(contracts, tables)
    assert sorted(pairs.base) == list(range(10, 1000))
    assert (pairs.base == pairs.head).all()
    in_both = (tests.base[pairs.base] & tests.head[pairs.head]).sum()
    assert in_both == pytest.approx(0.2 * 0.2 * 990, abs=25), "as many as chance puts into both"
    parts = Sides(write(tmp_path, "t1", people[tests.base]), write(tmp_path, "t2", more[tests.head]))
    assert len(match_rows(contracts, parts).base) == in_both


def test_with_an_id_one_more_column_moves_nobody(tmp_path: Path) -> None:
    people = make_people(300, 3).assign(person=range(300))
    more = people.sample(frac=1, random_state=0).assign(debt=1.5, income=7.0)
    contracts = Sides(make_contract(tmp_path, "old", ID), make_contract(tmp_path, "new", ID + DEBT))
    marked = []
    for one, frame in zip(contracts, (people, more), strict=True):
        table = write(tmp_path, f"of{len(marked)}", frame)
        marked.append(frame[mark_test_rows(one.bind(list(frame.columns), "here"), table, SPLIT)])
    parts = Sides(write(tmp_path, "t1", marked[0]), write(tmp_path, "t2", marked[1]))
    pairs = match_rows(contracts, parts)
    assert len(pairs.base) == len(marked[0]) == len(marked[1])
    assert (marked[0]["person"].to_numpy()[pairs.base] == marked[1]["person"].to_numpy()[pairs.head]).all()


def test_of_equal_rows_as_many_are_in_common_as_both_tables_have(tmp_path: Path) -> None:
    one, other = make_people(2, 3)[:1], make_people(2, 3)[1:]
    tables = Sides(
        write(tmp_path, "old", pd.concat([one, other, one, one])), write(tmp_path, "new", pd.concat([one, one, other]))
    )
    contract = make_contract(tmp_path, "c")
    pairs = match_rows(Sides(contract, contract), tables)
    assert sorted(zip(pairs.base.tolist(), pairs.head.tolist(), strict=True)) == [(0, 0), (1, 2), (2, 1)]


def test_tables_without_a_column_in_common_cannot_be_matched(tmp_path: Path) -> None:
    people = make_people(5, 3)
    tables = Sides(write(tmp_path, "old", people), write(tmp_path, "new", people.add_prefix("x_")))
    contract = make_contract(tmp_path, "c")
    with pytest.raises(CreditError, match="no column in common to know them by"):
        match_rows(Sides(contract, contract), tables)


def test_decisions_are_compared_on_the_people_in_both(tmp_path: Path) -> None:
    people = make_people(200, 3)
    more = people[5:].sample(frac=1, random_state=0)
    tables = Sides(write(tmp_path, "old", people), write(tmp_path, "new", more))
    contract = make_contract(tmp_path, "c")
    told = [
        Predictions(
            frame[["race"]].reset_index(drop=True),
            np.zeros(len(frame), np.int64),
            frame["paid"].to_numpy(np.bool_),
            frame["income"].rank(pct=True).fillna(0.5).to_numpy(),
            np.where(frame["self"], "deny", "approve"),
        )
        for frame in (people, more)
    ]
    found = compare_predictions(contract, FAIRNESS, *told, match_rows(Sides(contract, contract), tables))
    assert isinstance(found, DecisionComparison)
    assert (found.people, found.only_in_base, found.only_in_head, found.flipped) == (195, 5, 0, 0)


def test_a_test_set_that_is_dealt_anew_is_said_to_be_before_any_figure(finished: Project) -> None:
    """The real pipeline and DVC's cache: another salt, of which only the split is run; the lender has no id."""
    finished.edit("params.yaml", "salt: ", "salt: other-")
    finished.run("dvc", "repro", "--quiet", "--single-item", "split")
    done = finished.run("python", "-m", "release", "compare", "HEAD", "--json")
    told = json.loads(done.stdout)
    measured = told["measured"]
    assert measured["by_id"] is False
    assert 0 < measured["common"] < 0.4 * min(measured["base"], measured["head"])
    assert {row["beyond_noise"] for row in told["metrics"]} == {None}
    text = finished.run("python", "-m", "release", "compare", "HEAD").stdout
    first = f"- ⚠️ other people are measured: {measured['common']} of {measured['base']} test people of the base are "
    assert first in text
    assert "give data/contracts/loanapp.yaml a column of role id" in text

"""A change is judged in every partition into folds, not in those that suit it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from credit.common.errors import CreditError
from credit.contract import load_contract
from credit.data.splitting import assign_folds
from credit.evaluation.partitions import PartitionScores, name_salt, write_partitions
from credit.evaluation.predictions import Predictions, write_predictions
from credit.reports.predictions import PartitionFeatures, PredictionsReport
from release.judge.partitions import count_champions, find_other_partitions
from testing.lenders.frozen import LENDER
from testing.lenders.small import CONTRACT, make_people

FOLDS = {1: np.array([0, 1, 2, 0]), 2: np.array([2, 1, 0, 1]), 3: np.array([1, 1, 2, 0])}


def score(numbers: dict[int, "np.ndarray"]) -> dict[int, PartitionScores]:
    return {number: PartitionScores(folds, np.zeros(4), np.full(4, "approve")) for number, folds in numbers.items()}


def test_all_partitions_with_the_folds_of_the_base_are_right() -> None:
    assert find_other_partitions("forest", score(FOLDS), FOLDS) == []


def test_a_partition_that_is_left_out_or_is_one_too_many_is_told() -> None:
    (told,) = find_other_partitions("forest", score({2: FOLDS[2]}), FOLDS)
    assert str(told) == "the partitions of forest: found numbers 2, expected 1, 2, 3"
    assert find_other_partitions("forest", {}, FOLDS)
    assert find_other_partitions("forest", score(FOLDS), {1: FOLDS[1]})


def test_folds_of_another_seed_are_told() -> None:
    (told,) = find_other_partitions("forest", score(FOLDS | {2: FOLDS[1], 3: FOLDS[3][:2]}), FOLDS)
    assert str(told) == "the partitions of forest: found other folds in 2, 3, expected those of the base's salts"


def test_a_trial_whose_candidate_lacks_a_partition_has_no_champions(tmp_path: Path) -> None:
    """Two candidates that are judged in two further partitions; then one of them leaves the first of these out."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data/contract.yaml").write_text(CONTRACT)
    params = yaml.safe_load((LENDER / "params.yaml").read_text())
    params["train"]["candidates"] = ["heuristic", "logistic"]
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
    table = tmp_path / "data/accepted.parquet"
    make_people(200, 0).to_parquet(table, index=False)
    frame = pd.read_parquet(table)
    contract = load_contract(tmp_path / "data/contract.yaml").bind(list(frame.columns), "the table")
    kept = (("points",),) * 4
    PredictionsReport(predictions="out of fold", why="w", rows=200, kept_in_folds=kept).write(
        tmp_path / PredictionsReport.PATH
    )
    PartitionFeatures(kept=(kept, kept)).write(tmp_path / PartitionFeatures.PATH)
    scores, decisions = np.full(200, 0.5), np.full(200, "approve", dtype=object)
    folds = assign_folds(contract, table, 4, "s")
    made = Predictions(frame[["race"]], folds, frame["paid"].to_numpy(), scores, decisions)
    further = {
        number: PartitionScores(assign_folds(contract, table, 4, name_salt(number)), scores, decisions)
        for number in (1, 2)
    }
    for name in ("heuristic", "logistic"):
        write_predictions(tmp_path / f"data/predictions/{name}.parquet", contract, made)
        write_partitions(tmp_path / f"data/partitions/{name}.parquet", further)
    assert sum(count_champions(tmp_path).values()) == 3
    del further[1]
    write_partitions(tmp_path / "data/partitions/logistic.parquet", further)
    with pytest.raises(CreditError, match="the partitions of logistic: found numbers 2, expected 1, 2"):
        count_champions(tmp_path)

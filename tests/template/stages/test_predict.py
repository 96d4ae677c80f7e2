"""Whoever judges people's treatment by a model must not have shown it those people."""

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from joblib import delayed

from credit.common.errors import CreditError
from credit.common.params import read_params
from credit.contract import Contract, load_contract
from credit.contract.columns import Column
from credit.data.splitting import SplitParams, assign_folds
from credit.data.tables import make_frame, open_table
from credit.engine.local import run_in_processes
from credit.evaluation.predictions import Predictions, read_predictions, sort_by_fold, write_predictions
from credit.selection.fold_features import PredictParams, select_in_folds
from credit.selection.selection import SelectFeaturesParams, select_features
from credit.training.candidates import load_candidate
from credit.training.cross_fitting import rescore_out_of_fold, score_out_of_fold
from credit.training.train import TrainParams
from stages.predict import predict_folds
from stages.select_in_folds import choose_predictions
from testing.lenders.frozen import CANDIDATES, LENDER
from testing.lenders.people import make_contract
from testing.projects import Project

LENDER_PARAMS = yaml.safe_load((LENDER / "params.yaml").read_text())
FOREST = LENDER_PARAMS["train"]["random_forest"] | {"n_estimators": 20, "min_samples_leaf": 1}
TRAIN = TrainParams.model_validate(LENDER_PARAMS["train"] | {"random_forest": FOREST})
SELECT = read_params(SelectFeaturesParams, "select_features", LENDER / "params.yaml")
PREDICT = PredictParams(out_of_fold="always", out_of_fold_up_to=0, folds=4, salt="a")
BY_HASH = SplitParams(by="hash", test_share=0.3, salt="a")


def contract(features: list[str], **more: Column) -> Contract:
    numbers = {name: Column(type="number", role="feature", description="d") for name in features}
    score = Column(type="number", role="score", threshold=0, description="d")
    return make_contract(**numbers, score=score, **more).complete_rule()


def noise(rows: int, columns: int, seed: int = 0) -> pd.DataFrame:
    """Features that say nothing about the label, and a score that says a little: its AUC is 0.58."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(rows, columns)), columns=[f"x{i}" for i in range(columns)])
    paid = rng.random(rows) < 0.6
    return frame.assign(score=rng.normal(size=rows) + 0.3 * paid, race=rng.choice(["white", "Black"], rows), paid=paid)


def auc(y: Any, scores: Any) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(y, scores))


def test_features_chosen_on_all_rows_would_guess_chance_and_those_chosen_in_the_fold_do_not() -> None:
    """The best 10 of 1,500 columns of noise look good on the rows that chose them: the fold must choose its own."""
    frame = noise(160, 1500)
    features = [name for name in frame if name.startswith("x")]
    told = contract(features)
    settings = SELECT.model_copy(update={"max_features": 10})
    codes = np.arange(160) % 4
    kept = select_in_folds(told, settings, frame, codes)
    assert len({tuple(names) for names in kept}) == 4
    inside = score_out_of_fold("random_forest", TRAIN, told, frame, codes, kept).scores
    chosen_on_all = select_features(told, settings, frame.__getitem__).kept
    leaked = score_out_of_fold("random_forest", TRAIN, told, frame, codes, [chosen_on_all] * 4).scores
    assert auc(frame["paid"], inside) < 0.5
    assert auc(frame["paid"], leaked) > 0.6


def test_every_row_is_scored_and_by_a_model_that_has_not_seen_it(tmp_path: Path) -> None:
    """A forest of single leaves knows by heart what it has seen."""
    frame = noise(300, 5)
    frame.to_parquet(tmp_path / "accepted.parquet", index=False)
    features = [f"x{i}" for i in range(5)]
    told = {
        name: predict_folds(name, contract(features), tmp_path / "accepted.parquet", PREDICT, [features] * 4, TRAIN)
        for name in CANDIDATES
    }
    for predictions in told.values():
        assert np.isfinite(predictions.scores).all()
        assert set(predictions.decisions) <= {"approve", "refer", "deny"}
        assert (predictions.favourable == frame["paid"]).all()
    assert auc(frame["paid"], told["random_forest"].scores) < 0.7


def test_equal_rows_share_a_fold_and_a_row_keeps_its_fold_when_the_table_grows(tmp_path: Path) -> None:
    frame = noise(200, 2)
    told = contract(["x0", "x1"])
    frame.to_parquet(tmp_path / "small", index=False)
    pd.concat([frame, noise(100, 2, seed=1), frame]).to_parquet(tmp_path / "large", index=False)
    small = assign_folds(told, tmp_path / "small", 5, "a")
    large = assign_folds(told, tmp_path / "large", 5, "a")
    assert set(small) == set(range(5))
    assert (large[:200] == small).all()
    assert (large[-200:] == small).all()
    assert (assign_folds(told, tmp_path / "small", 5, "b") != small).any()


@pytest.mark.parametrize(
    ("out_of_fold", "rows", "black", "folded", "why"),
    [
        ("until_power", 1000, 400, True, "1,000 accepted rows, at most 1,000"),
        (
            "until_power",
            1001,
            5,
            True,
            "with 5 test rows of race Black, 70% of its reference's approvals would be found",
        ),
        ("until_power", 1001, 5, True, "less than 80%"),
        ("until_power", 1001, 400, False, "and any other group more likely"),
        ("always", 1001, 400, True, "predict.out_of_fold is always"),
        ("never", 1000, 5, False, "predict.out_of_fold is never"),
    ],
)
def test_everybody_is_scored_out_of_fold_until_the_test_rows_are_enough(
    out_of_fold: Any, rows: int, black: int, folded: bool, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    race = ["white"] * 2000 + ["Black"] * black
    pd.DataFrame({"race": race, "paid": np.arange(len(race)) % 4 > 0}).to_parquet(tmp_path / "test")
    monkeypatch.chdir(LENDER)
    params = PREDICT.model_copy(update={"out_of_fold": out_of_fold, "out_of_fold_up_to": 1000})
    chosen, told = choose_predictions(params, BY_HASH, contract([]), rows, tmp_path / "test")
    assert chosen is folded
    assert why in told


def test_nobody_is_judged_by_rows_from_later(tmp_path: Path) -> None:
    by_time = BY_HASH.model_copy(update={"by": "time"})
    always = PREDICT.model_copy(update={"out_of_fold": "always"})
    chosen, why = choose_predictions(always, by_time, contract([]), 10, tmp_path / "test")
    assert not chosen
    assert "nobody is judged by a model that has seen later people" in why


def test_a_fold_without_both_classes_is_an_error_that_says_what_to_do() -> None:
    frame = noise(40, 2).assign(paid=[True] * 39 + [False])
    with pytest.raises(CreditError, match=r"predict\.folds: found a fold with 0 rows of the rarer class.*fewer folds"):
        select_in_folds(contract(["x0", "x1"]), SELECT, frame, np.arange(40) % 4)


def test_an_error_in_a_fold_is_the_error_of_the_stage() -> None:
    frame = noise(200, 2)
    told = contract(["x0", "x1"])
    with pytest.raises(CreditError, match="is the value reversed"):
        score_out_of_fold(
            "heuristic", TRAIN, told, frame.assign(score=-5 * frame["paid"] + 2), np.arange(200) % 4, [["x0"]] * 4
        )


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.usefixtures("all_cores")
def test_a_worker_that_the_system_kills_is_an_error_of_one_line() -> None:
    with pytest.raises(CreditError, match="predict: a worker was killed"):
        list(run_in_processes([delayed(_die)()], "predict"))


def test_a_file_gives_back_what_was_written(tmp_path: Path) -> None:
    told = contract(["x0"], id=Column(type="text", role="id", description="d"))
    written = Predictions(
        pd.DataFrame({"id": ["a", "b", "c"], "race": ["white", None, "Black"]}),
        np.array([1, 0, 1]),
        np.array([True, False, True]),
        np.array([0.5, np.nan, 1 / 3]),
        np.array(["approve", "refer", "deny"]),
    )
    write_predictions(tmp_path / "a.parquet", told, written)
    read = read_predictions(tmp_path / "a.parquet", told)
    pd.testing.assert_frame_equal(read.people[["id", "race"]], written.people, check_dtype=False)
    for left, right in zip(read[1:], written[1:], strict=True):
        np.testing.assert_array_equal(left, right)
    assert sort_by_fold(read).people["id"].tolist() == ["b", "a", "c"]
    assert sort_by_fold(read).decisions.tolist() == ["refer", "approve", "deny"]


def test_a_large_table_is_scored_on_its_test_rows_by_the_candidates_as_they_are(finished: Project) -> None:
    finished.edit("params.yaml", "out_of_fold: until_power ", "out_of_fold: never ")
    finished.run("dvc", "repro", "--quiet", "--single-item", "select_in_folds", "predict@logistic")
    test = open_table(finished.folder / "data/test.parquet")
    told = load_contract(finished.folder / "data/contracts/loanapp.yaml").bind(test.schema_arrow.names, "test")
    name = finished.folder / "data/predictions/logistic.parquet"
    predictions = read_predictions(name, told)
    models, reports = finished.folder / "models/candidates", finished.folder / "reports/candidates"
    candidate = load_candidate(models / "logistic.skops", reports / "logistic.json")
    np.testing.assert_array_equal(predictions.scores, candidate.score_frame(told, make_frame(test.read())))
    report = yaml.safe_load((finished.folder / "reports/predictions.json").read_text())
    assert (report["predictions"], report["rows"], report["kept_in_folds"]) == (
        "test rows",
        len(predictions.scores),
        [],
    )


@pytest.mark.parametrize("name", ["heuristic", "logistic", "random_forest"])
def test_rescoring_gives_the_scores_of_predict_at_thresholds_that_are_as_good(name: str) -> None:
    """A fold's thresholds are set on the scores out of fold of the others, which saves the inner cross-validation."""
    frame = noise(400, 5)
    told, codes = contract([f"x{i}" for i in range(5)]), np.arange(400) % 4
    kept = [[f"x{i}" for i in range(5)]] * 4
    slow = score_out_of_fold(name, TRAIN, told, frame, codes, kept)
    quick = rescore_out_of_fold(name, TRAIN, told, frame, codes, kept)
    assert (quick.scores == slow.scores).all()
    if name == "heuristic":
        assert (quick.decisions == slow.decisions).all()
        return
    missed = [abs((one.decisions == "approve").mean() - frame["paid"].mean()) for one in (quick, slow)]
    assert missed[0] <= max(missed[1], 0.03)  # both aim at the base rate

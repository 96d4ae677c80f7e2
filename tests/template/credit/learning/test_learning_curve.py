"""The learning curve: sizes, a gain that is known, and gradient boosting on a sample, twice the same bytes."""

import importlib
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from credit.common import candidate_definition
from credit.common.candidate_definition import load_definition
from credit.common.formatting import MINUS
from credit.contract import Contract, load_contract
from credit.data.sampling import hash_rows, mark_sample
from credit.data.tables import is_favourable, open_table, read_marked_rows
from credit.learning.curve import GrowSampleParams, list_sizes, measure_learning, read_tables
from credit.learning.wording import describe_gain
from credit.reports.candidate import CandidateReport, CrossValidated, Thresholds
from credit.scoring.design_matrix import build_design_matrix
from credit.training.skops_files import dump_estimator
from credit.training.train import TrainParams, train_candidate
from testing.lenders.frozen import ROOT
from testing.lenders.loans import CONTRACT, make_loans
from testing.lenders.small import PARAMS


@pytest.fixture
def contract(tmp_path: Path) -> Contract:
    (tmp_path / "mine.yaml").write_text(CONTRACT)
    return load_contract(tmp_path / "mine.yaml")


@pytest.mark.parametrize(
    ("available", "rows", "sizes"),
    [
        (8000, None, [1000, 2000, 4000, 8000]),
        (8000, 2000, [250, 500, 1000, 2000, 4000]),
        (3000, 2000, [250, 500, 1000, 2000, 3000]),
        (8000, 9000, [1000, 2000, 4000, 8000]),
        (7_000_000, None, [25_000, 50_000, 100_000, 200_000]),
        (7_000_000, 150_000, [18_750, 37_500, 75_000, 150_000, 300_000]),
        (7_000_000, 500_000, [62_500, 125_000, 250_000, 500_000, 1_000_000]),
        (300, None, [150, 300]),
        (60, None, [60]),
    ],
)
def test_sizes_are_halves_of_what_is_learned_from_and_twice_as_much_where_there_is_more(
    available: int, rows: int | None, sizes: list[int]
) -> None:
    assert list_sizes(available, rows, GrowSampleParams(points=4, up_to=200_000)) == sizes


def make_report(candidate: str, hyperparameters: dict[str, object]) -> CandidateReport:
    return CandidateReport(
        candidate=candidate,
        features=("score", "income", "employed"),
        hyperparameters=hyperparameters,
        policy=Thresholds(approve_from=0.5, refer_from=0.4),
        cross_validated=CrossValidated(rows=1, roc_auc=0.5, approved=0.5, referred=0.0),
        search=None,
    )


def write_tables(tmp_path: Path, frame: pd.DataFrame) -> tuple[Path, Path]:
    train, test = tmp_path / "train.parquet", tmp_path / "test.parquet"
    frame.iloc[: len(frame) * 2 // 3].to_parquet(train, index=False)
    frame.iloc[len(frame) * 2 // 3 :].to_parquet(test, index=False)
    return train, test


def test_a_curve_that_rises_and_one_that_is_flat_are_told_apart(contract: Contract, tmp_path: Path) -> None:
    """The label turns every 25 points of the score: trees find the turns with rows, a regression never does."""
    loans = make_loans(6000)
    loans["paid"] = (loans["score"].fillna(0) // 25 % 2 == 0).astype(bool)
    train, test = write_tables(tmp_path, loans)
    deep = {"n_estimators": 20, "max_depth": None, "min_samples_leaf": 1, "max_features": 1.0, "max_samples": 4000}
    forest = make_report("random_forest", deep | {"class_weight": None, "keep_directions": False})
    regression = make_report("logistic", {"C": 1.0, "class_weight": None})
    tables = read_tables(contract, [forest, regression], train, test, [125, 4000], 10_000)
    assert [len(rows) for rows in tables.samples.values()] == [125, 4000]
    assert set(tables.samples[125]["score"].index) < set(tables.samples[4000].index)
    rising, flat = (measure_learning(contract, one, 0, tables) for one in (forest, regression))
    assert rising is not None
    assert flat is not None
    assert rising.gain_interval[0] > 0
    assert rising.finding.endswith("more rows would raise it further, if by less each time.")
    assert rising.gain == pytest.approx(rising.points[1].roc_auc - rising.points[0].roc_auc)
    assert abs(flat.gain) < rising.gain / 5
    again = measure_learning(contract, forest, 0, tables)
    assert again == rising


def test_sizes_with_too_few_of_a_class_are_left_out_and_named(contract: Contract, tmp_path: Path) -> None:
    frame = make_loans(1500)
    frame["paid"] = np.arange(len(frame)) % 20 != 0
    train, test = write_tables(tmp_path, frame)
    regression = make_report("logistic", {"C": 1.0, "class_weight": None})
    measured = measure_learning(
        contract, regression, 0, read_tables(contract, [regression], train, test, [100, 500, 1000], 1000)
    )
    assert measured is not None
    assert measured.left_out == (100,)
    assert [point.rows for point in measured.points] == [500, 1000]
    assert measure_learning(contract, regression, 0, read_tables(contract, [regression], train, test, [100], 9)) is None


def test_no_gain_is_said_with_what_is_not_excluded() -> None:
    text = describe_gain("logistic", 1000, 2000, 0.001, (-0.004, 0.006))
    assert text == (
        f"The logistic regression: from 1,000 to 2,000 rows AUC changes by +0.001 ({MINUS}0.004 to +0.006); no gain is "
        "shown, and another step like it would hardly bring more than 0.006."
    )
    assert describe_gain("logistic", 1, 2, -0.1, (-0.2, -0.0)).endswith("more rows would bring nothing.")


def test_gradient_boosting_of_a_sample_is_the_same_bytes_twice_and_from_rows_in_other_parts(
    contract: Contract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The candidate of docs/extending.md, put into the folder of candidates for this test."""
    text = (ROOT / "docs/extending.md").read_text()
    (code,) = re.findall(r'```python title="credit/candidates/gradient_boosting.py"\n(.*?)```', text, re.DOTALL)
    (tmp_path / "gradient_boosting.py").write_text(code)
    package = importlib.import_module("credit.candidates")
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    names = (*candidate_definition.list_definitions(), "gradient_boosting")
    monkeypatch.setattr(candidate_definition, "list_definitions", lambda: names)
    settings = {"n_estimators": 20, "learning_rate": 0.05, "max_depth": 2, "min_samples_leaf": 20, "subsample": 0.5}
    fields = load_definition("gradient_boosting").hyperparameters.model_validate(settings)
    params = TrainParams.model_validate(PARAMS)
    params = params.model_copy(update={"hyperparameters": params.hyperparameters | {"gradient_boosting": fields}})

    def train(parts: int) -> bytes:
        table = tmp_path / f"{parts}.parquet"
        make_loans(2000).to_parquet(table, index=False, row_group_size=2000 // parts)
        marked = mark_sample(hash_rows(contract, table), 800)
        frame = read_marked_rows(open_table(table), ["score", "income", "employed", "paid"], marked)
        X = build_design_matrix(contract, ["score", "income", "employed"], frame).to_numpy()
        assert len(X) == 800
        trained = train_candidate("gradient_boosting", params, X, is_favourable(contract, frame), None, False)
        return dump_estimator(trained.estimator)

    assert train(1) == train(1) == train(7)

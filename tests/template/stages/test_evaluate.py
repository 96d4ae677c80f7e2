"""Every candidate is judged on the same test rows."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from credit.common.errors import CreditError
from credit.contract import Contract, DataSource
from credit.contract.columns import Column
from credit.evaluation.metrics import EvaluateParams, UnitValues
from credit.evaluation.shipped import read_shipped, write_shipped
from credit.scoring.policy import Policy
from credit.training.candidates import Candidate
from credit.training.scores import score_table
from credit.training.threshold_rule import ThresholdRule
from stages.evaluate import evaluate_candidate

CONTRACT = Contract(
    name="t",
    row="r",
    source=DataSource(title="t", licence="l", citation="c"),
    columns={
        "score": Column(type="number", role="score", threshold=620, missing="allowed", description="d"),
        "paid": Column(type="category", role="label", allowed=("yes", "no"), favourable="yes", description="d"),
    },
)
PARAMS = EvaluateParams(
    unit_values=UnitValues(approve_favourable=1, approve_unfavourable=-5, refer=-0.1, deny=0), points=20
)


@pytest.fixture
def candidate() -> Candidate:
    rule = ThresholdRule(620).fit([[500, 0], [500, 0], [700, 0], [700, 0]], [0, 1, 1, 1])
    return Candidate("heuristic", rule, ("score",), Policy(approve_from=0.9, refer_from=0.6))


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    scores = [500.0, 650.0, 800.0, np.nan] * 25
    labels = ["no", "yes", "yes", "yes"] * 25
    pd.DataFrame({"score": scores, "paid": labels}).to_parquet(tmp_path / "test.parquet", index=False)
    return tmp_path / "test.parquet"


def test_the_figures_are_those_counted_by_hand(candidate: Candidate, rows: Path) -> None:
    figures = evaluate_candidate(candidate, CONTRACT, rows, PARAMS).figures
    assert figures.rows == 100
    assert figures.approval_rate == 0.5
    assert figures.referral_rate == 0.25
    assert figures.bad_rate == 0
    assert figures.roc_auc == 1
    assert figures.expected_value == pytest.approx(0.5 * 1 - 0.25 * 0.1)


def test_the_scores_that_are_kept_are_those_of_the_test_rows_in_their_order(
    candidate: Candidate, rows: Path, tmp_path: Path
) -> None:
    evaluation = evaluate_candidate(candidate, CONTRACT, rows, PARAMS)
    write_shipped(tmp_path / "heuristic.parquet", evaluation.scores)
    y, scores = read_shipped(tmp_path / "heuristic.parquet", 100)
    frame = pd.read_parquet(rows)
    assert (y == (frame["paid"] == "yes")).all()
    assert (scores == candidate.score_frame(CONTRACT, frame)).all()
    with pytest.raises(CreditError, match="found 100 rows, expected 99, as many as test rows; run dvc repro"):
        read_shipped(tmp_path / "heuristic.parquet", 99)


def test_partitions_give_the_scores_of_the_whole(
    candidate: Candidate, rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = score_table(candidate, CONTRACT, rows, "test")
    monkeypatch.setattr("credit.data.tables.PARTITION_ROWS", 7)
    for left, right in zip(whole, score_table(candidate, CONTRACT, rows, "test"), strict=True):
        assert (left == right).all()

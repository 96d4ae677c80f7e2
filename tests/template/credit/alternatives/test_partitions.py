"""The rows that the search trains on and is about."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import RobustScaler, StandardScaler

from credit.alternatives.models import name_steps
from credit.alternatives.partitions import KnownScores, Partition, SearchInputs, read_partitions
from credit.contract import Contract, DataSource
from credit.contract.columns import Column
from credit.data.sampling import hash_rows, mark_sample
from credit.reports.features import FeaturesReport
from credit.reports.predictions import PredictionsReport
from credit.training.train import TrainParams
from testing.lenders.small import PARAMS

COLUMNS = {
    "x": Column(type="integer", role="feature", description="d"),
    "race": Column(type="category", role="protected", allowed=("a", "b"), reference="a", description="d"),
    "paid": Column(type="boolean", role="label", favourable=True, description="d"),
}
CONTRACT = Contract(name="t", row="r", source=DataSource(title="t", licence="l", citation="c"), columns=COLUMNS)
PEOPLE = np.arange(1000) % 4 == 1


def read(
    folder: Path, most_rows: int, folds: int, monkeypatch: pytest.MonkeyPatch, sample: int | None = None
) -> Partition:
    """Read one partition of a thousand rows, where `x` is the number of the row; 0 folds: training and test rows."""
    monkeypatch.setattr("credit.data.tables.PARTITION_ROWS", 300)
    rows = np.arange(1000)
    frame = pd.DataFrame({"x": rows, "race": np.where(rows % 3, "a", "b"), "paid": rows % 2 > 0})
    for name in ("accepted", "train", "test"):
        frame.to_parquet(folder / name, index=False)
    FeaturesReport(label="paid", kept=("x",), all_together_guess={}, features=()).write(folder / "features")
    kind = "out of fold" if folds else "test rows"
    predicted = PredictionsReport(predictions=kind, why="w", rows=1000, kept_in_folds=(("x",),) * folds)
    known = KnownScores(rows % max(folds, 1), {"logistic": rows / 1000})
    files = SearchInputs(*(folder / name for name in ("accepted", "train", "test", "features")))
    of_folds = PARAMS["cross_validation"] | {"rows": most_rows}
    training = TrainParams.model_validate(PARAMS | {"rows": sample, "cross_validation": of_folds})
    (partition,) = read_partitions(CONTRACT, files, predicted, [known], [], training, PEOPLE)
    return partition


def test_test_rows_are_those_of_the_sample_and_training_rows_are_thinned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, thinned = (read(tmp_path, most, 0, monkeypatch) for most in (1000, 400))
    for one in (whole, thinned):
        (fold,) = one.folds
        assert fold.unseen["x"].tolist() == np.flatnonzero(PEOPLE).tolist()
        assert one.codes.tolist() == [0] * 250
    assert whole.folds[0].seen["x"].tolist() == list(range(1000))
    assert thinned.folds[0].seen["x"].tolist() == list(range(0, 1000, 3))
    assert whole.as_trained["logistic"].tolist() == (np.flatnonzero(PEOPLE) / 1000).tolist()
    assert not thinned.as_trained  # by models of more rows than those of the search


def test_a_fold_scores_its_people_of_the_sample_and_learns_from_everybody_outside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    partition = read(tmp_path, 1000, 5, monkeypatch)
    for number, fold in enumerate(partition.folds):
        assert fold.unseen["x"].tolist() == [row for row in range(1, 1000, 4) if row % 5 == number]
        assert fold.seen["x"].tolist() == [row for row in range(1000) if row % 5 != number]
    assert partition.codes.tolist() == (np.flatnonzero(PEOPLE) % 5).tolist()


def test_steps_have_one_name_before_and_after_fitting_and_another_with_other_parameters() -> None:
    names = []
    for quantile in (0.5, 0.1):
        steps = make_pipeline(SimpleImputer(), RobustScaler(quantile_range=(quantile, 90)))
        names.append(name_steps(steps))
        assert name_steps(steps.fit(np.arange(10.0)[:, None])) == names[-1]
    assert names[0] != names[1] != name_steps(make_pipeline(SimpleImputer(), StandardScaler()))


@pytest.mark.parametrize("folds", [0, 4])
def test_alternatives_learn_from_the_rows_that_candidates_learned_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folds: int
) -> None:
    partition = read(tmp_path, 1000, folds, monkeypatch, sample=300)
    hashes = hash_rows(CONTRACT, tmp_path / "train")
    for number, fold in enumerate(partition.folds):
        outside = np.arange(1000) % folds != number if folds else np.ones(1000, np.bool_)
        expected = np.flatnonzero(outside)[mark_sample(hashes[outside], 300)]
        assert fold.seen["x"].tolist() == expected.tolist()
    assert partition.as_trained  # by models of just these rows
    assert not read(tmp_path, 200, folds, monkeypatch, sample=300).as_trained

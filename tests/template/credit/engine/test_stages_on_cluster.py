"""A stage that is run on a cluster writes the files that it writes here, byte by byte."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click import Command

from credit.alternatives.fold_scores import score_variants
from credit.alternatives.models import TunedModel
from credit.alternatives.variants import Variant
from credit.candidates.random_forest import RandomForestParams
from credit.common.params import read_params
from credit.contract import load_contract
from credit.data.tables import is_favourable
from credit.engine.identity import describe_process
from credit.engine.settings import VARIABLE
from credit.reports.features import FeaturesReport
from credit.reports.predictions import PartitionFeatures, PredictionsReport
from credit.scoring.design_matrix import build_design_matrix
from credit.training.skops_files import save_estimator
from credit.training.train import TrainParams, train_candidate
from stages import predict, rescore, select_features, validate
from testing.lenders.loans import make_loans
from testing.lenders.quick import CONTRACT_FILE, QuickLender, make_quick_lender
from tests.template.credit.alternatives.test_searched import CONTRACT as SMALL
from tests.template.credit.alternatives.test_searched import PARTITIONS, SELECT, regress

KEPT = (("income", "home"), ("employed", "income"))

RunBy = Callable[..., dict[str, bytes]]


@pytest.fixture
def lender(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> QuickLender:
    """A lender in the current folder; workers are in the project's, so that it is to name its files in full."""
    describe_process()  # before the folder is another one
    monkeypatch.chdir(tmp_path)
    return make_quick_lender()


@pytest.fixture
def run_by(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> RunBy:
    """Run a stage by an engine; read the files that it writes, and remove them."""

    def run(engine: str, stage: Command, arguments: Sequence[str | Path], outputs: Sequence[str]) -> dict[str, bytes]:
        monkeypatch.setenv(VARIABLE, engine)
        assert stage.callback is not None
        stage.callback(*arguments, *(tmp_path / name for name in outputs))
        told = {name: (tmp_path / name).read_bytes() for name in outputs}
        for name in outputs:
            (tmp_path / name).unlink()
        return told

    return run


def write_typed(file: Path) -> Path:
    """Write loans of which some break the contract, and four have one id."""
    loans = make_loans(300)
    loans.loc[[7, 120, 290], "income"] = -1.0
    loans.loc[[3, 150, 299], "id"] = 3
    loans.to_parquet(file, index=False)
    return file


def test_validate_sets_the_same_rows_aside(
    cluster: str, lender: QuickLender, run_by: RunBy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed, outputs = write_typed(tmp_path / "typed.parquet"), ("accepted", "aside", "report")
    given = (CONTRACT_FILE, typed)
    monkeypatch.setattr("credit.data.tables.PARTITION_ROWS", 50)
    here = run_by("local", validate.run, given, outputs)
    assert pq.read_table(pa.BufferReader(here["aside"])).column("row").to_pylist() == [3, 4, 8, 121, 151, 291, 300]
    assert run_by(cluster, validate.run, given, outputs) == here


def train_logistic(folder: Path) -> tuple[Path, Path]:
    params, contract, frame = read_params(TrainParams, "train"), load_contract(CONTRACT_FILE), make_loans(300)
    matrix, paid = build_design_matrix(contract, KEPT[0], frame).to_numpy(), is_favourable(contract, frame)
    trained = train_candidate("logistic", params, matrix, paid, contract.rule)
    save_estimator(trained.estimator, folder / "model.skops")
    trained.make_report("logistic", KEPT[0]).write(folder / "logistic.json")
    return folder / "model.skops", folder / "logistic.json"


@pytest.fixture
def folded(lender: QuickLender, tmp_path: Path) -> Path:
    """A folder with a table of people who are judged out of fold, the features of its folds and of another cut."""
    make_loans(300).to_parquet(tmp_path / "accepted", index=False)
    report = PredictionsReport(predictions="out of fold", why="few", rows=300, kept_in_folds=KEPT)
    report.write(tmp_path / "report")
    PartitionFeatures(kept=(KEPT[::-1],)).write(tmp_path / "features")
    return tmp_path


def test_predict_scores_folds_alike(cluster: str, folded: Path, run_by: RunBy) -> None:
    table, none = folded / "accepted", folded / "none"
    given = ("logistic", CONTRACT_FILE, table, table, none, none, folded / "report")
    here = run_by("local", predict.run, given, ["scored"])
    assert len(set(pq.read_table(pa.BufferReader(here["scored"])).column("score").to_pylist())) > 20
    assert run_by(cluster, predict.run, given, ["scored"]) == here


def test_rescore_scores_another_cut_into_folds_alike(cluster: str, folded: Path, run_by: RunBy) -> None:
    _, candidate = train_logistic(folded)
    given = ("logistic", CONTRACT_FILE, folded / "accepted", folded / "report", folded / "features", candidate)
    here = run_by("local", rescore.run, given, ["partitions", "reseeded"])
    assert pq.read_table(pa.BufferReader(here["partitions"])).num_rows == 300
    assert run_by(cluster, rescore.run, given, ["partitions", "reseeded"]) == here


def test_alternatives_score_alike(cluster: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folds of both partitions by a regression, and by a forest."""
    trees = {"n_estimators": 10, "max_depth": 3, "min_samples_leaf": 1, "max_features": None, "max_samples": 100}
    small = RandomForestParams(**trees, class_weight=None)
    forest = Variant("random_forest", {}, TunedModel("random_forest", small))
    told = []
    for engine in ("local", cluster):
        monkeypatch.setenv(VARIABLE, engine)
        scored = score_variants(SMALL, SELECT, PARTITIONS, [regress(1), forest], seed=0)
        told.append([[scores.tobytes() for scores in one] for one in scored])
    assert told[0] == told[1]
    assert len({*told[0][0], *told[0][1]}) == 4


def test_features_are_the_same_however_columns_are_dealt(
    cluster: str, lender: QuickLender, run_by: RunBy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "train.parquet"
    make_loans(300).to_parquet(table, index=False)
    lender.params["select_features"] |= {"sample": 100, "min_group": 1000}
    told = []
    for engine in ("local", cluster):
        for partitions in (1, 2, 7) if engine == "local" else (2, None):
            lender.params["engine"] = {"partitions": partitions}
            lender.write()
            told.append(run_by(engine, select_features.run, (CONTRACT_FILE, table), ["features"]))
    assert len(FeaturesReport.model_validate_json(told[0]["features"]).features) == 4
    assert told == told[:1] * 5


def test_predict_scores_blocks_of_test_rows_alike(
    cluster: str, lender: QuickLender, run_by: RunBy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "table.parquet"
    make_loans(300).to_parquet(table, index=False)
    trained = train_logistic(tmp_path)
    PredictionsReport(predictions="test rows", why="many", rows=300, kept_in_folds=()).write(tmp_path / "report")
    given = ("logistic", CONTRACT_FILE, table, table, *trained, tmp_path / "report")
    monkeypatch.setattr("credit.data.tables.PARTITION_ROWS", 50)
    here = run_by("local", predict.run, given, ["scored"])
    assert run_by(cluster, predict.run, given, ["scored"]) == here

"""An earlier search saves the training of the variants that are the same, and of no others."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from credit.alternatives import fold_scores, searched
from credit.alternatives.models import FoldData, Scores, TunedModel
from credit.alternatives.partitions import Partition
from credit.alternatives.searched import FILE, hash_basis, score_new_variants
from credit.alternatives.variants import Variant
from credit.candidates.logistic import LogisticParams
from credit.common.params import read_params
from credit.contract import Contract, DataSource
from credit.contract.columns import Column
from credit.selection.selection import SelectFeaturesParams
from credit.training.cross_fitting import CrossFittingFold
from testing.lenders.frozen import LENDER

SELECT = read_params(SelectFeaturesParams, "select_features", LENDER / "params.yaml")
CONTRACT = Contract(
    name="t",
    row="r",
    source=DataSource(title="t", licence="l", citation="c"),
    columns={
        "x": Column(type="number", role="feature", description="d"),
        "race": Column(type="category", role="protected", allowed=("a", "b"), reference="a", description="d"),
        "paid": Column(type="boolean", role="label", favourable=True, description="d"),
    },
)
ROWS = np.arange(60)
FRAME = pd.DataFrame({"x": ROWS % 7 / 7, "race": np.where(ROWS % 3, "a", "b"), "paid": ROWS % 5 > 1})
EVERYBODY = np.ones(60, np.bool_)


def divide(step: int) -> Partition:
    """Divide the rows into two folds."""
    codes = ROWS // step % 2
    return Partition(codes, [CrossFittingFold(FRAME[codes != fold], FRAME[codes == fold], ["x"]) for fold in (0, 1)])


PARTITIONS = [divide(1), divide(2)]


def regress(C: float, **more: Any) -> Variant:
    return Variant("logistic", {"C": C}, TunedModel("logistic", LogisticParams(C=C, class_weight=None)), **more)


@pytest.fixture
def trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """In a folder without an earlier search: the C of each training, which grows."""
    monkeypatch.chdir(tmp_path)
    known: list[float] = []
    score = fold_scores._score_by

    def note(model: TunedModel, data: FoldData, seed: int) -> Scores:
        known.append(model.hyperparameters.model_dump()["C"])
        return score(model, data, seed)

    monkeypatch.setattr(fold_scores, "_score_by", note)
    return known


def search(some: list[Variant], basis: str = "one", partitions: list[Partition] = PARTITIONS) -> list[list[Scores]]:
    return score_new_variants(CONTRACT, SELECT, partitions, some, 0, basis)


def test_only_new_variants_are_trained_and_scores_are_those_of_a_search_from_nothing(
    trained: list[float], tmp_path: Path
) -> None:
    search([regress(0.1), regress(1)])
    assert trained == [0.1, 1] * 4  # folds of two partitions
    trained.clear()
    scores = search([regress(1), regress(10)])
    assert trained == [10] * 4
    kept = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).unlink()
    np.testing.assert_array_equal(scores, search([regress(1), regress(10)]))
    assert (tmp_path / FILE).read_bytes() == kept


def test_another_basis_or_a_file_that_cannot_be_read_saves_nothing(trained: list[float], tmp_path: Path) -> None:
    search([regress(1)])
    trained.clear()
    search([regress(1)], basis="another")
    assert trained == [1] * 4
    whole = (tmp_path / FILE).read_bytes()
    flipped = [whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :] for place in range(0, len(whole), 97)]
    for broken in (b"", b"torn", b"\n", whole[:-1], *flipped):
        (tmp_path / FILE).write_bytes(broken)
        trained.clear()
        search([regress(1)], basis="another")
        assert trained == [1] * 4
        assert (tmp_path / FILE).read_bytes() == whole


def test_the_same_model_of_other_features_is_another_variant(trained: list[float]) -> None:
    search([regress(1)])
    trained.clear()
    search([regress(1, features=(("max_features", 1),))])
    assert trained == [1] * 4


def test_the_scores_of_a_candidate_as_trained_are_read_where_they_are_written(
    trained: list[float], tmp_path: Path
) -> None:
    """They are not kept a second time: those of another training may differ in the last bit."""
    known = [one._replace(as_trained={"logistic": np.linspace(0, 1, 60)}) for one in PARTITIONS]
    ((first, _), _) = search([regress(1, as_trained=True), regress(10)], partitions=known)
    assert first.tolist() == np.linspace(0, 1, 60).tolist()
    trained.clear()
    search([regress(1), regress(10)])
    assert trained == [1] * 4


def test_the_scores_of_a_candidate_as_trained_go_before_those_of_an_earlier_search(trained: list[float]) -> None:
    """Or a run would have others than the run after it, which has kept none of the candidate."""
    search([regress(1), regress(10)])
    known = [one._replace(as_trained={"logistic": np.linspace(0, 1, 60)}) for one in PARTITIONS]
    of_three_runs = [search([regress(1, as_trained=True), regress(10)], partitions=known) for _ in range(3)]
    for scores, _ in of_three_runs:
        np.testing.assert_array_equal(scores, [np.linspace(0, 1, 60)] * 2)


def test_where_scores_cannot_be_kept_that_is_said_and_nothing_is_lost(
    trained: list[float], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / FILE).mkdir(parents=True)
    assert len(search([regress(1)])) == 1
    assert search([regress(1)])
    assert trained == [1] * 8
    told = ".dvc/tmp/searched: the scores could not be kept: Is a directory; the next search trains all again\n"
    assert capsys.readouterr().err.endswith(told)


def test_the_basis_is_all_that_scores_depend_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = tmp_path / "table"
    table.write_bytes(b"rows")
    given = ([table], PARTITIONS, EVERYBODY, ["settings"])
    first = hash_basis(*given)
    assert hash_basis(*given) == first
    fewer = EVERYBODY.copy()
    fewer[0] = False
    other_features = PARTITIONS[0]._replace(folds=[one._replace(kept=[]) for one in PARTITIONS[0].folds])
    others = [
        hash_basis([table], PARTITIONS[::-1], EVERYBODY, ["settings"]),
        hash_basis([table], [other_features, PARTITIONS[1]], EVERYBODY, ["settings"]),
        hash_basis([table], PARTITIONS, fewer, ["settings"]),
        hash_basis([table], PARTITIONS, EVERYBODY, ["others"]),
    ]
    table.write_bytes(b"more rows")
    others.append(hash_basis(*given))
    table.write_bytes(b"rows")
    process = searched.describe_process()
    for changed in (process._replace(code="other"), process._replace(packages={"scikit-learn": "0"})):
        monkeypatch.setattr(searched, "describe_process", lambda changed=changed: changed)
        others.append(hash_basis(*given))
    monkeypatch.setattr(searched, "describe_process", lambda: process)
    assert hash_basis(*given) == first
    (tmp_path / "lightgbm-4.6.0.dist-info").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    others.append(hash_basis(*given))
    assert len({first, *others}) == 1 + len(others)

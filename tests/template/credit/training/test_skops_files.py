"""Estimators as files."""

import io
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier

from credit.common.errors import CreditError
from credit.training.skops_files import load_estimator, save_estimator
from testing.imports import ROOT

RNG = np.random.default_rng(0)
X = RNG.normal(size=(500, 4)).astype(np.float32)
Y = X[:, 0] + RNG.normal(size=500) > 0


def forest() -> RandomForestClassifier:
    return RandomForestClassifier(20, random_state=0, n_jobs=-1).fit(X, Y)


def test_a_saved_forest_answers_the_same(tmp_path: Path) -> None:
    model = forest()
    save_estimator(model, tmp_path / "model.skops")
    assert (load_estimator(tmp_path / "model.skops", "random_forest").predict_proba(X) == model.predict_proba(X)).all()


def test_the_same_forest_is_the_same_bytes(tmp_path: Path) -> None:
    """skops writes memory addresses and times; the padding of tree nodes is whatever memory held."""
    files = [tmp_path / f"{i}.skops" for i in range(3)]
    for file in files:
        save_estimator(forest(), file)
    assert len({file.read_bytes() for file in files}) == 1


def test_another_forest_is_other_bytes(tmp_path: Path) -> None:
    save_estimator(forest(), tmp_path / "a")
    save_estimator(RandomForestClassifier(20, random_state=1).fit(X, Y), tmp_path / "b")
    assert (tmp_path / "a").read_bytes() != (tmp_path / "b").read_bytes()


def test_a_pickle_is_never_loaded(tmp_path: Path) -> None:
    file = tmp_path / "model.skops"
    file.write_bytes(pickle.dumps(forest()))
    with pytest.raises(CreditError, match=r"model\.skops: not a model file: .*; run dvc checkout"):
        load_estimator(file, "random_forest")


def test_an_estimator_of_a_type_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    import skops.io

    file = tmp_path / "model.skops"
    skops.io.dump(KNeighborsClassifier(algorithm="kd_tree").fit(X, Y), file)
    trusted = r"types that skops or credit/candidates/random_forest\.py trusts; add them to trusted_types in"
    with pytest.raises(CreditError, match=rf"model\.skops: found sklearn\..*KDTree.*, expected {trusted}"):
        load_estimator(file, "random_forest")


@pytest.mark.parametrize("cut", [0, 100, -100])
def test_a_truncated_file_is_named(tmp_path: Path, cut: int) -> None:
    file = tmp_path / "model.skops"
    save_estimator(forest(), file)
    file.write_bytes(file.read_bytes()[:cut])
    with pytest.raises(CreditError, match=r"model\.skops"):
        load_estimator(file, "random_forest")


def test_a_missing_file_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(CreditError, match="run dvc repro"):
        load_estimator(tmp_path / "none.skops", "random_forest")


def test_a_model_is_written_without_the_libraries_that_are_beside_it_by_chance(tmp_path: Path) -> None:
    """Dask and pytest are installed here; skops has the same types without them, and they can be imported later."""
    told = """
import sys
from sklearn.dummy import DummyClassifier
from credit.training.skops_files import dump_estimator
dump_estimator(DummyClassifier())
print({"dask", "pytest"} & set(sys.modules))
from skops.io._trusted_types import SKLEARN_ESTIMATOR_TYPE_NAMES as without
import dask, pytest
from sklearn.utils import all_estimators
names = {one.__name__ for _, one in all_estimators()}
print(len(names), names - {name.rpartition(".")[2] for name in without})
"""
    done = subprocess.run([sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded, found = done.stdout.splitlines()
    assert loaded == "set()"
    count, lacking = found.split(maxsplit=1)
    assert int(count) > 150
    assert lacking == "set()"


def test_no_time_and_no_address_is_stored(tmp_path: Path) -> None:
    save_estimator(forest(), tmp_path / "model.skops")
    with zipfile.ZipFile(io.BytesIO((tmp_path / "model.skops").read_bytes())) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert all(len(Path(info.filename).stem) < 7 for info in archive.infolist())

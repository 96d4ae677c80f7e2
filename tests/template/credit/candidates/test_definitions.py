"""Every file of credit/candidates/ is a whole candidate, and what is none is refused in one line."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import make_pipeline

import credit.candidates
from credit.candidates import logistic
from credit.common import candidate_definition
from credit.common.candidate_definition import BuildContext, label_candidate, list_definitions, load_definition
from credit.common.errors import CreditError
from credit.common.params import read_params
from credit.contract.rule import Rule
from credit.scoring.policy import Policy
from credit.training.agreement import check_agreement, prove_shippable
from credit.training.onnx_export import export_onnx
from credit.training.search import find_grid_problems
from credit.training.skops_files import dump_estimator
from credit.training.train import TrainParams, check_estimator, train_candidate
from testing.lenders.frozen import ROOT
from testing.lenders.small import PARAMS

TRAIN = TrainParams.model_validate(PARAMS)
RNG = np.random.default_rng(0)
X = RNG.normal(size=(600, 4)).astype(np.float32)
Y = RNG.random(600) < 1 / (1 + np.exp(-2 * X[:, 0]))


def write_params(folder: Path, **changes: Any) -> Path:
    """Write the block `train` with changes, of which a key that is None is left out."""
    block = {key: value for key, value in (PARAMS | changes).items() if changes.get(key, True) is not None}
    (folder / "params.yaml").write_text(yaml.safe_dump({"train": block}))
    return folder / "params.yaml"


def refuse_params(folder: Path, **changes: Any) -> list[str]:
    """The lines of the error about these parameters."""
    with pytest.raises(CreditError) as caught:
        read_params(TrainParams, "train", write_params(folder, **changes))
    return [line.removeprefix(f"{folder}/") for line in str(caught.value).split("\n")]


@pytest.mark.parametrize("name", list_definitions())
def test_a_candidate_has_words_and_a_grid_of_its_own_hyperparameters(name: str) -> None:
    definition = load_definition(name)
    assert not definition.label.startswith(("the ", "a "))
    assert definition.description.endswith(".")
    assert len(definition.description) > 40
    assert not find_grid_problems(TRAIN.search.find_grid(name), TRAIN.find_hyperparameters(name), name)


@pytest.mark.parametrize("name", list_definitions())
def test_a_candidate_loads_nothing_large_before_it_is_built(name: str) -> None:
    told = f"import sys; import credit.candidates.{name}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not {"numpy", "sklearn", "pandas", "onnx"} & set(loaded.split())


@pytest.mark.parametrize("name", list_definitions())
def test_a_candidate_can_be_shipped(name: str) -> None:
    rule = Rule(sql="score", threshold=0.0, approve="at_least")
    trained = train_candidate(name, TRAIN, X, Y, rule, bar=False, groups=(X[:, [1]] > 0).astype(np.int64))
    archive = dump_estimator(trained.estimator)
    agreement = prove_shippable(name, trained.estimator, archive, trained.policy, X, 0)
    assert agreement.largest_difference < 1e-5
    assert agreement.other_decisions == 0


def test_a_candidate_without_a_file_goes_by_its_name() -> None:
    assert label_candidate("some_old_model") == "some old model"
    with pytest.raises(CreditError, match=r"candidate tree: found no credit/candidates/tree\.py, expected one of fair"):
        load_definition("tree")


def test_a_file_without_a_candidate_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(logistic, "CANDIDATE")
    with pytest.raises(
        CreditError, match=r"^credit/candidates/logistic\.py: found no CANDIDATE, expected CANDIDATE = "
    ):
        load_definition("logistic")


def test_a_file_more_is_a_candidate_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("__init__.py", "tree.py", "heuristic.py"):
        (tmp_path / name).touch()
    monkeypatch.setattr(candidate_definition, "FOLDER", tmp_path)
    list_definitions.cache_clear()
    assert list_definitions() == ("heuristic", "tree")
    monkeypatch.undo()
    list_definitions.cache_clear()


def test_each_mistake_in_the_list_or_a_block_is_one_line(tmp_path: Path) -> None:
    known = ", ".join(list_definitions())
    assert refuse_params(tmp_path, candidates=["heuristic", "tree"]) == [
        f"params.yaml: train: found the candidate tree, expected some of {known}; add credit/candidates/tree.py"
    ]
    assert refuse_params(tmp_path, logistic=None) == [
        "params.yaml: train: found no block logistic, expected one, with C, class_weight; "
        "or take it out of train.candidates"
    ]
    assert refuse_params(tmp_path, candidates=["logistic"]) == [
        "params.yaml: train.candidates: found logistic, expected heuristic among them; it is every model's fallback"
    ]
    assert refuse_params(tmp_path, candidates=["heuristic", "logistic", "logistic"]) == [
        "params.yaml: train.candidates: found logistic twice, expected each name once"
    ]
    assert refuse_params(tmp_path, tree={"max_depth": 3}) == ["params.yaml: train.tree: unknown key; is it misspelt?"]


def test_every_problem_of_every_block_is_named_at_once(tmp_path: Path) -> None:
    lines = refuse_params(tmp_path, logistic={"C": -1}, policy={"approval_share": 0.5}, search={"logistic": {"C": []}})
    keys = {line.partition("train.")[2].partition(":")[0] for line in lines}
    assert keys >= {"logistic.C", "logistic.class_weight", "policy.referral_budget", "search.logistic.C"}


def test_a_candidate_that_is_switched_off_is_checked_and_not_run(tmp_path: Path) -> None:
    params = read_params(TrainParams, "train", write_params(tmp_path, candidates=["heuristic"]))
    assert params.candidates == ("heuristic",)
    assert refuse_params(tmp_path, candidates=["heuristic"], logistic={"C": 0, "class_weight": None})


def fit(last: Any) -> Any:
    return make_pipeline(SimpleImputer(), last).fit(X, Y)


def test_what_onnx_cannot_do_is_one_line_with_the_operator_and_the_file() -> None:
    """skl2onnx itself prints every number of the model: 52,000 lines."""
    with pytest.raises(CreditError) as caught:
        export_onnx("random_forest", fit(HistGradientBoostingClassifier()), 4)
    assert str(caught.value) == (
        "credit/candidates/random_forest.py: found a HistGradientBoostingClassifier that cannot be converted to ONNX "
        "(the operator TreeEnsembleClassifier fails), expected an estimator that skl2onnx converts; "
        "build another one, or make its graph in make_onnx"
    )
    wrapped = FixedThresholdClassifier(
        load_definition("logistic").build(TRAIN.hyperparameters["logistic"], BuildContext(2, 0))
    )
    with pytest.raises(CreditError, match=r"found a FixedThresholdClassifier .*skl2onnx has no converter for it"):
        export_onnx("logistic", fit(wrapped), 4)


def test_a_type_that_nobody_trusts_is_refused_before_anything_is_written() -> None:
    message = r"^credit/candidates/random_forest\.py: found .*TreePredictor, expected .*; add them to trusted_types in "
    estimator, policy = fit(HistGradientBoostingClassifier()), Policy(approve_from=0.5, refer_from=0.4)
    archive = dump_estimator(estimator)
    with pytest.raises(CreditError, match=message):
        prove_shippable("random_forest", estimator, archive, policy, X, 0)


def test_a_model_without_probabilities_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    ridge = make_pipeline(SimpleImputer(), RidgeClassifier())
    object.__setattr__(load_definition("logistic"), "build", lambda *_: ridge)
    try:
        with pytest.raises(CreditError, match=r"^credit/candidates/logistic\.py: found a Pipeline that gives no prob"):
            train_candidate("logistic", TRAIN, X, Y, None, bar=False)
    finally:
        object.__setattr__(load_definition("logistic"), "build", logistic.build)


def test_what_is_no_pipeline_is_one_line() -> None:
    bare = RandomForestClassifier(3)
    with pytest.raises(
        CreditError, match=r"^credit/candidates/random_forest\.py: found a RandomForestClassifier, expected a"
    ):
        check_estimator("random_forest", bare)
    check_estimator("random_forest", fit(bare))


@pytest.mark.parametrize("text", ["import nothing_there", "x = (", "CANDIDATE = CandidateDefinition()"])
def test_a_file_that_cannot_be_imported_is_one_line(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "wip.py").write_text(f"from credit.common.candidate_definition import CandidateDefinition\n{text}\n")
    monkeypatch.setattr(candidate_definition, "FOLDER", tmp_path)
    monkeypatch.setattr(credit.candidates, "__path__", [str(tmp_path)])
    list_definitions.cache_clear()
    try:
        with pytest.raises(
            CreditError, match=r"^credit/candidates/wip\.py: found \w+Error: .*, expected a def"
        ) as caught:
            load_definition("wip")
        assert "\n" not in str(caught.value)
    finally:
        monkeypatch.undo()
        list_definitions.cache_clear()


def test_training_rows_that_onnx_decides_otherwise_are_named() -> None:
    policy = Policy(approve_from=0.5, refer_from=0.0)
    with pytest.raises(CreditError, match=r"^rows: row 1: found refer by ONNX .* at most 0 rows decided differently"):
        check_agreement("rows", np.array([0.9, 0.499999]), np.array([0.9, 0.500001]), policy, 0)
    with pytest.raises(CreditError, match=r"^rows: row 0: found ONNX 0\.8, scikit-learn 0\.9"):
        check_agreement("rows", np.array([0.8]), np.array([0.9]), policy, 0)

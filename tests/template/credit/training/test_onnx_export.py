"""The ONNX model scores as scikit-learn does, and is always made of the same bytes."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from credit.candidates.logistic import LogisticParams
from credit.candidates.random_forest import RandomForestParams
from credit.common.candidate_definition import BuildContext, load_definition
from credit.common.params import Params
from credit.scoring.onnx import load_onnx, score_each_row
from credit.training.candidates import fit_estimator
from credit.training.onnx_export import export_onnx
from credit.training.threshold_rule import ThresholdRule

SETTINGS: dict[str, Params] = {
    "logistic": LogisticParams(C=1, class_weight=None),
    "random_forest": RandomForestParams(
        n_estimators=20,
        max_depth=None,
        min_samples_leaf=3,
        max_features="sqrt",
        max_samples=500,
        class_weight="balanced",
    ),
}
RNG = np.random.default_rng(0)
X = RNG.normal(50, 20, (600, 4)).astype(np.float32)
X[RNG.random(X.shape) < 0.1] = np.nan
X[:, 3] = np.nan  # a feature that nobody has
Y = RNG.random(600) < 1 / (1 + np.exp(-np.nan_to_num(X[:, 0] - 50) / 10))


def fit(name: str) -> Any:
    unfitted = load_definition(name).build(SETTINGS[name], BuildContext(len(Y), 0))
    return fit_estimator(name, unfitted, X, Y)


@pytest.mark.parametrize("name", SETTINGS)
def test_scores_agree_with_scikit_learn(name: str) -> None:
    estimator = fit(name)
    model = load_onnx(export_onnx(name, estimator, 4))
    assert model.width == 4
    scores = model.score(X)
    assert scores.shape == (600,)
    assert np.abs(scores - estimator.predict_proba(X)[:, 1]).max() < 1e-5
    assert np.abs(score_each_row(model.score, X) - scores).max() < 1e-6


def test_a_forest_scores_each_row_to_the_same_bits_whoever_is_beside_it() -> None:
    model = load_onnx(export_onnx("random_forest", fit("random_forest"), 4))
    assert model.is_row_wise
    alone = score_each_row(model.score, X)
    for size in [*range(1, 101), 127, 128, 129, 600]:
        for start in range(0, len(X), size):
            part = slice(start, start + size)
            assert model.score(X[part]).tobytes() == alone[part].tobytes()


@pytest.mark.parametrize("name", ["logistic", "heuristic"])
def test_a_model_that_multiplies_matrices_or_compares_numbers_is_not_taken_for_one_that_does(name: str) -> None:
    estimator = fit(name) if name in SETTINGS else ThresholdRule(1).fit([[0], [1]], [0, 1])
    assert not load_onnx(export_onnx(name, estimator, 4 if name in SETTINGS else 1)).is_row_wise


def test_one_operator_of_another_kind_makes_a_model_one_that_may_mix_rows() -> None:
    """Also one that a model defines by itself, under the name of one that does not."""
    import onnx

    forest = export_onnx("random_forest", fit("random_forest"), 4)
    other = onnx.load_from_string(forest)
    last = other.graph.node[-1]
    last.output[0] = "before"
    other.graph.node.append(onnx.helper.make_node("Sigmoid", ["before"], ["score"]))
    assert not load_onnx(other.SerializeToString()).is_row_wise
    own = onnx.load_from_string(forest)
    one, same = onnx.helper.make_tensor_value_info("x", 1, []), onnx.helper.make_node("Identity", ["x"], ["y"])
    own.functions.append(onnx.helper.make_function("own", "Unused", [one.name], ["y"], [same], own.opset_import))
    own.opset_import.append(onnx.helper.make_opsetid("own", 1))
    assert not load_onnx(own.SerializeToString()).is_row_wise


def test_the_model_has_one_float_input_and_one_float_output() -> None:
    import onnx

    model = onnx.load_from_string(export_onnx("logistic", fit("logistic"), 4))
    (given,), (taken,) = model.graph.input, model.graph.output
    assert (given.name, taken.name) == ("columns", "score")
    assert {port.type.tensor_type.elem_type for port in (given, taken)} == {onnx.TensorProto.FLOAT}
    assert "ZipMap" not in {node.op_type for node in model.graph.node}


@pytest.mark.parametrize("threshold", [0.7, 0.1, 1, 620])
def test_the_rule_agrees_on_the_threshold_its_neighbours_and_no_score(threshold: float) -> None:
    score = np.float32(threshold)
    near = np.nextafter(score, np.float32([0, 1e9]), dtype=np.float32)
    values = np.array([[near[0]], [score], [near[1]], [np.nan]], np.float32)
    rule = ThresholdRule(threshold).fit([[threshold - 1], [threshold - 1], [threshold], [threshold]], [0, 1, 1, 1])
    expected = rule.predict_proba(values)[:, 1]
    assert expected.tolist() == [0.5, 1, 1, 0.75]
    assert load_onnx(export_onnx("heuristic", rule, 1)).score(values).tolist() == expected.tolist()


@pytest.mark.parametrize("threshold", [0.7, 36.1, -5])
def test_a_rule_by_which_less_is_better_agrees_too(threshold: float) -> None:
    limit = np.float32(threshold)
    near = np.nextafter(limit, np.float32([-1e9, 1e9]), dtype=np.float32)
    values = np.array([[near[0]], [limit], [near[1]], [np.nan]], np.float32)
    people = [[threshold + 1], [threshold + 1], [threshold], [threshold]]
    rule = ThresholdRule(threshold, approve="at_most").fit(people, [0, 1, 1, 1])
    expected = rule.predict_proba(values)[:, 1]
    assert expected.tolist() == [1, 1, 0.5, 0.75]
    assert load_onnx(export_onnx("heuristic", rule, 1)).score(values).tolist() == expected.tolist()


def test_the_rule_reads_its_own_column() -> None:
    rule = ThresholdRule(1, column=1).fit([[9, 0], [9, 1]], [0, 1])
    assert load_onnx(export_onnx("heuristic", rule, 2)).score(np.array([[5, 0], [0, 5]], np.float32)).tolist() == [0, 1]


def test_two_processes_write_the_same_bytes() -> None:
    program = (
        "import hashlib; from test_onnx_export import *\n"
        "for name in SETTINGS: print(hashlib.sha256(export_onnx(name, fit(name), 4)).hexdigest())"
    )
    told = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": f".:{Path(__file__).parent}"},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert told[0] == told[1]
    assert len(told[0].split()) == 2

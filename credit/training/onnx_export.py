"""Export of a trained estimator to ONNX: float32 columns in, the probability of the favourable label out."""

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import helper

from credit.common.candidate_definition import CandidateDefinition, load_definition, name_definition_file
from credit.common.errors import CreditError, Problem
from credit.scoring.onnx import ONNX_INPUT, ONNX_OUTPUT

if TYPE_CHECKING:
    from credit.training.threshold_rule import ThresholdRule

OPSET = {"": 18, "ai.onnx.ml": 3}
"""Fixed, so that a newer converter writes the same model. Read by every onnxruntime since 1.14."""

_IR_VERSION = 8
_SAID = 120  # characters of what a converter said


def export_onnx(candidate: str, estimator: Any, width: int) -> bytes:
    """Export a model: input `columns`, float32 of shape (n, width); output `score`, float32 of shape (n,).

    The same estimator gives the same bytes. Raises CreditError, one line, for an estimator that cannot be converted.
    """
    definition = load_definition(candidate)
    try:
        model = (
            definition.make_onnx(estimator, width)
            if definition.make_onnx
            else _convert_estimator(estimator, width, definition)
        )
        model.graph.input[0].type.CopyFrom(helper.make_tensor_type_proto(onnx.TensorProto.FLOAT, ["rows", width]))
        model.ir_version = _IR_VERSION
        onnx.checker.check_model(model)
    except Exception as error:  # noqa: BLE001 - converters raise whatever they stumble over, with whole models in it
        raise CreditError(_describe_failure(candidate, estimator, error)) from None
    serialized: bytes = model.SerializeToString(deterministic=True)
    return serialized


def _describe_failure(candidate: str, estimator: Any, error: Exception) -> Problem:
    """Describe in one line what could not be converted: the last step, or the one that has no converter."""
    from skl2onnx._supported_operators import sklearn_operator_name_map

    steps = [step for _, step in getattr(estimator, "steps", [("", estimator)])]
    unknown = [step for step in steps if type(step) not in sklearn_operator_name_map]
    culprit = type((unknown or steps)[-1]).__name__
    said = " ".join(str(error)[:10_000].split())  # some print every number of the model
    operator = re.search(r"node '(\w+)'", said)
    why = (
        "skl2onnx has no converter for it"
        if unknown
        else f"the operator {operator[1]} fails"
        if operator
        else f"{type(error).__name__}: {said[:_SAID]}"
    )
    return Problem(
        name_definition_file(candidate),
        f"a {culprit} that cannot be converted to ONNX ({why})",
        "an estimator that skl2onnx converts",
        "build another one, or make its graph in make_onnx",
    )


def _convert_estimator(estimator: Any, width: int, definition: CandidateDefinition) -> onnx.ModelProto:
    """Convert by skl2onnx; drop the predicted class and, of the probabilities, all but the second column."""
    from skl2onnx import convert_sklearn  # not needed where the rule is the champion
    from skl2onnx.common.data_types import FloatTensorType
    from skl2onnx.helpers.onnx_helper import select_model_inputs_outputs

    whole = convert_sklearn(
        estimator,
        ONNX_OUTPUT,
        [(ONNX_INPUT, FloatTensorType([None, width]))],
        options={"zipmap": False, **definition.onnx_options},
        target_opset=OPSET,
    )
    model: onnx.ModelProto = select_model_inputs_outputs(whole, outputs=["probabilities"])
    second = onnx.numpy_helper.from_array(np.array(1, np.int64), "second")
    model.graph.initializer.append(second)
    model.graph.node.append(helper.make_node("Gather", ["probabilities", "second"], [ONNX_OUTPUT], axis=1))
    del model.graph.output[:]
    model.graph.output.append(helper.make_tensor_value_info(ONNX_OUTPUT, onnx.TensorProto.FLOAT, ["rows"]))
    return model


def build_rule_graph(rule: "ThresholdRule") -> onnx.ModelProto:
    """Build the rule as a graph, so that a bundle whose champion is the rule is like any other."""
    constants: dict[str, np.ndarray] = {
        "column": np.array(rule.column, np.int64),
        "threshold": np.array(rule.threshold, np.float32),
        "failed": np.array(rule.share_failed_, np.float32),
        "passed": np.array(rule.share_passed_, np.float32),
        "unknown": np.array((rule.share_failed_ + rule.share_passed_) / 2, np.float32),
    }
    comparison = {"at_least": "GreaterOrEqual", "at_most": "LessOrEqual"}[rule.approve]
    nodes = [
        helper.make_node("Gather", [ONNX_INPUT, "column"], ["value"], axis=1),
        helper.make_node(comparison, ["value", "threshold"], ["reached"]),
        helper.make_node("Where", ["reached", "passed", "failed"], ["known"]),
        helper.make_node("IsNaN", ["value"], ["missing"]),
        helper.make_node("Where", ["missing", "unknown", "known"], [ONNX_OUTPUT]),
    ]
    graph = helper.make_graph(
        nodes,
        ONNX_OUTPUT,
        [helper.make_tensor_value_info(ONNX_INPUT, onnx.TensorProto.FLOAT, ["rows", None])],
        [helper.make_tensor_value_info(ONNX_OUTPUT, onnx.TensorProto.FLOAT, ["rows"])],
        [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid(name, of) for name, of in OPSET.items()])

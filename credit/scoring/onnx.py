"""An ONNX model as a function from design matrix to scores."""

import os
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from credit.common.errors import CreditError, Problem

ONNX_INPUT, ONNX_OUTPUT = "columns", "score"

ScoreFunction = Callable[[NDArray[np.float32]], NDArray[np.float64]]
"""From rows of the design matrix, shape (n, columns), to the probability of the favourable label, shape (n,)."""


class OnnxModel(NamedTuple):
    """A loaded model: the number of columns that it reads, and its scores."""

    width: int
    score: ScoreFunction


def load_onnx(model: bytes) -> OnnxModel:
    """Load a model on one thread, so that equal inputs give equal bits. Safe to call from many threads at once."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # before the import: a model is nobody else's business
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001 - onnxruntime's exceptions have no base but this one
        found = " ".join(str(error).split())[:200]
        raise CreditError(Problem("model.onnx", found, "a model that onnxruntime loads")) from None

    def score(matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        (scores,) = session.run([ONNX_OUTPUT], {ONNX_INPUT: matrix})
        return np.asarray(scores, np.float64)

    return OnnxModel(session.get_inputs()[0].shape[1], score)


def score_each_row(score: ScoreFunction, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
    """Score each row by itself: in a batch the last bits of a sum may depend on the other rows."""
    return np.array([score(matrix[i : i + 1])[0] for i in range(len(matrix))], np.float64)

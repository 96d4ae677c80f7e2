"""An ONNX model as a function from design matrix to scores."""

import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from credit.common.errors import CreditError, Problem

ONNX_INPUT, ONNX_OUTPUT = "columns", "score"

ScoreFunction = Callable[[NDArray[np.float32]], NDArray[np.float64]]
"""From rows of the design matrix, shape (n, columns), to the probability of the favourable label, shape (n,)."""


_ROW_WISE_OPERATORS = frozenset(
    {("", "Gather"), *(("ai.onnx.ml", name) for name in ("Imputer", "TreeEnsembleClassifier", "TreeEnsembleRegressor"))}
)
"""Operators of ONNX that add up the numbers of a row in the same order, whichever rows are beside it, on one thread.

Those of a product of matrices do not, nor do those that work on several numbers at a time.
"""

_GRAPH, _FUNCTION, _NODE, _OPERATOR, _DOMAIN = 7, 25, 1, 4, 7
"""The numbers of fields in ONNX's messages: of the model, of its graph, and of a node."""


class OnnxModel(NamedTuple):
    """A loaded model: the number of columns that it reads, and its scores.

    `is_row_wise`: a row has the same bits as its score, whichever rows are scored with it.
    """

    width: int
    score: ScoreFunction
    is_row_wise: bool


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

    return OnnxModel(session.get_inputs()[0].shape[1], score, _is_row_wise(model))


def score_each_row(score: ScoreFunction, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
    """Score each row by itself: in a batch the last bits of a sum may depend on the other rows."""
    return np.array([score(matrix[i : i + 1])[0] for i in range(len(matrix))], np.float64)


def _is_row_wise(model: bytes) -> bool:
    """Tell whether a model, which could be loaded, has no operator but those that score each row by itself."""
    top = list(_iterate_fields(memoryview(model)))
    graphs = (value for number, value in top if number == _GRAPH)
    nodes = (value for graph in graphs for number, value in _iterate_fields(graph) if number == _NODE)
    operators = [(bytes(f.get(_DOMAIN, b"")).decode(), bytes(f[_OPERATOR]).decode()) for f in map(_read_message, nodes)]
    return all(number != _FUNCTION for number, _ in top) and _ROW_WISE_OPERATORS.issuperset(operators)


def _read_message(content: memoryview) -> dict[int, memoryview]:
    return dict(_iterate_fields(content))


def _iterate_fields(content: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Iterate over the fields of a message of protobuf that are messages or texts, with their numbers.

    ONNX's own package reads all of a model to tell its operators, and is none of the service's.
    """
    place = 0
    while place < len(content):
        key, place = _read_number(content, place)
        kind = key & 7
        if kind == 0:
            _, place = _read_number(content, place)
            continue
        size, place = _read_number(content, place) if kind == 2 else ({1: 8, 5: 4}[kind], place)
        if kind == 2:
            yield key >> 3, content[place : place + size]
        place += size


def _read_number(content: memoryview, place: int) -> tuple[int, int]:
    """Read a number, seven bits in each byte, and where the next begins."""
    number = shift = 0
    while True:
        byte = content[place]
        number |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return number, place

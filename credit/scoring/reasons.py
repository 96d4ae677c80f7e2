"""Reasons why an applicant was not approved, in plain words about the scored values.

A feature is a reason when the score would rise if the feature had the value
 that is typical of approved people,
everything else as it is. At most four, the largest rise first.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from credit.common.errors import Problem, raise_if_any
from credit.contract import Contract
from credit.contract.columns import FrozenModel, Scalar
from credit.scoring.design_matrix import locate_features
from credit.scoring.onnx import ScoreFunction
from credit.scoring.row_encoder import ApplicationRow, encode_rows, is_missing

MAX_REASONS = 4
"""Reasons per person: more than four are not likely to be understood (Regulation B, comment 9(b)(2)-1)."""

_RISE_DIGITS = 6  # of a rise: what is smaller is float32 rounding, and must neither be a reason nor break a tie


class FeatureReason(FrozenModel):
    """One feature: the value typical of approved people, and the reason in words when it counts against somebody."""

    typical: Scalar | None
    words: str
    words_if_missing: str


DecidedBy = Literal["model", "rule"]

Reasons = Mapping[str, FeatureReason]
"""The features of one candidate, in the order of its design matrix: the content of reasons.json."""


def word_reasons(
    contract: Contract, typical: Mapping[str, Scalar | None], file: str, decided_by: DecidedBy = "model"
) -> dict[str, FeatureReason]:
    """Word the reason for each feature from the contract, with its typical value; the rule may have words of its own.

    Raises CreditError for every feature without words and for every column that a model may not see.
    """
    if decided_by == "rule":
        contract = contract.give_rule_its_words()
    problems = []
    for name in typical:
        column = contract.columns[name]
        if name not in contract.features and (decided_by, name) != ("rule", contract.rule_column):
            problems.append(Problem(f"{file}: {name}", f"a column of role {column.role} as a reason", "a feature"))
        elif not (column.reason or "").strip():
            expected = "the words for an applicant against whom it counts"
            problems.append(Problem(f"{file}: columns.{name}.reason", "no words", expected))
    raise_if_any(problems)
    return {name: _word_reason(contract, name, value) for name, value in typical.items()}


def _word_reason(contract: Contract, name: str, typical: Scalar | None) -> FeatureReason:
    column = contract.columns[name]
    words = (column.reason or "").strip()
    return FeatureReason(
        typical=typical, words=words, words_if_missing=column.reason_if_missing or f"{words} (not known to us)"
    )


class ReasonBaseline(NamedTuple):
    """Typical values of approved people as a row of the design matrix, and which of its columns are each feature's.

    typical: shape (columns,); first: each feature's first column, shape (features,); owns: (features, columns).
    """

    typical: NDArray[np.float32]
    first: NDArray[np.intp]
    owns: NDArray[np.bool_]


def encode_baseline(contract: Contract, reasons: Reasons) -> ReasonBaseline:
    """Encode the baseline that the applicants of a contract are measured against."""
    names = list(reasons)
    typical = encode_rows(contract, names, [{name: reasons[name].typical for name in names}])[0]
    return build_baseline(typical, list(locate_features(contract, names).values()))


def build_baseline(typical: NDArray[np.float32], groups: Sequence[slice]) -> ReasonBaseline:
    """Build a baseline from each feature's columns, which are adjacent, in the order of the matrix."""
    owns = np.zeros((len(groups), len(typical)), np.bool_)
    for feature, group in enumerate(groups):
        owns[feature, group] = True
    return ReasonBaseline(typical, np.array([group.start for group in groups], np.intp), owns)


def measure_rises(score: ScoreFunction, matrix: NDArray[np.float32], bar: ReasonBaseline) -> NDArray[np.float64]:
    """Measure how much each row's score would rise with one feature at its typical value; shape (rows, features).

    matrix: shape (rows, columns). A feature's columns change together. One call of `score`, with each row and its
    changes; where a feature has its typical value already there is no change to score.
    """
    risen = np.zeros((len(matrix), len(bar.first)))
    if not risen.size:
        return risen
    rows, features = np.nonzero(np.logical_or.reduceat(matrix != bar.typical, bar.first, axis=1))
    what_if = np.where(bar.owns[features], bar.typical, matrix[rows])
    scores = score(np.concatenate([matrix, what_if]))
    risen[rows, features] = np.round(scores[len(matrix) :] - scores[rows], _RISE_DIGITS)
    return risen


def rank_reasons(reasons: Reasons, risen: NDArray[np.float64], row: ApplicationRow) -> tuple[str, ...]:
    """Rank the reasons for one person, at most four, the weightiest first; ties in the order of the features.

    risen: this person's row of `measure_rises`, shape (features,). Features with the same words are said once.
    """
    names = list(reasons)
    order = [names[i] for i in np.argsort(-risen, kind="stable") if risen[i] > 0]
    words = [reasons[n].words_if_missing if is_missing(row[n]) else reasons[n].words for n in order]
    return tuple(dict.fromkeys(words))[:MAX_REASONS]

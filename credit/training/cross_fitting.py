"""Cross-fitting of the whole pipeline: the worth of a candidate on people whom nothing in it has seen.

Features are selected, models trained and thresholds set anew on the rows outside a fold, then the fold's rows are
scored. Every row gets one score, so that a small table can be judged on all of its rows; it is the procedure that is
judged, by models a little worse than the one that is trained on more.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from joblib import delayed
from numpy.typing import NDArray

from credit.common.candidate_names import CANDIDATE_NAMES, CandidateName
from credit.common.errors import CreditError, Problem
from credit.common.parallel import run_in_processes
from credit.contract import Contract
from credit.data.tables import is_favourable
from credit.scoring.design_matrix import build_design_matrix
from credit.selection.selection import SelectFeaturesParams, select_features
from credit.training.train import TrainParams, list_candidate_features, train_candidate

MIN_CLASS_ROWS = 2
"""Rows of each class of the label that a fold and its rest must have."""


class CrossFittingFold(NamedTuple):
    """The rows to learn from, the rows to be judged, and the features that the first ones select."""

    seen: pd.DataFrame
    unseen: pd.DataFrame
    kept: Sequence[str]


class OutOfFoldScores(NamedTuple):
    """Each row's score by models that have not seen it, and the decision that follows; shape (n,) each."""

    scores: NDArray[np.float64]
    decisions: NDArray[np.str_]


def select_in_folds(
    contract: Contract, params: SelectFeaturesParams, frame: pd.DataFrame, codes: NDArray[np.int64]
) -> list[list[str]]:
    """Select features on each fold's other rows. `codes`: the fold of each row of the frame, shape (n,).

    Raises CreditError when a fold lacks rows of a class.
    """
    _check_class_counts(is_favourable(contract, frame), codes)
    return [
        select_features(contract, params, frame[codes != fold].__getitem__).kept for fold in range(int(codes.max()) + 1)
    ]


def split_folds(
    frame: pd.DataFrame, codes: NDArray[np.int64], kept: Sequence[Sequence[str]]
) -> Iterator[CrossFittingFold]:
    """Split a table into its folds, in order."""
    for fold, features in enumerate(kept):
        yield CrossFittingFold(frame[codes != fold], frame[codes == fold], features)


def score_out_of_fold(
    params: TrainParams,
    contract: Contract,
    frame: pd.DataFrame,
    codes: NDArray[np.int64],
    kept: Sequence[Sequence[str]],
) -> dict[CandidateName, OutOfFoldScores]:
    """Train every candidate outside each fold and score the rows inside; arguments as for `split_folds`."""
    out_of_fold = {
        name: OutOfFoldScores(np.empty(len(frame)), np.empty(len(frame), dtype="<U7")) for name in CANDIDATE_NAMES
    }
    tasks = [(name, number) for name in CANDIDATE_NAMES for number in range(len(kept))]
    folds = list(split_folds(frame, codes, kept))
    scored = run_in_processes(
        [delayed(_score_fold)(name, params, contract, folds[number]) for name, number in tasks], "predict"
    )
    for (name, number), (scores, decisions) in zip(tasks, scored, strict=True):
        out_of_fold[name].scores[codes == number], out_of_fold[name].decisions[codes == number] = scores, decisions
    return out_of_fold


def _score_fold(
    name: CandidateName, params: TrainParams, contract: Contract, fold: CrossFittingFold
) -> OutOfFoldScores:
    features = list_candidate_features(name, contract, fold.kept, contract.name)
    seen, unseen = (build_design_matrix(contract, features, rows).to_numpy() for rows in (fold.seen, fold.unseen))
    trained = train_candidate(name, params, seen, is_favourable(contract, fold.seen), contract.rule, bar=False)
    scores = trained.estimator.predict_proba(unseen)[:, 1]
    return OutOfFoldScores(scores, trained.policy.decide(scores))


def _check_class_counts(y: NDArray[np.bool_], codes: NDArray[np.int64]) -> None:
    smallest = min(int((y[codes == fold] == label).sum()) for fold in range(int(codes.max()) + 1) for label in (0, 1))
    if smallest < MIN_CLASS_ROWS:
        where = "params.yaml: predict.folds"
        found = f"a fold with {smallest} rows of the rarer class"
        raise CreditError(Problem(where, found, f"at least {MIN_CLASS_ROWS}", "use fewer folds"))

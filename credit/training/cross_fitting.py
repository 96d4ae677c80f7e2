"""Cross-fitting of the whole pipeline: the worth of a candidate on people whom nothing in it has seen.

Features are selected, models trained and thresholds set anew on the rows outside a fold, then the fold's rows are
scored. Every row gets one score, so that a small table can be judged on all of its rows; it is the procedure that is
judged, by models a little worse than the one that is trained on more.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from joblib import delayed
from numpy.typing import NDArray

from credit.common.candidate_definition import BuildContext, load_definition
from credit.common.candidate_names import HEURISTIC
from credit.contract import Contract
from credit.data.row_groups import encode_row_groups
from credit.data.sampling import hash_rows, mark_sample
from credit.data.splitting import check_parts
from credit.data.tables import is_favourable
from credit.engine.mapping import run_tasks
from credit.scoring.design_matrix import build_design_matrix, list_directions
from credit.training.candidates import fit_estimator, score_rows, uses_all_cores
from credit.training.search import search_hyperparameters
from credit.training.train import TrainParams, list_candidate_features, set_model_policy, train_candidate
from credit.training.training_groups import read_training_groups


class CrossFittingFold(NamedTuple):
    """The rows to learn from, the rows to be judged, and the features that the first ones select."""

    seen: pd.DataFrame
    unseen: pd.DataFrame
    kept: Sequence[str]


class OutOfFoldScores(NamedTuple):
    """Each row's score by models that have not seen it, and the decision that follows; shape (n,) each."""

    scores: NDArray[np.float64]
    decisions: NDArray[np.str_]


class RowSample(NamedTuple):
    """What of the rows outside a fold is learned from: at most `rows`, those of the smallest `hashes`, shape (n,)."""

    hashes: NDArray[np.int64]
    rows: int

    def mark_seen(self, outside: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Mark those of the rows outside a fold, shape (n,), that are learned from."""
        seen = outside.copy()
        seen[outside] = mark_sample(self.hashes[outside], self.rows)
        return seen


def read_row_sample(contract: Contract, table: Path, rows: int | None) -> RowSample | None:
    """Hash the rows of a table where a sample is learned from; None where `rows` is, and all are."""
    return None if rows is None else RowSample(hash_rows(contract, table), rows)


def split_folds(
    frame: pd.DataFrame,
    codes: NDArray[np.int64],
    kept: Sequence[Sequence[str]],
    sample: RowSample | None = None,
) -> Iterator[CrossFittingFold]:
    """Split a table into its folds, in order. Raises CreditError when a row is in none of them.

    sample: of the rows outside a fold; None: all of them.
    """
    sizes = np.bincount(codes, minlength=len(kept)).tolist()
    check_parts("folds", {f"in fold {fold}": rows for fold, rows in enumerate(sizes[: len(kept)])}, len(frame))
    for fold, features in enumerate(kept):
        seen = sample.mark_seen(codes != fold) if sample else codes != fold
        yield CrossFittingFold(frame[seen], frame[codes == fold], features)


def score_out_of_fold(
    name: str,
    params: TrainParams,
    contract: Contract,
    frame: pd.DataFrame,
    codes: NDArray[np.int64],
    kept: Sequence[Sequence[str]],
    sample: RowSample | None = None,
) -> OutOfFoldScores:
    """Train a candidate outside each fold and score the rows inside; other arguments as for `split_folds`.

    The rule is scored without folds, by `score_rule`.
    """
    if name == HEURISTIC:
        return score_rule(params, contract, frame)
    out_of_fold = OutOfFoldScores(np.empty(len(frame)), np.empty(len(frame), dtype="<U7"))
    folds = split_folds(frame, codes, kept, sample)
    tasks = [delayed(_score_fold)(name, params, contract, fold) for fold in folds]
    scored = run_tasks(tasks, f"predict {name}", threaded=uses_all_cores(name, params.find_hyperparameters(name)))
    for fold, (scores, decisions) in enumerate(scored):
        out_of_fold.scores[codes == fold], out_of_fold.decisions[codes == fold] = scores, decisions
    return out_of_fold


def score_rule(params: TrainParams, contract: Contract, frame: pd.DataFrame) -> OutOfFoldScores:
    """Score every row by the rule, whatever the folds: it learns the shares of its two sides, not who is on which.

    Two slightly different shares in each fold would only mix the order of the people, and its AUC with it.
    """
    return _score_fold(HEURISTIC, params, contract, CrossFittingFold(frame, frame, []))


def rescore_out_of_fold(
    name: str,
    params: TrainParams,
    contract: Contract,
    frame: pd.DataFrame,
    codes: NDArray[np.int64],
    kept: Sequence[Sequence[str]],
    sample: RowSample | None = None,
) -> OutOfFoldScores:
    """Score every row by a candidate trained outside its fold; arguments else as for `split_folds`.

    The scores of `score_out_of_fold`, at a sixth of its time: a fold's thresholds are set on the scores out of fold of
    the rows outside it, which are there already, in place of a cross-validation of their own.
    """
    if name == HEURISTIC:
        return score_rule(params, contract, frame)
    tasks = [delayed(_fit_and_score)(name, params, contract, fold) for fold in split_folds(frame, codes, kept, sample)]
    scored = run_tasks(tasks, f"rescore {name}", threaded=uses_all_cores(name, params.find_hyperparameters(name)))
    y, scores, decisions = is_favourable(contract, frame), np.empty(len(frame)), np.empty(len(frame), dtype="<U7")
    for fold, its_scores in enumerate(scored):
        scores[codes == fold] = its_scores
    for fold in range(len(kept)):
        policy = set_model_policy(scores[codes != fold], y[codes != fold], params.policy)
        decisions[codes == fold] = policy.decide(scores[codes == fold])
    return OutOfFoldScores(scores, decisions)


def _fit_and_score(name: str, params: TrainParams, contract: Contract, fold: CrossFittingFold) -> NDArray[np.float64]:
    seen, unseen = (build_design_matrix(contract, fold.kept, rows).to_numpy() for rows in (fold.seen, fold.unseen))
    y, groups = is_favourable(contract, fold.seen), read_training_groups(name, contract, fold.seen)
    own, seed = params.find_hyperparameters(name), params.cross_validation.seed
    directions = list_directions(contract, fold.kept)
    hyperparameters, _ = search_hyperparameters(
        name, own, params.search, seen, y, seed, groups, encode_row_groups(contract, fold.seen), directions
    )
    estimator = load_definition(name).build(hyperparameters, BuildContext(len(y), seed, directions=directions))
    return score_rows(fit_estimator(name, estimator, seen, y, groups), unseen)


def _score_fold(name: str, params: TrainParams, contract: Contract, fold: CrossFittingFold) -> OutOfFoldScores:
    features = list_candidate_features(name, contract, fold.kept, contract.name)
    seen, unseen = (build_design_matrix(contract, features, rows).to_numpy() for rows in (fold.seen, fold.unseen))
    groups = read_training_groups(name, contract, fold.seen)
    y, together = is_favourable(contract, fold.seen), encode_row_groups(contract, fold.seen)
    directions = list_directions(contract, features)
    trained = train_candidate(name, params, seen, y, contract.rule, False, groups, together, directions)
    scores = score_rows(trained.estimator, unseen)
    return OutOfFoldScores(scores, trained.policy.decide(scores))

"""Train a candidate again with other seeds: how far its figures on the test rows move when nothing else changes.

The partitions do not say it: their models learn from other rows too, so that AUC moves three times as far (bundled
data, the forest: .0051 between partitions, .0014 by its seed), and thresholds that are set on their scores move the
expected value of the regression twenty times as far (.0190 and .0008).
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit.common.candidate_names import HEURISTIC
from credit.contract import Contract
from credit.data.row_groups import encode_row_groups
from credit.data.tables import is_favourable
from credit.reports.candidate import CandidateReport
from credit.scoring.design_matrix import build_design_matrix, list_directions
from credit.training.cross_fitting import OutOfFoldScores
from credit.training.train import TrainParams, train_candidate
from credit.training.training_groups import read_training_groups

SEEDS = tuple(range(1_000_001, 1_000_006))
"""Of the further fits of each candidate: each with a cross-validation, so as much as six partitions, and no search."""


def score_with_other_seeds(
    report: CandidateReport, params: TrainParams, contract: Contract, seen: pd.DataFrame, unseen: pd.DataFrame
) -> Mapping[int, OutOfFoldScores]:
    """Score and decide the test rows `unseen` by the candidate, trained on `seen` with each seed; the rule has none.

    Its settings are those of the report; the seed is that of training and of the folds that set its thresholds. None
    where settings are searched for: a seed would find others, which fits with the same ones say nothing about.
    """
    name, features = report.candidate, report.features
    if name == HEURISTIC or params.search.enabled:
        return {}
    X, others = (build_design_matrix(contract, features, rows).to_numpy() for rows in (seen, unseen))
    y, groups = is_favourable(contract, seen), read_training_groups(name, contract, seen)
    together, directions = encode_row_groups(contract, seen), list_directions(contract, features)
    found: dict[int, OutOfFoldScores] = {}
    for seed in SEEDS:
        own = _replace_seed(params, report, seed)
        trained = train_candidate(name, own, X, y, contract.rule, False, groups, together, directions)
        scores: NDArray[np.float64] = trained.estimator.predict_proba(others)[:, 1]
        found[seed] = OutOfFoldScores(scores, trained.policy.decide(scores))
    return found


def _replace_seed(params: TrainParams, report: CandidateReport, seed: int) -> TrainParams:
    settings = type(params.find_hyperparameters(report.candidate)).model_validate(report.hyperparameters)
    return params.model_copy(
        update={
            "hyperparameters": params.hyperparameters | {report.candidate: settings},
            "cross_validation": params.cross_validation.model_copy(update={"seed": seed}),
        }
    )

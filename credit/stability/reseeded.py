"""Train a shipped candidate again with other seeds: how far its AUC on the test rows moves when nothing else changes.

The partitions do not say it: their models learn from other rows too, so that AUC moves three times as far (bundled
data, the forest: .0051 between partitions, .0014 by its seed).
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from credit.common.candidate_definition import BuildContext, load_definition
from credit.common.candidate_names import HEURISTIC
from credit.contract import Contract
from credit.data.tables import is_favourable, read_frame
from credit.reports.candidate import CandidateReport
from credit.reports.choice import SeedStability
from credit.scoring.design_matrix import build_design_matrix, list_directions
from credit.stability.repeats import measure_spread
from credit.training.candidates import Candidate, fit_estimator
from credit.training.training_groups import list_group_columns, read_training_groups

SEEDS = tuple(range(1_000_001, 1_000_006))
"""Of the further fits of each candidate, without a search or a cross-validation: less than one partition costs."""


def measure_seeds(
    candidate: Candidate, report: CandidateReport, contract: Contract, accepted: Path, test_rows: NDArray[np.bool_]
) -> SeedStability | None:
    """Measure AUC on the test rows, of the shipped estimator and of others with its settings; the rule has no seed.

    test_rows: of the accepted rows, shape (n,). None where all of them are of one class.
    """
    from sklearn.metrics import roc_auc_score

    name, features = candidate.name, candidate.features
    columns = dict.fromkeys([*features, contract.label, *list_group_columns(name, contract)])
    frame = read_frame(accepted, list(columns))
    seen, unseen = frame[~test_rows], frame[test_rows]
    y, truth = is_favourable(contract, seen), is_favourable(contract, unseen)
    if truth.all() or not truth.any():
        return None
    X, others = (build_design_matrix(contract, features, rows).to_numpy() for rows in (seen, unseen))
    fitted, groups = [candidate.estimator], read_training_groups(name, contract, seen)
    definition, directions = load_definition(name), list_directions(contract, features)
    settings = definition.hyperparameters.model_validate(report.hyperparameters)
    for seed in () if name == HEURISTIC else SEEDS:
        unfitted = definition.build(settings, BuildContext(len(y), seed, directions=directions))
        fitted.append(fit_estimator(name, unfitted, X, y, groups))
    spread = measure_spread([float(roc_auc_score(truth, one.predict_proba(others)[:, 1])) for one in fitted])
    return None if spread is None else SeedStability(fits=len(fitted), roc_auc=spread)

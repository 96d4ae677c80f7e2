"""Trained candidates behind one interface: scores between 0 and 1 from typed columns, decisions by a policy."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit.common.candidate_definition import BuildContext, load_definition
from credit.common.params import Params
from credit.contract import Contract
from credit.reports.candidate import CandidateReport
from credit.scoring.design_matrix import build_design_matrix
from credit.scoring.policy import Policy
from credit.training.skops_files import load_estimator


@dataclass(frozen=True)
class Candidate:
    """A trained estimator with the features it reads and the policy that turns its scores into decisions."""

    name: str
    estimator: Any
    features: tuple[str, ...]
    policy: Policy

    def score_frame(self, contract: Contract, frame: pd.DataFrame) -> NDArray[np.float64]:
        """Score each row by the probability of the favourable label; shape (n,)."""
        return self.score(build_design_matrix(contract, self.features, frame).to_numpy())

    def score(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Score rows of the design matrix in the same way; shape (n,)."""
        return score_rows(self.estimator, matrix)


def load_candidate(model: Path, description: Path) -> Candidate:
    """Load the candidate that `train` wrote: its estimator and the JSON beside it."""
    report = CandidateReport.read(description)
    estimator = load_estimator(model, report.candidate)
    return Candidate(report.candidate, estimator, report.features, Policy(**dict(report.policy)))


def score_rows(estimator: Any, X: NDArray[Any]) -> NDArray[np.float64]:
    """Score rows by the probability of the second class as `predict_proba` does, to the bit; shape (n,).

    Of a forest without what scikit-learn sets up anew for each tree, which is most of the time of some hundred rows.
    """
    *steps, last = [step for _, step in getattr(estimator, "steps", [])] or [estimator]
    if hasattr(last, "estimators_"):
        from credit.training.forest import average_trees

        columns = estimator[:-1].transform(X) if steps else X
        averages = average_trees(last, columns)
        if averages is not None:
            return averages[:, 1]
    scores: NDArray[np.float64] = estimator.predict_proba(X)[:, 1]
    return scores


def fit_estimator(
    name: str,
    estimator: Any,
    X: NDArray[np.float32],
    y: NDArray[np.bool_],
    groups: NDArray[np.int64] | None = None,
) -> Any:
    """Fit in place, on all cores where the estimator can; leave it to predict on one, which gives the same bits.

    groups: for an estimator whose training reads them, shape (n, attributes). A last step that has a `make_plain` is
    replaced by what that makes: the same scores, by a class of scikit-learn, without what only training needs.
    """
    steps = [step for _, step in getattr(estimator, "steps", [])]
    parallel = _list_parallel(steps)
    for step in parallel:
        step.n_jobs = -1
    definition = load_definition(name)
    in_float64 = definition.fit_in_float64
    # in float32 the optimum of a regression is known to six digits only, and each processor finds another
    estimator.fit(X.astype(np.float64) if in_float64 else X, y, **route_groups(name, estimator, groups))
    for step in parallel:
        step.n_jobs = 1
    if hasattr(steps[-1] if steps else None, "make_plain"):
        estimator.steps[-1] = (estimator.steps[-1][0], estimator.steps[-1][1].make_plain())
        steps[-1] = estimator.steps[-1][1]
    for step in steps if in_float64 else ():
        for fitted in ("mean_", "var_", "scale_", "coef_", "intercept_"):
            if hasattr(step, fitted):  # the last bits differ between processors, and say nothing
                setattr(step, fitted, _round_significant(getattr(step, fitted)))
    return estimator


def uses_all_cores(name: str, hyperparameters: Params) -> bool:
    """Tell whether one training of a candidate is on all cores already."""
    estimator = load_definition(name).build(hyperparameters, BuildContext(1, 0))
    return bool(_list_parallel([step for _, step in getattr(estimator, "steps", [])]))


def _list_parallel(steps: list[Any]) -> list[Any]:
    return [step for step in steps if getattr(step, "n_jobs", None) == 1]


def route_groups(name: str, estimator: Any, groups: NDArray[np.int64] | None) -> dict[str, Any]:
    """Route groups to the last step of a pipeline that reads them in training; {} for any other."""
    return {f"{estimator.steps[-1][0]}__groups": groups} if load_definition(name).reads_groups else {}


def _round_significant(values: NDArray[np.float64], digits: int = 9) -> NDArray[np.float64]:
    rounded = [float(f"{value:.{digits}g}") for value in values.ravel()]
    return np.array(rounded).reshape(values.shape)

"""The three candidates behind one interface: scores between 0 and 1 from typed columns, decisions by a policy."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from credit.common.params import Params
from credit.contract import Contract
from credit.contract.rule import Rule
from credit.reports.candidate import CandidateReport
from credit.scoring.design_matrix import build_design_matrix
from credit.scoring.policy import Policy
from credit.training.skops_files import load_estimator

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator
    from sklearn.pipeline import Pipeline


class HeuristicParams(Params):
    """The rule. `threshold` null: the contract's."""

    threshold: float | None
    from_threshold: Literal["approve", "refer"]


class LogisticParams(Params):
    """The hyperparameters of scikit-learn's LogisticRegression."""

    C: float = Field(gt=0)
    class_weight: Literal["balanced"] | None


class RandomForestParams(Params):
    """The hyperparameters of scikit-learn's RandomForestClassifier. `max_samples`: rows per tree at the most."""

    n_estimators: int = Field(ge=1)
    max_depth: int | None = Field(ge=1)
    min_samples_leaf: int = Field(ge=1)
    max_features: Literal["sqrt", "log2"] | float | None
    max_samples: int = Field(ge=1)
    class_weight: Literal["balanced"] | None


Hyperparameters = HeuristicParams | LogisticParams | RandomForestParams


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
        scores: NDArray[np.float64] = self.estimator.predict_proba(matrix)[:, 1]
        return scores


def load_candidate(model: Path, description: Path) -> Candidate:
    """Load the candidate that `train` wrote: its estimator and the JSON beside it."""
    report = CandidateReport.read(description)
    return Candidate(report.candidate, load_estimator(model), report.features, Policy(**dict(report.policy)))


def build_estimator(hyperparameters: Hyperparameters, rows: int, seed: int, rule: Rule | None) -> "BaseEstimator":
    """Build an estimator that is not fitted yet, for `rows` training rows. `rule` is the contract's."""
    if isinstance(hyperparameters, HeuristicParams):
        from credit.training.threshold_rule import ThresholdRule

        assert rule is not None  # noqa: S101 - ingest refuses a contract without a rule first
        chosen = rule.threshold if hyperparameters.threshold is None else hyperparameters.threshold
        return ThresholdRule(chosen, approve=rule.approve)
    return (
        _build_logistic(hyperparameters)
        if isinstance(hyperparameters, LogisticParams)
        else _build_forest(hyperparameters, rows, seed)
    )


def _build_logistic(hyperparameters: LogisticParams) -> "Pipeline":
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    # newton-cholesky converges to the optimum itself, so that another processor finds the same coefficients
    model = LogisticRegression(
        C=hyperparameters.C, class_weight=hyperparameters.class_weight, solver="newton-cholesky", tol=1e-8
    )
    imputer = SimpleImputer(strategy="median", keep_empty_features=True)
    return make_pipeline(imputer, StandardScaler(), model)


def _build_forest(hyperparameters: RandomForestParams, rows: int, seed: int) -> "Pipeline":
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline

    options = hyperparameters.model_dump() | {
        "max_samples": hyperparameters.max_samples if hyperparameters.max_samples < rows else None
    }
    # no scaler: on scaled values ONNX and scikit-learn round differently at the cuts of the trees
    model = RandomForestClassifier(**options, random_state=seed, n_jobs=1)
    return make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), model)


def fit_estimator(estimator: Any, X: NDArray[np.float32], y: NDArray[np.bool_]) -> Any:
    """Fit in place, on all cores where the estimator can; leave it to predict on one, which gives the same bits."""
    steps = dict(getattr(estimator, "steps", []))
    forest = steps.get("randomforestclassifier")
    if forest is not None:
        forest.n_jobs = -1
    # in float32 the optimum of a regression is known to six digits only, and each processor finds another
    estimator.fit(X.astype(np.float64) if "logisticregression" in steps else X, y)
    if forest is not None:
        forest.n_jobs = 1
    for step in (steps.get("standardscaler"), steps.get("logisticregression")):
        for name in ("mean_", "var_", "scale_", "coef_", "intercept_"):
            if hasattr(step, name):  # the last bits differ between processors, and say nothing
                setattr(step, name, _round_significant(getattr(step, name)))
    return estimator


def _round_significant(values: NDArray[np.float64], digits: int = 9) -> NDArray[np.float64]:
    rounded = [float(f"{value:.{digits}g}") for value in values.ravel()]
    return np.array(rounded).reshape(values.shape)

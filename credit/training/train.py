"""Training of one candidate: the estimator, and a policy whose thresholds are set on cross-validated scores.

Cross-validated, because a forest's scores on the rows that it has seen are far too sure.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from tqdm import tqdm

from credit.common.candidate_names import HEURISTIC, CandidateName
from credit.common.errors import CreditError, Problem
from credit.common.params import Params
from credit.contract import Contract
from credit.contract.rule import Rule, describe_missing_rule
from credit.reports.candidate import CandidateReport, CrossValidated, HyperparameterSearch
from credit.scoring.policy import Policy, set_thresholds
from credit.training.candidates import (
    HeuristicParams,
    Hyperparameters,
    LogisticParams,
    RandomForestParams,
    build_estimator,
    fit_estimator,
)
from credit.training.search import SearchParams, search_hyperparameters


class PolicyParams(Params):
    """The block `train.policy`."""

    approval_share: Literal["base_rate"] | Annotated[float, Field(ge=0, le=1)]
    referral_budget: float = Field(ge=0, le=1)


class CrossValidationParams(Params):
    """The block `train.cross_validation`. `rows`: at most this many training rows, evenly spaced, are used."""

    folds: int = Field(ge=2)
    rows: int = Field(ge=100)
    seed: int


class TrainParams(Params):
    """The block `train`."""

    policy: PolicyParams
    cross_validation: CrossValidationParams
    heuristic: HeuristicParams
    logistic: LogisticParams
    random_forest: RandomForestParams
    search: SearchParams

    def find_hyperparameters(self, name: CandidateName) -> Hyperparameters:
        """Return the hyperparameters of one candidate."""
        hyperparameters: Hyperparameters = getattr(self, name)
        return hyperparameters


class TrainingResult(NamedTuple):
    """A fitted estimator, its settings, the policy that turns its scores into decisions, and the data that set it."""

    estimator: Any
    hyperparameters: Hyperparameters
    policy: Policy
    cross_validated: CrossValidated
    search: HyperparameterSearch | None

    def make_report(self, candidate: str, features: Sequence[str]) -> CandidateReport:
        """Describe the candidate. Its thresholds have nine digits, and its hyperparameters stay as they are."""
        return CandidateReport(
            candidate=candidate,
            features=tuple(features),
            hyperparameters=self.hyperparameters.model_dump(),
            policy=self.policy,
            cross_validated=self.cross_validated,
            search=self.search,
        )


def train_candidate(
    name: CandidateName,
    params: TrainParams,
    X: NDArray[np.float32],
    y: NDArray[np.bool_],
    rule: Rule | None,
    bar: bool = True,
) -> TrainingResult:
    """Fit one candidate on its design matrix, shape (n, columns), and labels (True: favourable), shape (n,).

    `rule`: the contract's. `bar`: show a progress bar, on a terminal.
    """
    from sklearn.metrics import roc_auc_score

    seed = params.cross_validation.seed
    hyperparameters, search = search_hyperparameters(name, params.find_hyperparameters(name), params.search, X, y, seed)
    estimator = build_estimator(hyperparameters, len(y), seed, rule)
    step = -(-len(y) // params.cross_validation.rows)
    sample, truth = X[::step], y[::step]
    unfitted = build_estimator(hyperparameters, len(truth), seed, rule)
    scores = cross_validate(unfitted, sample, truth, params.cross_validation, bar)
    estimator = fit_estimator(estimator, X, y)
    if isinstance(hyperparameters, HeuristicParams):
        hyperparameters = hyperparameters.model_copy(update={"threshold": estimator.threshold})
    policy = (
        _set_rule_policy(estimator, hyperparameters)
        if isinstance(hyperparameters, HeuristicParams)
        else _set_model_policy(scores, y, params.policy)
    )
    decisions = policy.decide(scores)
    cross_validated = CrossValidated(
        rows=len(truth),
        roc_auc=round(float(roc_auc_score(truth, scores)), 4),
        approved=round(float((decisions == "approve").mean()), 4),
        referred=round(float((decisions == "refer").mean()), 4),
    )
    return TrainingResult(estimator, hyperparameters, policy, cross_validated, search)


def cross_validate(
    estimator: Any, X: NDArray[np.float32], y: NDArray[np.bool_], params: CrossValidationParams, bar: bool
) -> NDArray[np.float64]:
    """Score each row by a model that has not seen it; shape (n,)."""
    from sklearn.base import clone
    from sklearn.model_selection import StratifiedKFold

    least = int(min(y.sum(), (~y).sum()))
    if least < params.folds:
        found = f"{least} rows of the rarer class"
        raise CreditError(
            Problem("params.yaml: train.cross_validation.folds", found, f"at least {params.folds}, one per fold")
        )
    scores = np.empty(len(y))
    folds = StratifiedKFold(params.folds, shuffle=True, random_state=params.seed).split(X, y)
    for seen, unseen in tqdm(folds, "train", params.folds, unit="fold", disable=None if bar else True):
        scores[unseen] = fit_estimator(clone(estimator), X[seen], y[seen]).predict_proba(X[unseen])[:, 1]
    return scores


def _set_model_policy(scores: NDArray[np.float64], y: NDArray[np.bool_], params: PolicyParams) -> Policy:
    share = float(y.mean()) if params.approval_share == "base_rate" else float(params.approval_share)
    return set_thresholds(scores, share, params.referral_budget)


def _set_rule_policy(rule: Any, hyperparameters: HeuristicParams) -> Policy:
    """Deny who fails the threshold, refer who has no score, approve or refer who passes."""
    failed, passed = rule.share_failed_, rule.share_passed_
    if failed >= passed:
        found = f"{passed:.3f} of the people who pass favourable, {failed:.3f} of those who fail"
        other = "at_most" if rule.approve == "at_least" else "at_least"
        fix = f"is the value reversed? A `rule` of the contract may say `approve: {other}`"
        raise CreditError(Problem("threshold of the heuristic", found, "a larger share of those who pass", fix))
    unknown = (failed + passed) / 2
    approve_from = round((unknown + passed) / 2, 9) if hyperparameters.from_threshold == "approve" else None
    return Policy(approve_from=approve_from, refer_from=round((failed + unknown) / 2, 9))


def list_candidate_features(name: CandidateName, contract: Contract, kept: Sequence[str], file: str) -> Sequence[str]:
    """List the columns that a candidate reads: the rule its value, the models the selected features."""
    if name != HEURISTIC:
        return kept
    if contract.rule_column is None:
        raise CreditError(describe_missing_rule(file))
    return [contract.rule_column]

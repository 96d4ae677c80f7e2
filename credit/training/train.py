"""One candidate trained: the estimator, and a policy whose cut-offs are set on cross-validated scores.

Cross-validated, because a forest's scores on the rows that it has seen are far too sure.
"""

from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from sklearn.base import clone
from tqdm import tqdm

from credit.common.candidate_names import Name
from credit.common.errors import CreditError, Problem
from credit.common.files import rounded
from credit.common.params import Params
from credit.contract import Contract
from credit.scoring.policy import Policy, cut_offs
from credit.training.candidates import Heuristic, Hyperparameters, Logistic, RandomForest, build, fit
from credit.training.search import Search, searched


class PolicyParams(Params):
    """The block `train.policy`."""

    approval_share: Literal["base_rate"] | Annotated[float, Field(ge=0, le=1)]
    referral_budget: float = Field(ge=0, le=1)


class CrossValidation(Params):
    """The block `train.cross_validation`. `rows`: at most this many training rows, evenly spaced, are used."""

    folds: int = Field(ge=2)
    rows: int = Field(ge=100)
    seed: int


class Train(Params):
    """The block `train`."""

    policy: PolicyParams
    cross_validation: CrossValidation
    heuristic: Heuristic
    logistic: Logistic
    random_forest: RandomForest
    search: Search

    def knobs(self, name: Name) -> Hyperparameters:
        """The hyperparameters of one candidate."""
        knobs: Hyperparameters = getattr(self, name)
        return knobs


class Trained(NamedTuple):
    """A fitted estimator, the policy that turns its scores into decisions, and the content of the report."""

    estimator: Any
    policy: Policy
    report: dict[str, Any]


def train(
    name: Name,
    params: Train,
    X: NDArray[np.float32],
    y: NDArray[np.bool_],
    threshold: float | None,
    bar: bool = True,
) -> Trained:
    """Fit one candidate on its design matrix, shape (n, columns), and labels (True: favourable), shape (n,).

    `bar`: show a progress bar, on a terminal.
    """
    from sklearn.metrics import roc_auc_score

    seed = params.cross_validation.seed
    knobs, search = searched(name, params.knobs(name), params.search, X, y, seed)
    estimator = build(knobs, len(y), seed, threshold)
    step = -(-len(y) // params.cross_validation.rows)
    sample, truth = X[::step], y[::step]
    unfitted = build(knobs, len(truth), seed, threshold)
    scores = cross_validated(unfitted, sample, truth, params.cross_validation, bar)
    estimator = fit(estimator, X, y)
    if isinstance(knobs, Heuristic):
        knobs = knobs.model_copy(update={"threshold": estimator.threshold})
    policy = _rule_policy(estimator, knobs) if isinstance(knobs, Heuristic) else _policy(scores, y, params.policy)
    decisions = policy.decide(scores)
    report = {
        "hyperparameters": knobs.model_dump(),
        "policy": policy.model_dump(),
        "cross_validated": rounded(
            {
                "rows": len(truth),
                "roc_auc": float(roc_auc_score(truth, scores)),
                "approved": float((decisions == "approve").mean()),
                "referred": float((decisions == "refer").mean()),
            }
        ),
        "search": search,
    }
    return Trained(estimator, policy, report)


def cross_validated(
    estimator: Any, X: NDArray[np.float32], y: NDArray[np.bool_], params: CrossValidation, bar: bool
) -> NDArray[np.float64]:
    """The score of each row by a model that has not seen it; shape (n,)."""
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
        scores[unseen] = fit(clone(estimator), X[seen], y[seen]).predict_proba(X[unseen])[:, 1]
    return scores


def _policy(scores: NDArray[np.float64], y: NDArray[np.bool_], params: PolicyParams) -> Policy:
    share = float(y.mean()) if params.approval_share == "base_rate" else float(params.approval_share)
    return cut_offs(scores, share, params.referral_budget)


def _rule_policy(rule: Any, knobs: Heuristic) -> Policy:
    """Deny below the threshold, refer without a score, approve or refer from the threshold on."""
    below, passed = rule.share_below_, rule.share_passed_
    if below >= passed:
        found = f"{below:.3f} of the people below it favourable, {passed:.3f} from it on"
        raise CreditError(Problem("threshold of the heuristic", found, "more from it on", "is the score upside down?"))
    unknown = (below + passed) / 2
    approve_from = round((unknown + passed) / 2, 9) if knobs.from_threshold == "approve" else None
    return Policy(approve_from=approve_from, refer_from=round((below + unknown) / 2, 9))


def features_for(name: Name, contract: Contract, kept: list[str], file: str) -> list[str]:
    """What a candidate reads: the rule its score, the models what was selected."""
    if name != "heuristic":
        return kept
    if contract.score is None:
        raise CreditError(Problem(f"{file}: columns", "none of role score", "one", "the rule decides by it"))
    return [contract.score]

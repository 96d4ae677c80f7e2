"""Training of one candidate: the estimator, and a policy whose thresholds are set on cross-validated scores.

Cross-validated, because a forest's scores on the rows that it has seen are far too sure.
"""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ModelWrapValidatorHandler, SerializeAsAny, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError
from tqdm import tqdm

from credit.common.candidate_definition import BuildContext, list_definitions, load_definition, name_definition_file
from credit.common.candidate_names import HEURISTIC, CandidateNames
from credit.common.errors import CreditError, Problem
from credit.common.invalid_values import make_value_error
from credit.common.params import Params, check_named_blocks
from credit.contract import Contract
from credit.contract.rule import Rule, describe_missing_rule
from credit.data.row_groups import make_splitter
from credit.reports.candidate import CandidateReport, CrossValidated, HyperparameterSearch
from credit.scoring.policy import Policy, set_thresholds
from credit.training.candidates import fit_estimator, score_rows
from credit.training.search import SearchParams, search_hyperparameters

FOLDS_KEY = "params.yaml: train.cross_validation.folds"


class PolicyParams(Params):
    """The block `train.policy`."""

    approval_share: Literal["base_rate"] | Annotated[float, Field(ge=0, le=1)]
    referral_budget: float = Field(ge=0, le=1)


class CrossValidationParams(Params):
    """The block `train.cross_validation`. `rows`: at most this many training rows, evenly spaced, are used."""

    folds: int = Field(ge=2)
    rows: int = Field(ge=100)
    seed: int = Field(ge=0, lt=2**32)


class TrainParams(Params):
    """The block `train`. Beside these keys it has a block of hyperparameters for each candidate, by its name.

    `rows`: a hash sample of at most so many of the training rows is learned from; None: all are.
    """

    candidates: CandidateNames
    rows: Annotated[int, Field(ge=100)] | None
    read_protected: bool
    policy: PolicyParams
    cross_validation: CrossValidationParams
    search: SearchParams
    hyperparameters: dict[str, SerializeAsAny[Params]]
    """By candidate, those that do not run included: what is switched off is checked as well."""

    @model_validator(mode="wrap")
    @classmethod
    def _check_blocks(cls, block: Any, check_rest: ModelWrapValidatorHandler[Self]) -> Self:
        """Check the candidates' blocks, each by its own model, so that a misspelt name is an unknown key."""
        models = {name: load_definition(name).hyperparameters for name in list_definitions()}
        checked = check_named_blocks(block, models, "hyperparameters", check_rest)
        if errors := list(checked._find_candidate_errors()):
            raise ValidationError.from_exception_data(
                "train", [InitErrorDetails(type=one, input=None) for one in errors]
            )
        return checked

    def _find_candidate_errors(self) -> Iterator[PydanticCustomError]:
        """Find each candidate that has no file or no block, or that reads protected attributes where it may not."""
        for name in self.candidates:
            if name not in list_definitions():
                known = ", ".join(list_definitions())
                found, fix = f"the candidate {name}", f"add {name_definition_file(name)}"
                yield make_value_error(found, f"some of {known}", fix)
                continue
            if load_definition(name).reads_groups and not self.read_protected:
                fix = "ask counsel, set train.read_protected, or take it out of train.candidates"
                yield make_value_error(
                    f"{name}, whose training reads protected attributes", "read_protected: true", fix
                )
            if name not in self.hyperparameters:
                fields = ", ".join(load_definition(name).hyperparameters.model_fields) or "nothing"
                yield make_value_error(f"no block {name}", f"one, with {fields}", "or take it out of train.candidates")

    def find_hyperparameters(self, name: str) -> Params:
        """Find the hyperparameters of a candidate. Raises CreditError when it has no file or no block."""
        definition = load_definition(name)
        if name not in self.hyperparameters:
            expected = f"a block with {', '.join(definition.hyperparameters.model_fields)}"
            raise CreditError(Problem(f"params.yaml: train.{name}", "nothing", expected))
        return self.hyperparameters[name]


class TrainingResult(NamedTuple):
    """A fitted estimator, its settings, the policy that turns its scores into decisions, and the data that set it."""

    estimator: Any
    hyperparameters: Params
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
    name: str,
    params: TrainParams,
    X: NDArray[np.float32],
    y: NDArray[np.bool_],
    rule: Rule | None,
    bar: bool = True,
    groups: NDArray[np.int64] | None = None,
    row_groups: NDArray[np.int64] | None = None,
    directions: tuple[int, ...] = (),
) -> TrainingResult:
    """Fit one candidate on its design matrix, shape (n, columns), and labels (True: favourable), shape (n,).

    `rule`: the contract's. `bar`: show a progress bar, on a terminal. `groups`: for a candidate whose training reads
    them, shape (n, attributes). `row_groups`: of `encode_row_groups`, which no fold divides. `directions`: of
    `list_directions`.
    """
    from sklearn.metrics import roc_auc_score

    seed = params.cross_validation.seed
    hyperparameters, search = search_hyperparameters(
        name, params.find_hyperparameters(name), params.search, X, y, seed, groups, row_groups, directions
    )
    build = load_definition(name).build
    context = BuildContext(len(y), seed, directions=directions)
    if rule:
        context = context._replace(threshold=rule.threshold, approve=rule.approve)
    estimator = build(hyperparameters, context)
    check_estimator(name, estimator)
    step = -(-len(y) // params.cross_validation.rows)
    sample, truth = X[::step], y[::step]
    unfitted = build(hyperparameters, context._replace(rows=len(truth)))
    sampled, together = (None if of is None else of[::step] for of in (groups, row_groups))
    scores = cross_validate(name, unfitted, sample, truth, params.cross_validation, bar, sampled, together)
    estimator = fit_estimator(name, estimator, X, y, groups)
    if name == HEURISTIC:
        hyperparameters = hyperparameters.model_copy(update={"threshold": estimator.threshold})
        policy = _set_rule_policy(estimator, hyperparameters)
    else:
        policy = set_model_policy(scores, y, params.policy)
    decisions = policy.decide(scores)
    cross_validated = CrossValidated(
        rows=len(truth),
        roc_auc=round(float(roc_auc_score(truth, scores)), 4),
        approved=round(float((decisions == "approve").mean()), 4),
        referred=round(float((decisions == "refer").mean()), 4),
    )
    return TrainingResult(estimator, hyperparameters, policy, cross_validated, search)


def check_estimator(name: str, estimator: Any) -> None:
    """Check what a candidate builds. Raises CreditError, one line, for what training or the search cannot use."""
    file, found = name_definition_file(name), f"a {type(estimator).__name__}"
    if not hasattr(estimator, "predict_proba"):
        raise CreditError(Problem(file, f"{found} that gives no probabilities", "an estimator with predict_proba"))
    if name != HEURISTIC and len(getattr(estimator, "steps", ())) < 2:
        expected = "a pipeline that fills in missing values and ends in a classifier"
        raise CreditError(Problem(file, found, expected, "make_pipeline(SimpleImputer(...), ...)"))


def cross_validate(
    name: str,
    estimator: Any,
    X: NDArray[np.float32],
    y: NDArray[np.bool_],
    params: CrossValidationParams,
    bar: bool,
    groups: NDArray[np.int64] | None = None,
    row_groups: NDArray[np.int64] | None = None,
) -> NDArray[np.float64]:
    """Score each row by a model that has not seen it; shape (n,). Other arguments as for `train_candidate`."""
    from sklearn.base import clone

    least = int(min(y.sum(), (~y).sum()))
    if least < params.folds:
        found = f"{least} rows of the rarer class"
        raise CreditError(Problem(FOLDS_KEY, found, f"at least {params.folds}, one per fold"))
    scores = np.empty(len(y))
    folds = make_splitter(params.folds, params.seed, row_groups, FOLDS_KEY).split(X, y, row_groups)
    for seen, unseen in tqdm(folds, "train", params.folds, unit="fold", disable=None if bar else True):
        own = None if groups is None else groups[seen]
        scores[unseen] = score_rows(fit_estimator(name, clone(estimator), X[seen], y[seen], own), X[unseen])
    return scores


def set_model_policy(scores: NDArray[np.float64], y: NDArray[np.bool_], params: PolicyParams) -> Policy:
    """Set thresholds on the scores of people whom the model has not seen, shape (n,), and their labels."""
    share = float(y.mean()) if params.approval_share == "base_rate" else float(params.approval_share)
    return set_thresholds(scores, share, params.referral_budget)


def _set_rule_policy(rule: Any, hyperparameters: Any) -> Policy:
    """Deny who fails the threshold, refer who has no score, approve or refer who passes."""
    failed, passed = rule.share_failed_, rule.share_passed_
    if failed >= passed:
        found = f"{passed:.3f} of the people who pass favourable, {failed:.3f} of those who fail"
        other = "at_most" if rule.approve == "at_least" else "at_least"
        fix = f"is the value reversed? A `rule` of the contract may say `approve: {other}`"
        if failed == passed:
            fix = "is there anybody on each side of the threshold?"
        raise CreditError(Problem("threshold of the heuristic", found, "a larger share of those who pass", fix))
    unknown = (failed + passed) / 2
    approve_from = round((unknown + passed) / 2, 9) if hyperparameters.from_threshold == "approve" else None
    return Policy(approve_from=approve_from, refer_from=round((failed + unknown) / 2, 9))


def list_candidate_features(name: str, contract: Contract, kept: Sequence[str], file: str) -> Sequence[str]:
    """List the columns that a candidate reads: the rule its value, the models the selected features."""
    if name != HEURISTIC:
        return kept
    if contract.rule_column is None:
        raise CreditError(describe_missing_rule(file))
    return [contract.rule_column]

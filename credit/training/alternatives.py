"""The search for a less discriminatory alternative: what other cut-offs and other regularisation would have given.

Group-blind: protected attributes are counted afterwards and never decide. Every alternative is scored on people whom
it has not seen, with features selected without them, and gets one cut-off for all: the score that the wanted share of
people reach. Points that no other beats in both the metric and the lowest adverse impact ratio are the frontier.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, Self

import numpy as np
from joblib import delayed
from numpy.typing import NDArray
from pydantic import Field, model_validator

from credit.common.candidate_names import CandidateName
from credit.common.parallel import run_in_processes
from credit.common.params import Params
from credit.contract import Contract
from credit.data.tables import is_favourable
from credit.evaluation.metrics import UnitValues
from credit.reports.fairness import LowestRatio, group_key
from credit.scoring.design_matrix import build_design_matrix
from credit.scoring.policy import set_thresholds
from credit.training.candidates import Hyperparameters, build_estimator, fit_estimator
from credit.training.cross_fitting import CrossFittingFold
from credit.training.search import HyperparameterGrid, check_grid

OperatingPoint = dict[str, Any]
"""One way to decide, what it is worth, and how it treats the group that it treats worst."""

Evaluator = Callable[[NDArray[np.float64], NDArray[np.str_]], OperatingPoint]
"""The figures of scores and decisions, shape (n,) each, about one set of people."""


class ApprovalShares(Params):
    """Approval shares to try."""

    lowest: float = Field(gt=0, lt=1)
    highest: float = Field(gt=0, lt=1)
    step: float = Field(gt=0, lt=1)

    @model_validator(mode="after")
    def _are_some(self) -> Self:
        if self.lowest > self.highest:
            raise ValueError(f"lowest {self.lowest:g}, highest {self.highest:g}|lowest <= highest")
        return self

    @property
    def values(self) -> list[float]:
        """All of them, in order."""
        count = int((self.highest - self.lowest) / self.step + 1e-9) + 1
        return [round(self.lowest + i * self.step, 6) for i in range(count)]


class FindAlternativesParams(Params):
    """The block `find_alternatives`. `tolerated_loss`: of the metric, in its own unit."""

    metric: Literal["expected_value", "accuracy", "roc_auc"]
    tolerated_loss: float = Field(ge=0)
    approval_shares: ApprovalShares
    logistic: HyperparameterGrid
    random_forest: HyperparameterGrid


def expand_grid(name: CandidateName, knobs: Hyperparameters, grid: dict[str, list[Any]]) -> list[Hyperparameters]:
    """The hyperparameters to try: those of training first, then the others of the grid."""
    from sklearn.model_selection import ParameterGrid

    check_grid(grid, knobs, f"find_alternatives.{name}")
    tried = (type(knobs).model_validate(knobs.model_dump() | values) for values in ParameterGrid(grid))
    return [knobs, *(one for one in tried if one != knobs)]


def score_variants(
    contract: Contract, folds: Sequence[CrossFittingFold], todo: Sequence[Hyperparameters], seed: int
) -> Iterator[NDArray[np.float64]]:
    """Of each model to try, the scores of the folds' unseen rows, fold after fold."""
    data = []
    for fold in folds:
        seen, unseen = (build_design_matrix(contract, fold.kept, rows).to_numpy() for rows in (fold.seen, fold.unseen))
        data.append((seen, is_favourable(contract, fold.seen), unseen))
    told = run_in_processes(
        [delayed(_fit_and_score)(knobs, *one, seed) for knobs in todo for one in data], "find_alternatives"
    )
    for start in range(0, len(told), len(folds)):
        yield np.concatenate(told[start : start + len(folds)])


def _fit_and_score(
    knobs: Hyperparameters, seen: NDArray[np.float32], y: NDArray[np.bool_], unseen: NDArray[np.float32], seed: int
) -> NDArray[np.float64]:
    scores: NDArray[np.float64] = fit_estimator(build_estimator(knobs, len(seen), seed, None), seen, y).predict_proba(
        unseen
    )[:, 1]
    return scores


def measure_auc(y: NDArray[np.bool_], scores: NDArray[np.float64]) -> OperatingPoint:
    """The figure that no cut-off changes. Inputs: shape (n,) each."""
    from sklearn.metrics import roc_auc_score

    known = np.isfinite(scores)
    return {"roc_auc": float(roc_auc_score(y[known], scores[known])) if len(set(y[known])) == 2 else None}


def measure_decisions(
    y: NDArray[np.bool_], decisions: NDArray[np.str_], values: UnitValues, ratio: LowestRatio | None
) -> OperatingPoint:
    """Measure one way to decide. Inputs: shape (n,) each; `ratio`: `credit.fairness.findings.find_lowest_ratio`."""
    approved = decisions == "approve"
    return {
        "approval_rate": float(approved.mean()),
        "referral_rate": float((decisions == "refer").mean()),
        "expected_value": float(values.compute_decision_values(y, decisions).mean()),
        "accuracy": float((approved == y).mean()),
        "adverse_impact_ratio": ratio.value if ratio else None,
        "adverse_impact_ratio_interval": ratio.interval if ratio else None,
        "group": group_key(ratio.attribute, ratio.group) if ratio else None,
    }


def sweep_thresholds(
    scores: NDArray[np.float64], shares: Sequence[float], budget: float
) -> Iterator[tuple[float, NDArray[np.str_]]]:
    """The decisions on `scores`, shape (n,), that approve each share of the people, and refer at most `budget`."""
    for share in shares:
        yield share, set_thresholds(scores, share, min(budget, 1 - share)).decide(scores)


def mark_frontier(points: Sequence[OperatingPoint], metric: str) -> list[OperatingPoint]:
    """The points, each told whether it is on the frontier: no other is as good in both figures and better in one."""
    best, on = -np.inf, set()
    known = [i for i, one in enumerate(points) if one["adverse_impact_ratio"] is not None]
    for i in sorted(known, key=lambda i: (-points[i]["adverse_impact_ratio"], -points[i][metric])):
        if points[i][metric] > best:
            best = points[i][metric]
            on.add(i)
    return [one | {"on_frontier": i in on} for i, one in enumerate(points)]


def compute_parity(ratio: float) -> float:
    """How near a ratio is to parity, from either side: 1 parity, 0 nobody of one group. 1.25 is as far as 0.8."""
    return min(ratio, 1 / ratio) if ratio else 0.0


def find_fairest(
    points: Sequence[OperatingPoint], baseline: OperatingPoint, params: FindAlternativesParams
) -> OperatingPoint | None:
    """The point whose lowest ratio is nearest to parity within the tolerated loss; None where no one beats `baseline`.

    Where every group fares better than its reference, a higher ratio would only treat people less alike.
    """
    if baseline["adverse_impact_ratio"] is None:
        return None
    least = compute_parity(baseline["adverse_impact_ratio"])
    enough = [
        one
        for one in points
        if one["adverse_impact_ratio"] is not None
        and compute_parity(one["adverse_impact_ratio"]) > least
        and one[params.metric] >= baseline[params.metric] - params.tolerated_loss - 1e-12
    ]
    return max(enough, key=lambda one: (compute_parity(one["adverse_impact_ratio"]), one[params.metric]), default=None)


def describe_search(
    baseline: OperatingPoint, found: OperatingPoint | None, params: FindAlternativesParams, tried: int
) -> str:
    """What was found, in plain words."""
    metric = params.metric.replace("_", " ")
    best = baseline["candidate"].replace("_", " ")
    value = "none" if baseline[params.metric] is None else f"{baseline[params.metric]:.3f}"
    start = f"Of the candidates, scored on people whom they have not seen, {best} has the best {metric}, {value}"
    if baseline["group"] is None:
        nobody = baseline["approval_rate"] == 0
        return f"{start}; {'it approves nobody' if nobody else 'no group is large enough to compare'}."
    start += f", with a lowest adverse impact ratio of {baseline['adverse_impact_ratio']:.3f} ({baseline['group']})"
    if found is None:
        return f"{start}; none of {tried} points within {params.tolerated_loss:g} of it treats people more alike."
    return (
        f"{start}; {describe_point(found)} reaches {found['adverse_impact_ratio']:.3f} ({found['group']}) at {metric} "
        f"{found[params.metric]:.3f}. It is the best of {tried} points on the people who are measured, so the figures "
        "flatter it: train it, and let the gates judge."
    )


def describe_point(point: OperatingPoint) -> str:
    """A point in words."""
    given = point["hyperparameters"].items()
    knobs = ", ".join(f"{key} {'not set' if value is None else value}" for key, value in given)
    if point["approval_share"] is None:
        return f"{point['candidate']} as trained"
    return f"{point['candidate']}{' with ' + knobs if knobs else ''}, approving {point['approval_share']:.0%},"


def format_command(point: OperatingPoint) -> str | None:
    """The command that trains a point and has it judged; None for a candidate as trained."""
    if point["approval_share"] is None:
        return None
    changes = {"train.policy.approval_share": point["approval_share"]}
    changes |= {f"train.{point['candidate']}.{key}": value for key, value in point["hyperparameters"].items()}
    return "dvc exp run " + " ".join(f"-S {key}={_format_override(value)}" for key, value in changes.items())


def _format_override(value: Any) -> str:
    """A value as `-S` reads it: None is null in YAML, a word of four letters is a text."""
    return "null" if value is None else str(value)

"""The search for a less discriminatory alternative: the results of other thresholds and other regularisation.

Group-blind: protected attributes are counted afterwards and never decide. Every alternative is scored on people whom
it has not seen, with features selected without them, and gets one threshold for all: the score that the wanted share of
people reach. Points that no other beats in both the metric and the lowest adverse impact ratio are the frontier.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any, Self

import numpy as np
from joblib import delayed
from numpy.typing import NDArray
from pydantic import Field, model_validator

from credit.common.candidate_names import CandidateName
from credit.common.invalid_values import make_value_error
from credit.common.parallel import run_in_processes
from credit.common.params import Params
from credit.contract import Contract
from credit.data.tables import is_favourable
from credit.evaluation.intervals import compute_roc_auc
from credit.evaluation.metrics import UnitValues
from credit.reports.alternatives import Point, PointFigures, QualityFigure
from credit.reports.fairness import LowestRatio
from credit.reports.figures import GroupLabels, group_key, label_group, split_group_key
from credit.scoring.design_matrix import build_design_matrix
from credit.scoring.policy import set_thresholds
from credit.training.candidates import Hyperparameters, build_estimator, fit_estimator
from credit.training.cross_fitting import CrossFittingFold
from credit.training.search import HyperparameterGrid, check_grid

Evaluator = Callable[[NDArray[np.float64], NDArray[np.str_], float | None], PointFigures]
"""The figures of scores and decisions, shape (n,) each, about one set of people, given the AUC of the scores."""


class ApprovalShares(Params):
    """Approval shares to try."""

    lowest: float = Field(gt=0, lt=1)
    highest: float = Field(gt=0, lt=1)
    step: float = Field(gt=0, lt=1)

    @model_validator(mode="after")
    def _are_some(self) -> Self:
        if self.lowest > self.highest:
            raise make_value_error(f"lowest {self.lowest:g}, highest {self.highest:g}", "lowest <= highest")
        return self

    @property
    def values(self) -> list[float]:
        """All of them, in order."""
        count = int((self.highest - self.lowest) / self.step + 1e-9) + 1
        return [round(self.lowest + i * self.step, 6) for i in range(count)]


class FindAlternativesParams(Params):
    """The block `find_alternatives`. `tolerated_loss`: of the metric, in its own unit."""

    metric: QualityFigure
    tolerated_loss: float = Field(ge=0)
    approval_shares: ApprovalShares
    logistic: HyperparameterGrid
    random_forest: HyperparameterGrid


def expand_grid(
    name: CandidateName, hyperparameters: Hyperparameters, grid: dict[str, list[Any]]
) -> list[Hyperparameters]:
    """Expand the grid into the hyperparameters to try: those of training first, then the others."""
    check_grid(grid, hyperparameters, f"find_alternatives.{name}")
    tried = (
        type(hyperparameters).model_validate(hyperparameters.model_dump() | values) for values in _cross_values(grid)
    )
    return [hyperparameters, *(one for one in tried if one != hyperparameters)]


def _cross_values(grid: dict[str, list[Any]]) -> Iterator[dict[str, Any]]:
    """Combine the values of a grid in the order of scikit-learn's ParameterGrid; {} has one combination, {}."""
    keys = sorted(grid)
    return (dict(zip(keys, values, strict=True)) for values in product(*(grid[key] for key in keys)))


def score_variants(
    contract: Contract, folds: Sequence[CrossFittingFold], todo: Sequence[Hyperparameters], seed: int
) -> Iterator[NDArray[np.float64]]:
    """Score the folds' unseen rows, fold after fold, by each model to try."""
    data = []
    for fold in folds:
        seen, unseen = (build_design_matrix(contract, fold.kept, rows).to_numpy() for rows in (fold.seen, fold.unseen))
        data.append((seen, is_favourable(contract, fold.seen), unseen))
    scores_by_fold = run_in_processes(
        [delayed(_fit_and_score)(hyperparameters, *one, seed) for hyperparameters in todo for one in data],
        "find_alternatives",
    )
    for start in range(0, len(scores_by_fold), len(folds)):
        yield np.concatenate(scores_by_fold[start : start + len(folds)])


def _fit_and_score(
    hyperparameters: Hyperparameters,
    seen: NDArray[np.float32],
    y: NDArray[np.bool_],
    unseen: NDArray[np.float32],
    seed: int,
) -> NDArray[np.float64]:
    scores: NDArray[np.float64] = fit_estimator(
        build_estimator(hyperparameters, len(seen), seed, None), seen, y
    ).predict_proba(unseen)[:, 1]
    return scores


def measure_auc(y: NDArray[np.bool_], scores: NDArray[np.float64]) -> float | None:
    """Measure the AUC, which no threshold changes; None where only one class has scores. Inputs: shape (n,) each."""
    known = np.isfinite(scores)
    return compute_roc_auc(y[known], scores[known]) if len(set(y[known])) == 2 else None


def measure_decisions(
    y: NDArray[np.bool_], decisions: NDArray[np.str_], auc: float | None, values: UnitValues, ratio: LowestRatio | None
) -> PointFigures:
    """Measure one way to decide. Inputs: shape (n,) each; `ratio`: `credit.fairness.figures.find_lowest_ratio`."""
    approved = decisions == "approve"
    return PointFigures(
        roc_auc=auc,
        approval_rate=float(approved.mean()),
        referral_rate=float((decisions == "refer").mean()),
        expected_value=float(values.compute_decision_values(y, decisions).mean()),
        accuracy=float((approved == y).mean()),
        adverse_impact_ratio=ratio.value if ratio else None,
        adverse_impact_ratio_interval=ratio.interval if ratio else None,
        group=ratio.key if ratio else None,
    )


def sweep_thresholds(
    scores: NDArray[np.float64], shares: Sequence[float], budget: float
) -> Iterator[tuple[float, NDArray[np.str_]]]:
    """Decide by `scores`, shape (n,), so that each share of the people is approved, and at most `budget` referred."""
    for share in shares:
        yield share, set_thresholds(scores, share, min(budget, 1 - share)).decide(scores)


def mark_frontier(points: Sequence[Point], metric: QualityFigure) -> tuple[Point, ...]:
    """Mark the points that are on the frontier: no other is as good in both figures and better in one."""
    best, on = -np.inf, set()
    known = [(ratio, _get_quality(one, metric), i) for i, one in enumerate(points)
             if (ratio := one.adverse_impact_ratio) is not None]  # fmt: skip
    for _, quality, i in sorted(known, key=lambda one: (-one[0], -one[1])):
        if quality > best:
            best = quality
            on.add(i)
    return tuple(one.model_copy(update={"on_frontier": i in on}) for i, one in enumerate(points))


def _get_quality(point: Point, metric: QualityFigure) -> float:
    """Return a point's quality; a point without the figure is worse than any with it."""
    value = point.get_value(metric)
    return -np.inf if value is None else value


def find_baseline(trained: Sequence[Point], metric: QualityFigure) -> Point:
    """Find the best candidate as trained, the first of equals."""
    return max(trained, key=lambda one: _get_quality(one, metric))


def compute_parity(ratio: float) -> float:
    """Compute how near a ratio is to parity: 1 parity, 0 nobody of one group. 1.25 is as far as 0.8."""
    return min(ratio, 1 / ratio) if ratio else 0.0


def find_fairest(points: Sequence[Point], baseline: Point, params: FindAlternativesParams) -> Point | None:
    """Find the point with a ratio nearest to parity within the tolerated loss; None where none beats `baseline`.

    Where every group fares better than its reference, a higher ratio would only treat people less alike.
    """
    if baseline.adverse_impact_ratio is None:
        return None
    least = compute_parity(baseline.adverse_impact_ratio)
    worst = _get_quality(baseline, params.metric) - params.tolerated_loss - 1e-12
    enough = [
        (compute_parity(ratio), quality, one)
        for one in points
        if (ratio := one.adverse_impact_ratio) is not None
        and compute_parity(ratio) > least
        and (quality := _get_quality(one, params.metric)) >= worst
    ]
    return max(enough, key=lambda one: one[:2], default=(0.0, 0.0, None))[2]


def describe_search(
    baseline: Point, found: Point | None, params: FindAlternativesParams, tried: int, labels: GroupLabels
) -> str:
    """Describe the outcome of the search in plain words; `labels` name groups whose names are codes."""
    metric = params.metric.replace("_", " ")
    best = baseline.candidate.replace("_", " ")
    start = (
        f"Of the candidates, scored on people whom they have not seen, {best} has the best {metric}, "
        f"{_format_figure(baseline.get_value(params.metric))}"
    )
    if baseline.group is None:
        nobody = baseline.approval_rate == 0
        return f"{start}; {'it approves nobody' if nobody else 'no group is large enough to compare'}."
    ratio = _format_figure(baseline.adverse_impact_ratio)
    start += f", with a worst-group adverse impact ratio of {ratio} ({_name_group(baseline, labels)})"
    if found is None:
        return f"{start}; none of {tried} points within {params.tolerated_loss:g} of it treats people more alike."
    return (
        f"{start}; {describe_point(found)} reaches {_format_figure(found.adverse_impact_ratio)} "
        f"({_name_group(found, labels)}) at {metric} {_format_figure(found.get_value(params.metric))}. "
        f"It is the best of {tried} points on the people who are measured, so the figures flatter it: train it, and "
        "let the gates judge."
    )


def _name_group(point: Point, labels: GroupLabels) -> str:
    attribute, group = split_group_key(point.group or "")
    return group_key(attribute, label_group(labels, attribute, group))


def _format_figure(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"


def describe_point(point: Point) -> str:
    """Describe a point in words."""
    given = point.hyperparameters.items()
    settings = ", ".join(f"{key} {'not set' if value is None else value}" for key, value in given)
    if point.approval_share is None:
        return f"{point.candidate} as trained"
    return f"{point.candidate}{' with ' + settings if settings else ''}, approving {point.approval_share:.0%},"


def format_command(point: Point) -> str | None:
    """Format the command that trains a point and has it judged; None for a candidate as trained."""
    if point.approval_share is None:
        return None
    changes: dict[str, Any] = {"train.policy.approval_share": point.approval_share}
    changes |= {f"train.{point.candidate}.{key}": value for key, value in point.hyperparameters.items()}
    return "dvc exp run " + " ".join(f"-S {key}={_format_override(value)}" for key, value in changes.items())


def _format_override(value: Any) -> str:
    """Format a value as `-S` reads it: None is null in YAML, a word of four letters is a text."""
    return "null" if value is None else str(value)

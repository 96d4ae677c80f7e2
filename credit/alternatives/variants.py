"""The models of the search: each is trained outside a fold and scores the people inside.

Group-blind in scoring, all of them: protected attributes weigh or penalise in training, where params allow that, and
no score reads any.
"""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple, Protocol

import numpy as np
from joblib import delayed
from numpy.typing import NDArray

from credit.alternatives.params import FindAlternativesParams
from credit.alternatives.partitions import Partition
from credit.common.candidate_names import CandidateName
from credit.common.parallel import run_in_processes
from credit.contract import Contract
from credit.data.tables import is_favourable
from credit.reports.base import Setting
from credit.scoring.design_matrix import build_design_matrix
from credit.selection.selection import (
    CandidateFeature,
    SelectFeaturesParams,
    Selection,
    judge_features,
    measure_features,
)
from credit.training.candidates import Hyperparameters, build_estimator, fit_estimator
from credit.training.cross_fitting import CrossFittingFold
from credit.training.search import HyperparameterGrid, check_grid
from credit.training.train import TrainParams
from credit.training.training_groups import NO_GROUP, encode_training_groups

TUNABLE_CANDIDATES: tuple[CandidateName, ...] = ("logistic", "random_forest")
"""Candidates that have something to regularise; the rule has one threshold, the lender's own."""

Scores = NDArray[np.float64]

FeatureSettings = tuple[tuple[str, Setting], ...]
"""Keys of `select_features` with other values than there; hashable."""


class FoldData(NamedTuple):
    """One fold as a model reads it. X, y and groups to learn from; `unseen`: the rows to score.

    `scaled`: X and `unseen` as a regression reads them, without missing values and scaled.
    """

    X: NDArray[np.float32]
    y: NDArray[np.bool_]
    groups: NDArray[np.int64]
    unseen: NDArray[np.float32]
    scaled: tuple[NDArray[np.float64], NDArray[np.float64]]


class Model(Protocol):
    """A model that can be trained on a fold."""

    def score(self, data: FoldData, seed: int) -> Scores:
        """Train outside the fold and score the unseen rows; shape (unseen,)."""


class TunedModel(NamedTuple):
    """A candidate with other hyperparameters."""

    hyperparameters: Hyperparameters

    def score(self, data: FoldData, seed: int) -> Scores:
        """Train as `train` does."""
        estimator = build_estimator(self.hyperparameters, len(data.y), seed, None)
        return _score(fit_estimator(estimator, data.X, data.y), data.unseen)


class FairModel(NamedTuple):
    """The regression that is penalised for unequal mean scores."""

    C: float
    strength: float

    def score(self, data: FoldData, seed: int) -> Scores:
        """Train with the groups of the rows outside the fold."""
        from credit.training.fair_logistic import FairLogistic  # imports scikit-learn, which only workers need

        seen, unseen = data.scaled
        return _score(FairLogistic(self.C, self.strength).fit(seen, data.y, groups=data.groups), unseen)


class ReweighedModel(NamedTuple):
    """A regression of people weighted so that one attribute says nothing about the label (Kamiran and Calders 2012).

    attribute: its place among the contract's protected attributes.
    """

    C: float
    attribute: int

    def score(self, data: FoldData, seed: int) -> Scores:
        """Train with weights from the groups of the rows outside the fold."""
        from credit.training.fair_logistic import FairLogistic

        seen, unseen = data.scaled
        weights = reweigh(data.groups[:, self.attribute], data.y)
        return _score(FairLogistic(self.C).fit(seen, data.y, sample_weight=weights), unseen)


def _score(estimator: Any, unseen: NDArray[Any]) -> Scores:
    scores: Scores = estimator.predict_proba(unseen)[:, 1]
    return scores


def reweigh(codes: NDArray[np.int64], y: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Weigh people by P(group) P(label) / P(group and label), so that both are independent; shape (n,).

    Undisclosed people keep the weight 1.
    """
    weights = np.ones(len(y))
    for code, label in product(np.unique(codes[codes != NO_GROUP]), (False, True)):
        cell = (codes == code) & (y == label)
        if cell.any():
            weights[cell] = (codes == code).sum() * (y == label).sum() / (len(y) * cell.sum())
    return weights


class Variant(NamedTuple):
    """A way to score people. `candidate` and `settings` name it; `features`: its own params of the selection.

    `as_trained`: a candidate with the hyperparameters of training, whose scores are known.
    """

    candidate: str
    settings: dict[str, Setting]
    model: Model
    features: FeatureSettings = ()
    as_trained: bool = False


class Blend(NamedTuple):
    """A weighted mean of the scores of two variants, by their places; `share`: of the first one."""

    candidate: str
    settings: dict[str, Setting]
    first: int
    second: int
    share: float


def list_variants(params: FindAlternativesParams, training: TrainParams, contract: Contract) -> list[Variant]:
    """List the models to train: those that read protected attributes in training only where params allow it."""
    logistic = training.logistic
    choices: list[FeatureSettings] = [tuple(one.items()) for one in params.select_features]
    variants = [one for name in TUNABLE_CANDIDATES for one in _list_tuned(name, params, training)]
    variants += [
        Variant("logistic", {"C": logistic.C, **dict(features)}, TunedModel(logistic), features) for features in choices
    ]
    if not params.read_protected:
        return variants
    fair = product([(), *choices], params.fair_logistic.C, params.fair_logistic.strength)
    reweighed = product(params.reweighed_logistic, enumerate(contract.protected))
    return [
        *variants,
        *(
            Variant("fair_logistic", {"C": C, "strength": strength, **dict(features)}, FairModel(C, strength), features)
            for features, C, strength in fair
        ),
        *(
            Variant("reweighed_logistic", {"C": C, "by": attribute}, ReweighedModel(C, place))
            for C, (place, attribute) in reweighed
        ),
    ]


def _list_tuned(name: CandidateName, params: FindAlternativesParams, training: TrainParams) -> Iterator[Variant]:
    grid: HyperparameterGrid = getattr(params, name)
    own = training.find_hyperparameters(name)
    for one in expand_grid(name, own, grid):
        shown = {key: value for key, value in one.model_dump().items() if key in grid}
        yield Variant(name, shown, TunedModel(one), as_trained=one == own)


def list_blends(params: FindAlternativesParams, variants: Sequence[Variant]) -> list[Blend]:
    """List the blends of the forest as trained with the fair regressions of the same features and the same C."""
    forest = [place for place, one in enumerate(variants) if one.candidate == "random_forest"][:1]
    fair = [place for place, one in enumerate(variants) if one.candidate == "fair_logistic"]
    largest = max(params.fair_logistic.C, default=None)
    return [
        Blend("blend", {"forest": share, "strength": variants[other].settings["strength"]}, first, other, share)
        for first, other, share in product(forest, fair, params.blends)
        if variants[other].settings["C"] == largest and not variants[other].features
    ]


def expand_grid(
    name: CandidateName, hyperparameters: Hyperparameters, grid: HyperparameterGrid
) -> list[Hyperparameters]:
    """Expand the grid into the hyperparameters to try: those of training first, then the others."""
    check_grid(grid, hyperparameters, f"find_alternatives.{name}")
    tried = (
        type(hyperparameters).model_validate(hyperparameters.model_dump() | values) for values in _cross_values(grid)
    )
    return [hyperparameters, *(one for one in tried if one != hyperparameters)]


def _cross_values(grid: HyperparameterGrid) -> Iterator[dict[str, Any]]:
    """Combine the values of a grid in the order of scikit-learn's ParameterGrid; {} has one combination, {}."""
    keys = sorted(grid)
    return (dict(zip(keys, values, strict=True)) for values in product(*(grid[key] for key in keys)))


def score_variants(
    contract: Contract,
    selection: SelectFeaturesParams,
    partitions: Sequence[Partition],
    variants: Sequence[Variant],
    seed: int,
) -> list[list[Scores]]:
    """Score the judged rows by each variant in each partition; shape (n,) each.

    A task is a fold with one forest, or with all models that train in no time.
    """
    results = [
        [partition.as_trained.get(one.candidate) if one.as_trained else None for partition in partitions]
        for one in variants
    ]
    tasks = list(_list_tasks(partitions, variants, results))
    scored = run_in_processes(
        [
            delayed(_score_fold)(contract, selection, partitions[number].folds[fold], [variants[i] for i in some], seed)
            for number, fold, some in tasks
        ],
        "find_alternatives",
    )
    for (number, fold, some), its_scores in zip(tasks, scored, strict=True):
        inside = partitions[number].codes == fold
        for place, scores in zip(some, its_scores, strict=True):
            whole = results[place][number]
            if whole is None:
                whole = results[place][number] = np.empty(len(inside))
            whole[inside] = scores
    return [[one for one in of if one is not None] for of in results]


def _list_tasks(
    partitions: Sequence[Partition], variants: Sequence[Variant], known: Sequence[Sequence[Scores | None]]
) -> Iterator[tuple[int, int, list[int]]]:
    """List the trainings to do: the number of a partition and of its fold, and the places of variants."""
    slow = [[place] for place, one in enumerate(variants) if one.candidate == "random_forest"]
    quick = [place for place, one in enumerate(variants) if one.candidate != "random_forest"]
    for places in [*slow, quick]:
        for number, partition in enumerate(partitions):
            some = [place for place in places if known[place][number] is None]
            yield from ((number, fold, some) for fold in range(len(partition.folds)) if some)


def blend_scores(scores: Sequence[Sequence[Scores]], blends: Sequence[Blend]) -> list[list[Scores]]:
    """Blend the scores of variants in each partition; shape (n,) each."""
    return [
        [
            blend.share * first + (1 - blend.share) * second
            for first, second in zip(scores[blend.first], scores[blend.second], strict=True)
        ]
        for blend in blends
    ]


def _score_fold(
    contract: Contract, selection: SelectFeaturesParams, fold: CrossFittingFold, variants: Sequence[Variant], seed: int
) -> list[Scores]:
    chosen = {one.features for one in variants}
    measured = measure_features(contract, selection, fold.seen.__getitem__) if chosen - {()} else []
    read = {features: _read_fold(contract, fold, _select(fold, measured, selection, features)) for features in chosen}
    return [_score_by(one.model, read[one.features], seed) for one in variants]


def _select(
    fold: CrossFittingFold, measured: list[CandidateFeature], params: SelectFeaturesParams, features: FeatureSettings
) -> Sequence[str]:
    """Select features by other limits; measuring them takes the time, and knows no limit."""
    if not features:
        return fold.kept
    return Selection(measured, judge_features(measured, params.model_copy(update=dict(features)))).kept


def _score_by(model: Model, data: FoldData, seed: int) -> Scores:
    """Score by a model; where the selection leaves no feature, everybody by the base rate."""
    return model.score(data, seed) if data.X.shape[1] else np.full(len(data.unseen), data.y.mean())


def _read_fold(contract: Contract, fold: CrossFittingFold, kept: Sequence[str]) -> FoldData:
    from credit.training.fair_logistic import build_preparation

    seen, unseen = (build_design_matrix(contract, kept, rows).to_numpy() for rows in (fold.seen, fold.unseen))
    y, groups = is_favourable(contract, fold.seen), encode_training_groups(contract, fold.seen)
    if not kept:
        return FoldData(seen, y, groups, unseen, (seen.astype(np.float64), unseen.astype(np.float64)))
    prepare = build_preparation().fit(seen.astype(np.float64))
    scaled = tuple(prepare.transform(rows.astype(np.float64)) for rows in (seen, unseen))
    return FoldData(seen, y, groups, unseen, (scaled[0], scaled[1]))

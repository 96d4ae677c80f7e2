"""The variants of the search: which models are tried, with which features, and what they and their blends score."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from joblib import delayed

from credit.alternatives.models import FoldData, Model, ReweighedModel, Scores, TunedModel
from credit.alternatives.params import FindAlternativesParams
from credit.alternatives.partitions import Partition
from credit.common.candidate_definition import load_definition
from credit.common.candidate_names import HEURISTIC
from credit.common.errors import Problem, raise_if_any
from credit.common.params import Params
from credit.contract import Contract
from credit.data.tables import is_favourable
from credit.engine.mapping import run_tasks
from credit.reports.base import Setting
from credit.scoring.design_matrix import build_design_matrix, list_directions
from credit.selection.selection import (
    CandidateFeature,
    SelectFeaturesParams,
    Selection,
    judge_features,
    measure_features,
)
from credit.training.cross_fitting import CrossFittingFold
from credit.training.search import HyperparameterGrid, find_grid_problems
from credit.training.train import TrainParams
from credit.training.training_groups import encode_training_groups

FAIR_CANDIDATE = "fair_logistic"
"""Searched whether it is among the candidates or not."""


FeatureSettings = tuple[tuple[str, Setting], ...]
"""Keys of `select_features` with other values than there; hashable."""


class Variant(NamedTuple):
    """A way to score people. `candidate` and `settings` name it; `features`: its own params of the selection.

    `as_trained`: a candidate with the hyperparameters of training, whose scores are known.
    """

    candidate: str
    settings: dict[str, Setting]
    model: Model
    features: FeatureSettings = ()
    as_trained: bool = False

    def find_as_trained(self, partition: Partition) -> Scores | None:
        """Find the scores that `predict` or `rescore` wrote; None where they did not, or trained on other rows."""
        return partition.as_trained.get(self.candidate) if self.as_trained else None


class Blend(NamedTuple):
    """A weighted mean of the scores of two variants, by their places; `share`: of the first one."""

    candidate: str
    settings: dict[str, Setting]
    first: int
    second: int
    share: float


def name_variant(one: Variant) -> str:
    """Name a variant by its model with every hyperparameter, and by its features."""
    return repr((one.model, one.features))


def list_variants(params: FindAlternativesParams, training: TrainParams, contract: Contract) -> list[Variant]:
    """List the models to train: those that read protected attributes in training only where params allow it.

    The rule has nothing to tune but one threshold, the lender's own.
    """
    tuned = [one for name in _list_searched(params, training) for one in _list_tuned(name, params, training)]
    reweighed = product(params.reweighed_logistic, enumerate(contract.protected)) if params.read_protected else ()
    return [
        *tuned,
        *(
            Variant("reweighed_logistic", {"C": C, "by": attribute}, ReweighedModel(C, place))
            for C, (place, attribute) in reweighed
        ),
    ]


def find_variant_problems(params: FindAlternativesParams, training: TrainParams) -> list[Problem]:
    """Find in the grids of the candidates that are searched what cannot be tried."""
    return [
        problem
        for name in _list_searched(params, training)
        for problem in find_grid_problems(
            params.find_grid(name), training.find_hyperparameters(name), f"find_alternatives.{name}"
        )
    ]


def _list_searched(params: FindAlternativesParams, training: TrainParams) -> list[str]:
    """List the candidates whose grids are searched: those that have hyperparameters, and may be read as params say."""
    return [
        name
        for name in dict.fromkeys([*training.candidates, FAIR_CANDIDATE])
        if name in training.hyperparameters and name != HEURISTIC
        if params.read_protected or not load_definition(name).reads_groups
    ]


def _list_tuned(name: str, params: FindAlternativesParams, training: TrainParams) -> Iterator[Variant]:
    """List a candidate's grid; of regressions at the C of training also each other selection of features."""
    own, grid = training.find_hyperparameters(name), params.find_grid(name)
    tried = expand_grid(name, own, grid)
    for one in tried:
        yield Variant(
            name, _show(one, grid), TunedModel(name, one), as_trained=one == own and not training.search.enabled
        )
    if name not in ("logistic", FAIR_CANDIDATE):
        return
    same = [one for one in tried if one.model_dump()["C"] == own.model_dump()["C"]]
    for choice, one in product(params.select_features, same):
        features: FeatureSettings = tuple(choice.items())
        yield Variant(name, {**_show(one, grid), **dict(features)}, TunedModel(name, one), features)


def _show(hyperparameters: Params, grid: HyperparameterGrid) -> dict[str, Setting]:
    return {key: value for key, value in hyperparameters.model_dump().items() if key in grid}


def list_blends(params: FindAlternativesParams, variants: Sequence[Variant]) -> list[Blend]:
    """List the blends of the forest as trained with the fair regressions of the same features and the same C."""
    forest = [place for place, one in enumerate(variants) if one.candidate == "random_forest"][:1]
    plain = [place for place, one in enumerate(variants) if one.candidate == FAIR_CANDIDATE and not one.features]
    fair = [place for place in plain if variants[place].settings.get("C") == variants[plain[0]].settings.get("C")]
    return [
        Blend("blend", {"forest": share, **variants[other].settings}, first, other, share)
        for first, other, share in product(forest, fair, params.blends)
    ]


def expand_grid(name: str, hyperparameters: Params, grid: HyperparameterGrid) -> list[Params]:
    """Expand the grid into the hyperparameters to try: those of training first, then the others."""
    raise_if_any(find_grid_problems(grid, hyperparameters, f"find_alternatives.{name}"))
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
    searched: Mapping[str, Sequence[Scores]] = MappingProxyType({}),
) -> list[list[Scores]]:
    """Score the judged rows by each variant in each partition; shape (n,) each.

    searched: what variants scored before, by name, in each partition. What `predict` scored goes before it: the same
    model that was trained elsewhere may differ in the last bit.

    A task is a fold with one model of many trees, or with all models that train in no time.
    """
    unknown = [None] * len(partitions)
    results: list[list[Scores | None]] = [
        [
            as_trained if (as_trained := one.find_as_trained(partition)) is not None else before
            for partition, before in zip(partitions, searched.get(name_variant(one), unknown), strict=True)
        ]
        for one in variants
    ]
    tasks = list(_list_tasks(partitions, variants, results))
    scored = run_tasks(
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
    slow = [place for place, one in enumerate(variants) if _has_trees(one.model)]
    quick = [place for place in range(len(variants)) if place not in slow]
    for places in [*([place] for place in slow), quick]:
        for number, partition in enumerate(partitions):
            some = [place for place in places if known[place][number] is None]
            yield from ((number, fold, some) for fold in range(len(partition.folds)) if some)


def _has_trees(model: Model) -> bool:
    return isinstance(model, TunedModel) and hasattr(model.hyperparameters, "n_estimators")


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
    seen, unseen = (build_design_matrix(contract, kept, rows).to_numpy() for rows in (fold.seen, fold.unseen))
    y, groups = is_favourable(contract, fold.seen), encode_training_groups(contract, fold.seen)
    return FoldData(seen, y, groups, unseen, list_directions(contract, kept), {}, {})

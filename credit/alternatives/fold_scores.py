"""Train the variants of the search outside each fold, score the people inside, and blend scores."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from joblib import delayed

from credit.alternatives.models import FoldData, Model, Scores, TunedModel
from credit.alternatives.partitions import Partition
from credit.alternatives.variants import Blend, FeatureSettings, Variant, name_variant
from credit.contract import Contract
from credit.data.tables import is_favourable
from credit.engine.mapping import run_tasks
from credit.scoring.design_matrix import build_design_matrix, list_directions
from credit.selection.selection import (
    CandidateFeature,
    SelectFeaturesParams,
    Selection,
    judge_features,
    measure_features,
)
from credit.training.cross_fitting import CrossFittingFold
from credit.training.training_groups import encode_training_groups


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

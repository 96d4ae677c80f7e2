"""The variants of the search: which models are tried, with which features, and which of them are blended."""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple

from credit.alternatives.models import Model, ReweighedModel, Scores, TunedModel
from credit.alternatives.params import FindAlternativesParams
from credit.alternatives.partitions import Partition
from credit.common.candidate_definition import load_definition
from credit.common.candidate_names import HEURISTIC
from credit.common.errors import Problem, raise_if_any
from credit.common.params import Params
from credit.contract import Contract
from credit.reports.base import Setting
from credit.training.search import HyperparameterGrid, find_grid_problems
from credit.training.train import TrainParams

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

"""The optional search for hyperparameters: scikit-learn's successive halving, cross-validated on the training rows."""

from typing import Annotated, Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ModelWrapValidatorHandler, ValidationError, model_validator

from credit.common.candidate_definition import BuildContext, list_definitions, load_definition
from credit.common.candidate_names import HEURISTIC
from credit.common.errors import Problem, list_problems, raise_if_any
from credit.common.files import round_floats
from credit.common.params import Params, check_named_blocks
from credit.data.row_groups import make_splitter
from credit.reports.candidate import HyperparameterSearch
from credit.training.candidates import route_groups

SEARCH_FOLDS_KEY = "params.yaml: train.search.folds"

HyperparameterGrid = dict[str, Annotated[list[Any], Field(min_length=1)]]
"""Values to try of each hyperparameter; {} tries none."""


class GridParams(Params):
    """A block that may have a grid for each candidate, by its name; without one the candidate's own is tried."""

    grids: dict[str, HyperparameterGrid]

    @model_validator(mode="wrap")
    @classmethod
    def _check_grids(cls, block: Any, check_rest: ModelWrapValidatorHandler[Self]) -> Self:
        """Check the grids, so that the name of no candidate is an unknown key."""
        models = dict.fromkeys((name for name in list_definitions() if name != HEURISTIC), HyperparameterGrid)
        return check_named_blocks(block, models, "grids", check_rest)

    def find_grid(self, name: str) -> dict[str, list[Any]]:
        """Find the values to try of a candidate's hyperparameters."""
        if name in self.grids:
            return self.grids[name]
        return {key: list(values) for key, values in load_definition(name).grid.items()}


class SearchParams(GridParams):
    """The block `train.search`."""

    enabled: bool
    folds: int = Field(ge=2)
    factor: int = Field(ge=2)


def search_hyperparameters(
    name: str,
    hyperparameters: Params,
    search: SearchParams,
    X: NDArray[np.float32],
    y: NDArray[np.bool_],
    seed: int,
    groups: NDArray[np.int64] | None = None,
    row_groups: NDArray[np.int64] | None = None,
    directions: tuple[int, ...] = (),
) -> tuple[Params, HyperparameterSearch | None]:
    """Search for the hyperparameters to train with; also report the search (None when nothing was searched).

    X: shape (n, columns); y: True is favourable, shape (n,). The rule has nothing to search.
    groups: for a candidate whose training reads them, shape (n, attributes). row_groups: of `encode_row_groups`.
    directions: of `list_directions`.
    """
    if not search.enabled or name == HEURISTIC:
        return hyperparameters, None
    from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - unlocks the next import
    from sklearn.model_selection import HalvingGridSearchCV

    raise_if_any(find_search_problems(name, hyperparameters, search))
    kept = load_definition(name).kept_in_search
    grid = {key: values for key, values in search.find_grid(name).items() if key not in kept}
    pipeline: Any = load_definition(name).build(hyperparameters, BuildContext(len(y), seed, directions=directions))
    step = pipeline.steps[-1][0]
    halving = HalvingGridSearchCV(
        pipeline,
        {f"{step}__{key}": values for key, values in parse_grid(grid, hyperparameters).items()},
        factor=search.factor,
        cv=make_splitter(search.folds, seed, row_groups, SEARCH_FOLDS_KEY),
        scoring="roc_auc",
        random_state=seed,
        refit=False,
        n_jobs=-1,
    )
    halving.fit(X, y, groups=row_groups, **route_groups(name, pipeline, groups))
    best = {key.removeprefix(f"{step}__"): value for key, value in halving.best_params_.items()}
    results = halving.cv_results_
    tried = [
        {
            **{key.removeprefix(f"{step}__"): value for key, value in params.items()},
            "rows": int(rows),
            "roc_auc": float(score),
        }
        for params, rows, score in zip(
            results["params"], results["n_resources"], results["mean_test_score"], strict=True
        )
    ]
    report = HyperparameterSearch(best=best, tried=tuple(round_floats(tried, 3)))
    return type(hyperparameters).model_validate(hyperparameters.model_dump() | best), report


def find_search_problems(name: str, hyperparameters: Params, search: SearchParams) -> list[Problem]:
    """Find in the grid of a candidate what the search of `train` cannot try; the rule has none."""
    if name == HEURISTIC:
        return []
    found, block = "a hyperparameter that the AUC cannot choose", f"train.search.{name}"
    kept = [key for key in load_definition(name).kept_in_search if key in search.grids.get(name, {})]
    problems = [
        Problem(
            f"params.yaml: {block}.{key}",
            found,
            "no values to try",
            f"set train.{name}.{key}, or look at it in find_alternatives",
        )
        for key in kept
    ]
    return [*problems, *find_grid_problems(search.find_grid(name), hyperparameters, block)]


def find_grid_problems(grid: HyperparameterGrid, hyperparameters: Params, block: str) -> list[Problem]:
    """Find each misspelt key and impossible value of a grid: before an hour's search, not after."""
    problems: list[Problem] = []
    for value in ({key: value} for key, values in grid.items() for value in values):
        try:
            type(hyperparameters).model_validate(hyperparameters.model_dump() | value)
        except ValidationError as error:
            problems += list_problems(error, "params.yaml", block)
    return list(dict.fromkeys(problems))


def parse_grid(grid: HyperparameterGrid, hyperparameters: Params) -> HyperparameterGrid:
    """Parse the values of a grid as those of training are: "50" is the number 50 to scikit-learn too."""
    own, model = hyperparameters.model_dump(), type(hyperparameters)
    return {key: [model.model_validate(own | {key: value}).model_dump()[key] for value in grid[key]] for key in grid}

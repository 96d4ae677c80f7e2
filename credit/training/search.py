"""The optional search for hyperparameters: scikit-learn's successive halving, cross-validated on the training rows."""

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from credit.common.candidate_names import CandidateName
from credit.common.errors import Problem, list_problems, raise_if_any
from credit.common.files import round_floats
from credit.common.params import Params
from credit.reports.candidate import HyperparameterSearch
from credit.training.candidates import HeuristicParams, Hyperparameters, build_estimator

HyperparameterGrid = dict[str, Annotated[list[Any], Field(min_length=1)]]
"""Values to try of each hyperparameter; {} tries none."""


class SearchParams(Params):
    """The block `train.search`: per candidate, the values to try for each hyperparameter."""

    enabled: bool
    folds: int = Field(ge=2)
    factor: int = Field(ge=2)
    logistic: HyperparameterGrid
    random_forest: HyperparameterGrid


def search_hyperparameters(
    name: CandidateName,
    hyperparameters: Hyperparameters,
    search: SearchParams,
    X: NDArray[np.float32],
    y: NDArray[np.bool_],
    seed: int,
) -> tuple[Hyperparameters, HyperparameterSearch | None]:
    """Search for the hyperparameters to train with; also report the search (None when nothing was searched).

    X: shape (n, columns); y: True is favourable, shape (n,). The rule has nothing to search.
    """
    if not search.enabled or isinstance(hyperparameters, HeuristicParams):
        return hyperparameters, None
    from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - unlocks the next import
    from sklearn.model_selection import HalvingGridSearchCV, StratifiedKFold

    grid: dict[str, list[Any]] = getattr(search, name)
    check_grid(grid, hyperparameters, f"train.search.{name}")
    pipeline: Any = build_estimator(hyperparameters, len(y), seed, None)
    step = pipeline.steps[-1][0]
    halving = HalvingGridSearchCV(
        pipeline,
        {f"{step}__{key}": values for key, values in grid.items()},
        factor=search.factor,
        cv=StratifiedKFold(search.folds, shuffle=True, random_state=seed),
        scoring="roc_auc",
        random_state=seed,
        refit=False,
        n_jobs=-1,
    )
    halving.fit(X, y)
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


def check_grid(grid: dict[str, list[Any]], hyperparameters: Hyperparameters, block: str) -> None:
    """Check the grid, so that a misspelt key or an impossible value is an error before an hour's search, not after."""
    problems: list[Problem] = []
    for value in (hyperparameters.model_dump() | {key: value} for key, values in grid.items() for value in values):
        try:
            type(hyperparameters).model_validate(value)
        except ValidationError as error:
            problems += list_problems(error, "params.yaml", block)
    raise_if_any(problems)

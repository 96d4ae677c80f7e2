"""The models of the search: each is trained outside a fold and scores the people inside.

Group-blind in scoring, all of them: protected attributes weigh or penalise in training, where params allow that, and
no score reads any.
"""

from itertools import product
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from credit.candidates.logistic import LogisticParams
from credit.common.candidate_definition import BuildContext, load_definition
from credit.common.params import Params
from credit.training.candidates import fit_estimator, score_rows
from credit.training.training_groups import NO_GROUP

Scores = NDArray[np.float64]


class FoldData(NamedTuple):
    """One fold as a model reads it. X, y and groups to learn from; `unseen`: the rows to score.

    directions: of `list_directions`.
    prepared: both as the last step of a pipeline reads them, by the steps before, so that these are fitted once.
    solutions: of plain regression, which fair ones of any strength start from, by how the columns were prepared.
    """

    X: NDArray[np.float32]
    y: NDArray[np.bool_]
    groups: NDArray[np.int64]
    unseen: NDArray[np.float32]
    directions: tuple[int, ...]
    prepared: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]
    solutions: dict[str, dict[Any, Any]]

    def make_context(self, seed: int) -> BuildContext:
        """Make what an estimator for these rows may depend on besides its hyperparameters."""
        return BuildContext(len(self.y), seed, directions=self.directions)

    def prepare(self, steps: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Fit the steps before the last on X and transform X and the unseen rows; shape (n, columns) each."""
        key = name_steps(steps)
        if key not in self.prepared:
            seen = self.X.astype(np.float64)
            fitted = steps.fit(seen)
            self.prepared[key] = fitted.transform(seen), fitted.transform(self.unseen.astype(np.float64))
        return self.prepared[key]


def name_steps(steps: Any) -> str:
    """Name the steps of a pipeline by class and parameters, fitted or not: their `repr` takes 150 times as long."""
    return repr(
        [
            (type(step), {key: value for key, value in vars(step).items() if key.strip("_") == key})
            for _, step in steps.steps
        ]
    )


class Model(Protocol):
    """A model that can be trained on a fold."""

    def score(self, data: FoldData, seed: int) -> Scores:
        """Train outside the fold and score the unseen rows; shape (unseen,)."""


class TunedModel(NamedTuple):
    """A candidate with some hyperparameters."""

    name: str
    hyperparameters: Params

    def score(self, data: FoldData, seed: int) -> Scores:
        """Train as `train` does; of regressions, which a search has many of, imputing and scaling are shared."""
        definition = load_definition(self.name)
        estimator = definition.build(self.hyperparameters, data.make_context(seed))
        X: NDArray[Any] = data.X
        unseen: NDArray[Any] = data.unseen
        if definition.fit_in_float64:
            steps, estimator = estimator[:-1], estimator[-1:]
            X, unseen = data.prepare(steps)
            if hasattr(estimator[-1], "share_solutions"):
                estimator[-1].share_solutions(data.solutions.setdefault(name_steps(steps), {}))
        return _score(fit_estimator(self.name, estimator, X, data.y, data.groups), unseen)


class ReweighedModel(NamedTuple):
    """A regression of people weighted so that one attribute says nothing about the label (Kamiran and Calders 2012).

    attribute: its place among the contract's protected attributes.
    """

    C: float
    attribute: int

    def score(self, data: FoldData, seed: int) -> Scores:
        """Train with weights from the groups of the rows outside the fold."""
        plain = LogisticParams(C=self.C, class_weight=None)
        pipeline = load_definition("logistic").build(plain, data.make_context(seed))
        seen, unseen = data.prepare(pipeline[:-1])
        weights = reweigh(data.groups[:, self.attribute], data.y)
        return _score(pipeline[-1].fit(seen, data.y, sample_weight=weights), unseen)


def _score(estimator: Any, unseen: NDArray[Any]) -> Scores:
    return score_rows(estimator, unseen)


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

"""Logistic regression that is penalised for unequal mean scores: groups are read in training, never in scoring.

**Not convex.** With mean log odds in place of mean scores the problem would be convex, but the odds of those who are
sure of approval, whom no threshold decides about, would count most: on the default data this costs .03 of AUC at the
same ratio. So the solution is a local one, and always the same: plain regression is solved first, and from there on
L-BFGS descends. At strength 0 that is plain regression, and convex.

**Signs.** A coefficient that may only be positive, or only negative, is bounded by 0 while L-BFGS descends; those that
end there stay 0, and Newton's steps refine the others.
"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

from credit.training.fair_regression.penalised_loss import PenalisedLoss, build_contrasts

_DESCENT_TOLERANCE, _SOLUTION_TOLERANCE = 1e-7, 1e-9

PlainSolutions = dict[tuple[Any, ...], tuple[NDArray[np.float64], int]]
"""The coefficients of plain regression and their iterations, by the parameters that they depend on."""


class FairLogistic(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Binary logistic regression with a penalty on the squared gaps of mean scores between groups.

    C: inverse strength of the L2 penalty, as in scikit-learn's LogisticRegression. strength: of the penalty on gaps; 0
    is plain regression and needs no groups. class_weight: of the log loss; None or "balanced". signs: of each
    coefficient, 1 for none below 0, -1 for none above, 0 for any; None is any for all.
    """

    coef_: NDArray[np.float64]
    intercept_: NDArray[np.float64]
    n_iter_: int

    def __init__(
        self,
        C: float = 1.0,
        strength: float = 0.0,
        class_weight: str | None = None,
        max_iter: int = 1000,
        signs: Sequence[int] | None = None,
    ):
        self.C = C
        self.strength = strength
        self.class_weight = class_weight
        self.max_iter = max_iter
        self.signs = signs

    def fit(self, X: Any, y: Any, sample_weight: ArrayLike | None = None, groups: ArrayLike | None = None) -> Self:
        """Fit on X, shape (n, columns), and two classes, shape (n,); the second in order has the scores.

        sample_weight: of the log loss, shape (n,). groups: shape (n, attributes), whole numbers: 0 is the reference, -1
        nobody's group, as of undisclosed people.
        Raises ValueError for anything else than two classes, for a strength above 0 without groups, and for other signs
        than one for each column.
        """
        from sklearn.utils.class_weight import compute_sample_weight
        from sklearn.utils.multiclass import check_classification_targets
        from sklearn.utils.validation import _check_sample_weight, validate_data

        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) > 2:
            raise ValueError("Only binary classification is supported. The type of the target is multiclass.")
        if len(self.classes_) < 2:
            raise ValueError("Classifier can't train when only one class is present.")
        if self.strength and groups is None:
            raise ValueError("groups are missing: a strength above 0 penalises gaps between groups")
        signs = np.zeros(X.shape[1]) if self.signs is None else np.asarray(self.signs, np.float64)
        if signs.shape != (X.shape[1],):
            raise ValueError(f"signs has {signs.size} of them, X has {X.shape[1]} columns")
        weights = _check_sample_weight(sample_weight, X, dtype=np.float64) * compute_sample_weight(self.class_weight, y)
        contrasts = build_contrasts(np.empty((len(y), 0), np.int64) if groups is None else np.asarray(groups))
        loss = PenalisedLoss(
            np.column_stack([X, np.ones(len(y))]),
            codes.astype(np.float64),
            weights,
            contrasts,
            self.C,
        )
        strengths = (0.0, self.strength) if self.strength and contrasts.shape[1] else (0.0,)
        solution = self._find_plain(loss, signs, sample_weight is None)
        if len(strengths) > 1:
            solution = self._descend(loss, solution, self.strength, signs)
        solution = self._refine(loss, solution, strengths[-1], signs)
        self.coef_, self.intercept_ = solution[None, :-1], solution[-1:]
        return self

    def share_solutions(self, solutions: PlainSolutions) -> None:
        """Look plain solutions up in `solutions`, those of the same X and y, and add the one that is found."""
        self._solutions = solutions

    def _find_plain(self, loss: PenalisedLoss, signs: NDArray[np.float64], unweighted: bool) -> NDArray[np.float64]:
        """Find the solution of plain regression, which every strength starts from."""
        solutions: PlainSolutions = getattr(self, "_solutions", {}) if unweighted else {}
        key = (self.C, repr(self.class_weight), self.max_iter, tuple(signs))
        if key not in solutions:
            solutions[key] = self._descend(loss, np.zeros(loss.X.shape[1]), 0.0, signs), self.n_iter_
        solution, self.n_iter_ = solutions[key]
        return solution

    def _descend(
        self, loss: PenalisedLoss, start: NDArray[np.float64], strength: float, signs: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        from scipy.optimize import minimize

        options = {"maxiter": self.max_iter, "gtol": _DESCENT_TOLERANCE, "ftol": 0, "maxcor": 30}
        ends = [(0.0 if sign > 0 else None, 0.0 if sign < 0 else None) for sign in (*signs, 0)]
        bounds = ends if signs.any() else None
        found = minimize(
            loss.compute, start, args=(strength,), jac=True, method="L-BFGS-B", bounds=bounds, options=options
        )
        self.n_iter_ = int(found.nit)
        solution: NDArray[np.float64] = found.x
        return solution

    def _refine(
        self, loss: PenalisedLoss, start: NDArray[np.float64], strength: float, signs: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        import warnings

        from sklearn.exceptions import ConvergenceWarning

        solution, steepest = loss.refine(start, strength, signs)
        if steepest > _SOLUTION_TOLERANCE:
            said = f"the gradient is {steepest:.1e} after {self.n_iter_} iterations; raise max_iter or lower C"
            warnings.warn(said, ConvergenceWarning, stacklevel=3)
        return solution

    def __sklearn_tags__(self) -> Any:
        """Say that it is for two classes only."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

    def decision_function(self, X: ArrayLike) -> NDArray[np.float64]:
        """Compute the log odds of the second class; shape (n,)."""
        from sklearn.utils.validation import check_is_fitted, validate_data

        check_is_fitted(self)
        columns: NDArray[np.float64] = validate_data(self, X, dtype=np.float64, reset=False)
        odds: NDArray[np.float64] = columns @ self.coef_[0] + self.intercept_[0]
        return odds

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Compute the probability of each class; shape (n, 2)."""
        from scipy.special import expit

        odds = self.decision_function(X)
        return np.column_stack([expit(-odds), expit(odds)])

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Predict the more likely class; shape (n,)."""
        likely = self.decision_function(X) > 0
        chosen: NDArray[Any] = self.classes_[likely.astype(int)]
        return chosen

    def make_plain(self) -> LogisticRegression:
        """Make the fitted scikit-learn regression of the same coefficients: what is stored, and exported to ONNX."""
        plain = LogisticRegression(C=self.C, class_weight=self.class_weight)
        plain.classes_, plain.n_features_in_ = self.classes_, self.n_features_in_
        plain.coef_, plain.intercept_ = self.coef_, self.intercept_
        plain.n_iter_ = np.array([self.n_iter_], dtype=np.int32)
        return plain

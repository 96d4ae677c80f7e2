"""The old technical solution, as a scikit-learn estimator: one threshold on one score."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from credit.contract.rule import ApprovedSide
from credit.scoring.rule import passes_threshold


class ThresholdRule(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A rule that favours scores on one side of a threshold. Knows three kinds of people: passed, failed, no score.

    `fit` learns the share of the second class among the people who pass and among those who fail; `predict_proba`
    gives that share, and halfway between the two for a missing score, about which the rule knows nothing.
    Scores and threshold are compared as float32, the type of ONNX: a score of 0.7 reaches a threshold of 0.7.

    Parameters
    ----------
    threshold : the score that just passes, in the score's own unit.
    column : position of the score in X.
    approve : at_least, scores from the threshold up pass; at_most, scores from it down.
    """

    def __init__(self, threshold: float = 0.0, column: int = 0, approve: ApprovedSide = "at_least") -> None:
        self.threshold = threshold
        self.column = column
        self.approve = approve

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags.multi_class = False
        tags.classifier_tags.poor_score = True  # one threshold on one column cannot separate everything
        return tags

    def fit(self, X: Any, y: Any) -> Self:
        """Learn the two shares. X: shape (n, features), missing scores are NaN; y: two classes, shape (n,)."""
        X, y = validate_data(self, X, y, ensure_all_finite="allow-nan", dtype=np.float64)
        check_classification_targets(y)
        if (kind := type_of_target(y)) != "binary":
            raise ValueError(f"Only binary classification is supported. The type of the target is {kind}.")
        self.classes_ = np.unique(y)
        second = y == self.classes_[-1]
        score = self._select_score(X)
        known, passes = ~np.isnan(score), self._passes(score)
        passed, failed = second[known & passes], second[known & ~passes]
        self.share_passed_ = float((passed if passed.size else second).mean())
        self.share_failed_ = float((failed if failed.size else second).mean())
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Predict the shares of both classes; shape (n, 2)."""
        check_is_fitted(self)
        X = validate_data(self, X, ensure_all_finite="allow-nan", dtype=np.float64, reset=False)
        score = self._select_score(X)
        unknown = (self.share_failed_ + self.share_passed_) / 2
        known = np.where(self._passes(score), self.share_passed_, self.share_failed_)
        favourable = np.where(np.isnan(score), unknown, known)
        return np.column_stack([1 - favourable, favourable])[:, -len(self.classes_) :]

    def _select_score(self, X: NDArray[np.float64]) -> NDArray[np.float32]:
        with np.errstate(over="ignore"):  # beyond float32 is infinite, and compares as it should
            return X[:, self.column].astype(np.float32)

    def _passes(self, score: NDArray[np.float32]) -> NDArray[np.bool_]:
        return passes_threshold(score, self.threshold, self.approve)

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict the likelier class; shape (n,). Decisions are the policy's."""
        check_is_fitted(self)
        chosen: NDArray[Any] = self.classes_[self.predict_proba(X).argmax(axis=1)]
        return chosen

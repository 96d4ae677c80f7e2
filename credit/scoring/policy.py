"""The decision policy: approve, refer to an analyst, or deny by the score. The same thresholds for everybody."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from credit.reports.candidate import Thresholds

DecisionKind = Literal["approve", "refer", "deny"]
DECISION_KINDS: tuple[DecisionKind, ...] = ("approve", "refer", "deny")


class Policy(Thresholds):
    """Scores from `approve_from` are approved, from `refer_from` up to there referred, below denied."""

    def decide_one(self, score: float) -> DecisionKind:
        """Decide on one score as `decide` does."""
        if self.approve_from is not None and score >= self.approve_from:
            return "approve"
        return "deny" if score < self.refer_from else "refer"

    def decide(self, scores: ArrayLike) -> NDArray[np.str_]:
        """Decide on each score; shape (n,). A score that is NaN is referred, never denied unseen."""
        scores = np.asarray(scores, dtype=np.float64)
        approved = np.zeros(scores.shape, bool) if self.approve_from is None else scores >= self.approve_from
        referred = np.isnan(scores) | (scores >= self.refer_from)
        return np.where(approved, "approve", np.where(referred, "refer", "deny"))


def set_thresholds(scores: ArrayLike, approval_share: float, referral_budget: float) -> Policy:
    """Set the thresholds so that at most these shares of `scores`, shape (n,), are approved and referred.

    Both thresholds lie halfway between two neighbouring scores, so that a difference in the last bits of a score does
    not change a decision.
    """
    values, rows = np.unique(np.asarray(scores, dtype=np.float64), return_counts=True)
    at_least = rows[::-1].cumsum()[::-1] / rows.sum()  # share of scores that are this high or higher
    approve_from = _find_threshold(values, at_least, approval_share)
    refer_from = _find_threshold(values, at_least, approval_share + referral_budget)
    return Policy(approve_from=approve_from, refer_from=min(refer_from, approve_from))


def _find_threshold(values: NDArray[np.float64], at_least: NDArray[np.float64], share: float) -> float:
    """Find the lowest cut that no more than `share` of the scores reach."""
    first = int(np.argmax(at_least <= share + 1e-12)) if (at_least <= share + 1e-12).any() else len(values)
    if first == 0:
        return 0.0
    upper = values[first] if first < len(values) else 1.0 + values[-1]
    return round(float((values[first - 1] + upper) / 2), 9)

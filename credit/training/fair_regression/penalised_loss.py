"""The loss of a logistic regression that is penalised for unequal mean scores of groups, and how it is minimised.

The loss is the mean log loss of logistic regression with its L2 penalty, plus

    strength * sum over groups g of w_g * (mean score of g - mean score of its reference)^2

over the groups of every protected attribute, scores as probabilities. So `strength` is what a squared gap of 1 costs in
log loss per person, whatever the number of rows. The squared gap of mean scores as a penalty is the group fairness of
Berk et al. (2017, A Convex Framework for Fair Regression); Kamishima et al. (2012) penalise the scores of a logistic
regression in the same way, and Zafar et al. (2017) the distances from its boundary.

**Weights.** w_g = h / (h + 25), where h = 1 / (1 / n_g + 1 / n_reference). The squared gap of a group is too large by
about s^2 / h, the noise of its mean at a standard deviation s of the scores, so that unweighted a group of 5 would be
penalised mostly for its noise. Weighted the noise adds less than s^2 / 25 = (0.2 s)^2 whatever the size, the square of
what Cohen calls a small difference; this is the credibility of Buehlmann and Straub (1970) for gaps that vary by 0.2 s.
Not weights by headcount: they all but ignore a group of 2% of a large table (1,200 people of 60,000), which the gate
judges like any other; here it has a weight of 0.98.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

CREDIBLE_PEOPLE = 25
"""People, as h above, whose gap counts half: 1 / 0.2^2."""

_MOST_STEPS = 20
_ZERO = 1e-7
"""A bounded coefficient of at most this much is 0: of standardised columns it moves no score by a millionth."""


def build_contrasts(groups: NDArray[Any]) -> NDArray[np.float64]:
    """Build the vectors whose products with the scores are the weighted gaps; shape (n, groups besides references).

    groups: as for `FairLogistic.fit`. A group without people has none, nor has an attribute without its reference.
    """
    contrasts = []
    for codes in groups.T:
        reference = codes == 0
        for code in range(1, int(codes.max(initial=0)) + 1):
            members = codes == code
            if not (reference.any() and members.any()):
                continue
            people = 1 / (1 / members.sum() + 1 / reference.sum())
            weight = people / (people + CREDIBLE_PEOPLE)
            contrasts.append(np.sqrt(weight) * (members / members.sum() - reference / reference.sum()))
    return np.column_stack(contrasts) if contrasts else np.empty((len(groups), 0))


class PenalisedLoss(NamedTuple):
    """The data of the loss: X with a last column of ones, shape (n, columns + 1); y, 0 or 1, and weights, shape (n,);
    contrasts, shape (n, groups).
    """

    X: NDArray[np.float64]
    y: NDArray[np.float64]
    weights: NDArray[np.float64]
    contrasts: NDArray[np.float64]
    C: float

    def compute(self, w: NDArray[np.float64], strength: float) -> tuple[float, NDArray[np.float64]]:
        """Compute the loss per person and its gradient at the coefficients w, the intercept last."""
        from scipy.special import expit

        n, odds = len(self.y), self.X @ w
        scores = expit(odds)
        gaps = scores @ self.contrasts
        ridge = np.append(w[:-1], 0.0) / (self.C * n)
        loss = self.weights @ (np.logaddexp(0, odds) - self.y * odds) / n + w @ ridge / 2 + strength * gaps @ gaps
        by_odds = self.weights * (scores - self.y) / n
        by_odds = by_odds + 2 * strength * (self.contrasts @ gaps) * scores * (1 - scores)
        return float(loss), by_odds @ self.X + ridge

    def compute_hessian(self, w: NDArray[np.float64], strength: float) -> NDArray[np.float64]:
        """Compute the second derivatives of the loss at w; shape (columns + 1, columns + 1)."""
        from scipy.special import expit

        n, scores = len(self.y), expit(self.X @ w)
        slopes = scores * (1 - scores)
        by_gap = self.X.T @ (slopes[:, None] * self.contrasts)
        bends = 2 * strength * (self.contrasts @ (scores @ self.contrasts)) * slopes * (1 - 2 * scores)
        weights = self.weights * slopes / n + bends
        hessian: NDArray[np.float64] = (self.X.T * weights) @ self.X + 2 * strength * by_gap @ by_gap.T
        hessian[np.diag_indices(len(w) - 1)] += 1 / (self.C * n)
        return hessian

    def refine(
        self, w: NDArray[np.float64], strength: float, signs: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], float]:
        """Refine an almost minimal w by Newton's steps while the gradient falls; also return its largest entry.

        L-BFGS stops at six digits where columns say much the same, and each processor at others; coefficients are
        stored with nine. A coefficient that its sign keeps at 0 stays there, and its part of the gradient is none.
        """
        own = np.append(signs, 0.0)
        kept = (own != 0) & (w * own <= _ZERO)
        w = np.where(kept, 0.0, w)
        gradient = self._compute_free_gradient(w, strength, kept)
        for _ in range(_MOST_STEPS):
            hessian, step = self.compute_hessian(w, strength), np.zeros(len(w))
            step[~kept] = np.linalg.lstsq(hessian[np.ix_(~kept, ~kept)], gradient[~kept], rcond=None)[0]
            refined = w - step
            crossed = refined * own < 0
            if crossed.any():
                kept, w = kept | crossed, np.where(crossed, 0.0, w)
                gradient = self._compute_free_gradient(w, strength, kept)
                continue
            its_gradient = self._compute_free_gradient(refined, strength, kept)
            if abs(its_gradient).max() >= abs(gradient).max():
                break
            w, gradient = refined, its_gradient
        return w, float(abs(gradient).max())

    def _compute_free_gradient(
        self, w: NDArray[np.float64], strength: float, kept: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        return np.where(kept, 0.0, self.compute(w, strength)[1])

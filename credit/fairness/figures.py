"""Every fairness figure by its name."""

from collections.abc import Callable
from functools import partial

from credit.fairness.rates import (
    RATES,
    Figure,
    Table,
    adverse_impact_ratio,
    equalized_odds_difference,
    rate_difference,
    rate_of,
)
from credit.fairness.score_figures import calibration, mean_score, standardized_mean_difference
from credit.intervals import Array

Of = Callable[[Table, Array, float], Figure]
"""From people and scores, shape (cells, 2, 3) each, the reference first (`Counts.cells`), and a level."""

WITHIN: dict[str, Of] = {
    **{name: partial(rate_of, name) for name in RATES},
    "mean_score": mean_score,
    "calibration": calibration,
}
"""Figures of a group by itself."""
COMPARISONS: dict[str, Of] = {
    "adverse_impact_ratio": adverse_impact_ratio,
    **{f"{name}_difference": partial(rate_difference, name) for name in RATES},
    "equalized_odds_difference": equalized_odds_difference,
    "standardized_mean_difference": standardized_mean_difference,
}
"""Figures of a group against the reference."""
FIGURES = WITHIN | COMPARISONS

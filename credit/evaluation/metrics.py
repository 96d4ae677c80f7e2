"""Measure the quality of scores and decisions: the figures of `reports/metrics.json`, and the curves behind them.

`y` is True where the label is favourable; scores are probabilities of that; decisions are approve, refer or deny. A
referred person is not approved: what the analyst decides is not the model's merit.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from credit.common.params import Params
from credit.evaluation.intervals import (
    Interval,
    average_precision_interval,
    compute_roc_auc,
    mean_interval,
    newcombe_interval,
    roc_auc_interval,
    wilson_interval,
)
from credit.evaluation.ranking import compute_average_precision, count_at_thresholds
from credit.reports.metrics import CandidateMetrics

LabelArray = NDArray[np.bool_]
ScoreArray = NDArray[np.float64]
DecisionArray = NDArray[np.str_]


class UnitValues(Params):
    """The value of one decision, in units of the profit of one good loan."""

    approve_favourable: float
    approve_unfavourable: float
    refer: float
    deny: float

    def compute_decision_values(self, y: LabelArray, decisions: DecisionArray) -> ScoreArray:
        """Compute the value of each decision; shape (n,)."""
        approved = np.where(y, self.approve_favourable, self.approve_unfavourable)
        return np.select([decisions == "approve", decisions == "refer"], [approved, self.refer], self.deny)


class EvaluateParams(Params):
    """The block `evaluate`."""

    unit_values: UnitValues
    points: int = Field(ge=10)


class KsDistance(NamedTuple):
    """The Kolmogorov-Smirnov distance and its interval."""

    value: float
    interval: Interval


def compute_ks(y: LabelArray, scores: ScoreArray) -> KsDistance:
    """Compute the Kolmogorov-Smirnov distance between the scores of the two classes: 0 none, 1 no overlap.

    The largest true positive rate less false positive rate over all thresholds; Newcombe's interval at that threshold,
    taken as given.
    """
    favourable, unfavourable = (np.append(0, of) for of in count_at_thresholds(y, scores))
    positives, negatives = favourable[-1], unfavourable[-1]
    distances = favourable / positives - unfavourable / negatives
    best = int(distances.argmax())
    interval = newcombe_interval(float(favourable[best]), positives, float(unfavourable[best]), negatives)
    return KsDistance(float(distances[best]), interval)


def tabulate_calibration(y: LabelArray, scores: ScoreArray, bins: int = 10) -> pd.DataFrame:
    """Tabulate mean score and favourable rate, with Wilson's interval, in bins of equally many rows.

    Columns mean_score, favourable_rate, low, high and rows; fewer bins where scores tie.
    """
    edges = np.unique(np.quantile(scores, np.linspace(0, 1, bins + 1)[1:-1], method="higher"))
    bin_of = np.searchsorted(edges, scores, side="right")
    rows = np.bincount(bin_of, minlength=len(edges) + 1)
    some = rows > 0
    favourable = np.bincount(bin_of, weights=y, minlength=len(rows))[some]
    mean_score = np.bincount(bin_of, weights=scores, minlength=len(rows))[some] / rows[some]
    bounds = [wilson_interval(count, n) for count, n in zip(favourable, rows[some], strict=True)]
    return pd.DataFrame(
        {
            "mean_score": mean_score,
            "favourable_rate": favourable / rows[some],
            "low": [low for low, _ in bounds],
            "high": [high for _, high in bounds],
            "rows": rows[some],
        }
    )


def calibration_error(y: LabelArray, scores: ScoreArray) -> float:
    """Compute the expected calibration error over ten bins of equally many rows: 0 is perfect, 1 the worst.

    No interval: resampling adds noise of its own to every bin, so a bootstrap would sit above the figure.
    """
    table = tabulate_calibration(y, scores)
    gaps = (table["mean_score"] - table["favourable_rate"]).abs()
    return float((gaps * table["rows"]).sum() / table["rows"].sum())


def compute_log_losses(y: LabelArray, scores: ScoreArray) -> ScoreArray:
    """Compute the log loss of each score, natural logarithm, 34.5 at most; shape (n,)."""
    clipped = np.clip(scores, 1e-15, 1 - 1e-15)
    return -np.where(y, np.log(clipped), np.log(1 - clipped))


def compute_metrics(
    y: LabelArray, scores: ScoreArray, decisions: DecisionArray, values: UnitValues
) -> CandidateMetrics:
    """Compute all figures of one candidate; `<name>_interval` is the 95% interval of `<name>`. Inputs: shape (n,) each.

    A rate without a denominator (bad rate where nobody is approved) is None, never 0.
    """
    n = len(y)
    approved = decisions == "approve"
    referred = decisions == "refer"
    bad, approvals = int((approved & ~y).sum()), int(approved.sum())
    squares, losses = (scores - y) ** 2, compute_log_losses(y, scores)
    precision = compute_average_precision(y, scores)
    distance, distance_interval = compute_ks(y, scores)
    value = values.compute_decision_values(y, decisions)
    right = int((approved == y).sum())
    return CandidateMetrics(
        rows=n,
        roc_auc=compute_roc_auc(y, scores),
        roc_auc_interval=roc_auc_interval(y, scores),
        average_precision=precision,
        average_precision_interval=average_precision_interval(precision, int(y.sum())),
        ks=distance,
        ks_interval=distance_interval,
        brier=float(squares.mean()),
        brier_interval=mean_interval(squares),
        log_loss=float(losses.mean()),
        log_loss_interval=mean_interval(losses),
        calibration_error=calibration_error(y, scores),
        accuracy=right / n,
        accuracy_interval=wilson_interval(right, n),
        approval_rate=approvals / n,
        approval_rate_interval=wilson_interval(approvals, n),
        referral_rate=float(referred.mean()),
        referral_rate_interval=wilson_interval(int(referred.sum()), n),
        bad_rate=bad / approvals if approvals else None,
        bad_rate_interval=wilson_interval(bad, approvals) if approvals else None,
        expected_value=float(value.mean()),
        expected_value_interval=mean_interval(value),
    )


def compute_curves(y: LabelArray, scores: ScoreArray, points: int = 100) -> dict[str, pd.DataFrame]:
    """Compute the tables of the plots: roc, precision_recall, calibration, scores; about `points` rows at most."""
    from sklearn.metrics import precision_recall_curve, roc_curve

    false_positive, true_positive, _ = roc_curve(y, scores)
    precision, recall, _ = precision_recall_curve(y, scores)
    roc = pd.DataFrame({"false_positive_rate": false_positive, "true_positive_rate": true_positive})
    recalled = pd.DataFrame({"recall": recall[::-1], "precision": precision[::-1]})
    edges = np.linspace(0, 1, 21)
    shares = {
        outcome: np.histogram(scores[of], edges)[0] / of.sum()
        for outcome, of in (("favourable", y), ("unfavourable", ~y))
    }
    return {
        "roc": _thin(roc, points),
        "precision_recall": _thin(recalled, points),
        "calibration": tabulate_calibration(y, scores),
        "scores": pd.DataFrame({"score": (edges[1:] + edges[:-1]) / 2, **shares}),
    }


def _thin(table: pd.DataFrame, points: int) -> pd.DataFrame:
    """Keep about `points` rows, evenly spaced, first and last included."""
    rows = np.unique(np.linspace(0, len(table) - 1, min(points, len(table))).round().astype(int))
    return table.iloc[rows].reset_index(drop=True)

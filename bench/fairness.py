"""Fairness figures with intervals: count tables against fairlearn's bootstrap of rows."""

from time import perf_counter
from typing import Any

import numpy as np

from bench.report import BenchTable, format_target
from credit.fairness.counts import count_people
from credit.fairness.figures import compute_fairness_metrics
from credit.scoring.policy import Policy

BENCH_GROUPS = {
    "gender": ("man", "woman", "non-binary", "undisclosed"),
    "race": ("white", "Black", "Hispanic", "Asian", "undisclosed"),
    "education": ("degree", "no degree", "undisclosed"),
    "age_band": ("25 to 61", "under 25", "62 and over", "undisclosed"),
}
BENCH_POLICY = Policy(approve_from=0.4, refer_from=0.35)
BOOTSTRAPS = 100
BOOTSTRAPS_RUN = 2
"""Bootstrap samples of fairlearn's that are run."""


def generate_rows(n: int) -> tuple[dict[str, Any], Any, Any, Any]:
    """Generate codes of four attributes, labels, scores and decisions; shape (n,) each."""
    rng = np.random.default_rng(0)
    codes = {name: rng.integers(0, len(names), n).astype(np.int8) for name, names in BENCH_GROUPS.items()}
    labels = rng.random(n) < 0.8
    scores = rng.beta(2 + labels, 2)
    return codes, labels, scores, BENCH_POLICY.decide(scores)


def time_count_tables(n: int, repeats: int = 3) -> float:
    """Time the way from rows to the whole report: margins, pairs, figures, intervals. Seconds, best of `repeats`."""
    given = generate_rows(n)
    times = []
    for _ in range(repeats):
        start = perf_counter()
        compute_fairness_metrics(count_people(BENCH_GROUPS, *given))
        times.append(perf_counter() - start)
    return min(times)


def time_fairlearn(n: int) -> float:
    """Time four MetricFrames of four rates, one per attribute, no pairs, with a bootstrap of 100 samples; seconds.

    Only MEASURED samples are run; a frame's time without a bootstrap is taken off and the rest scaled up linearly.
    """
    from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate, true_positive_rate
    from sklearn.metrics import precision_score

    codes, labels, _, decisions = generate_rows(n)
    metrics = {
        "selection_rate": selection_rate,
        "true_positive_rate": true_positive_rate,
        "false_positive_rate": false_positive_rate,
        "precision": precision_score,
    }

    def seconds(**bootstrap: Any) -> float:
        start = perf_counter()
        for name, names in BENCH_GROUPS.items():
            group = np.array(names)[codes[name]]
            predicted = decisions == "approve"
            MetricFrame(metrics=metrics, y_true=labels, y_pred=predicted, sensitive_features=group, **bootstrap)
        return perf_counter() - start

    once = seconds()
    some = seconds(n_boot=BOOTSTRAPS_RUN, ci_quantiles=[0.025, 0.975], random_state=0)
    return once + (some - once) / BOOTSTRAPS_RUN * BOOTSTRAPS


def measure() -> BenchTable:
    """Measure ours and fairlearn's in one run."""
    baseline, own = time_fairlearn(100_000), time_count_tables(100_000, 10)
    million, ten_million = time_count_tables(1_000_000), time_count_tables(10_000_000, 1)
    label = "margins, pairs and intervals from count tables"
    theirs = f"fairlearn, {BOOTSTRAPS} bootstrap samples, no pairs, scaled from {BOOTSTRAPS_RUN}"
    ratio = baseline / own
    rows = [
        (theirs, "100,000", f"{baseline:.1f}", ""),
        (label, "100,000", f"{own:.3f}", ""),
        ("times as fast", "100,000", f"{ratio:,.0f}", f"1,000: {'met' if ratio >= 1000 else 'NOT met'}"),
        (label, "1,000,000", f"{million:.2f}", format_target(million, 0.5, "0.5")),
        (label, "10,000,000", f"{ten_million:.2f}", "seconds"),
    ]
    return BenchTable(["what", "rows", "seconds", "target"], rows)

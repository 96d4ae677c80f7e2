"""Summarize the choice in a few figures per candidate, for `dvc metrics diff` and `dvc exp show`.

The stages before have more figures, each with its interval, in more columns than a terminal has.
"""

from collections.abc import Mapping
from pathlib import Path

from credit.common.cli import make_stage
from credit.reports.choice import Choice
from credit.reports.fairness import FairnessReport
from credit.reports.metrics import CandidateMetrics, Metrics
from credit.reports.summary import Summary

SUMMARY_DIGITS = 3


def summarize_candidates(
    choice: Choice, metrics: Mapping[str, CandidateMetrics], fairness: Mapping[str, FairnessReport]
) -> Summary:
    """Summarize every candidate of the choice; metrics and fairness are by candidate."""
    ratios = {name: fairness[name].lowest_adverse_impact_ratio for name in choice.candidates}
    return Summary(
        champion=choice.champion,
        ratio={name: ratio.value if ratio else None for name, ratio in ratios.items()},
        auc={name: metrics[name].roc_auc for name in choice.candidates},
        value={name: metrics[name].expected_value for name in choice.candidates},
        verdict={name: fairness[name].verdict for name in choice.candidates},
    )


@make_stage(__doc__)
def run(metrics_file: Path, fairness_folder: Path, choice_file: Path, summary_file: Path) -> None:
    """Write `reports/summary.json`."""
    choice = Choice.read(choice_file)
    fairness = {name: FairnessReport.read(fairness_folder / f"{name}.json") for name in choice.candidates}
    summary = summarize_candidates(choice, Metrics.read(metrics_file).candidates, fairness)
    summary.round_floats(SUMMARY_DIGITS).write(summary_file)

"""The table that `make repro` ends with: a line per candidate with its verdict and main figures, and the champion.

It is no stage, because stages have nothing to do on a fresh clone: their results are in git.
"""

import subprocess
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import click
from tabulate import tabulate

from credit.common import cli
from credit.common.errors import raise_if_any, run_command
from credit.fairness.waivers import find_expired, load_waivers
from credit.reports.choice import Choice
from credit.reports.fairness import FairnessReport
from credit.reports.metrics import CandidateMetrics, Metrics

SUMMARY_METRICS = ("approval_rate", "bad_rate", "expected_value")
SUMMARY_HEADERS = (
    "",
    "eligible",
    "fairness",
    "roc auc",
    "worst-group ratio",
    "group",
    *(name.replace("_", " ") for name in SUMMARY_METRICS),
)
TEXT_HEADERS = ("", "eligible", "fairness", "group")
"""Columns of words, which are aligned on the left."""


def format_summary(
    metrics: Mapping[str, CandidateMetrics], fairness: Mapping[str, FairnessReport], choice: Choice
) -> str:
    """Format a line per candidate, a dash where there is no figure, and a line about the champion."""
    rows = [_format_cells(name, metrics[name], fairness[name], choice) for name in metrics]
    sides = ["left" if head in TEXT_HEADERS else "right" for head in SUMMARY_HEADERS]
    table = tabulate([SUMMARY_HEADERS, *rows], tablefmt="plain", disable_numparse=True, colalign=sides)
    better = [
        f"{one.candidate} is better than the incumbent in {choice.metric} and in the worst-group ratio"
        for one in choice.better
        if one.candidate != choice.champion
    ]
    return "\n".join([table, f"champion: {choice.champion}, {choice.why}; read reports/report.html", *better])


def _format_cells(name: str, figures: CandidateMetrics, fairness: FairnessReport, choice: Choice) -> list[str]:
    ratio = fairness.lowest_adverse_impact_ratio
    value, whom = (
        (ratio.value, f"{ratio.attribute} {fairness.name_group(ratio.attribute, ratio.group)}")
        if ratio
        else (None, "-")
    )
    eligible = "yes" if choice.candidates[name].eligible else "no"
    numbers = [_format_number(figures.get_value(figure)) for figure in SUMMARY_METRICS]
    return [name, eligible, fairness.verdict, _format_number(figures.roc_auc), _format_number(value), whom, *numbers]


def _format_number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def find_next_step() -> str | None:
    """Find what to do with results that differ from those of the last commit; None where nothing differs."""
    command = ["git", "status", "--porcelain", "--", "dvc.lock", "reports"]
    try:
        changed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        return None  # no git here, so nothing to commit
    if not changed:
        return None
    files = "1 file" if len(changed) == 1 else f"{len(changed)} files"
    return f"next: {files} of results changed; git add dvc.lock reports, commit, dvc push; then release check"


@click.command(cls=cli.Command, help=__doc__, epilog="Run by `make repro`.")
def run() -> None:
    """Print the summary of the committed or computed reports."""
    metrics = Metrics.read(Path(Metrics.PATH)).candidates
    fairness = {name: FairnessReport.read(Path(FairnessReport.locate(name))) for name in metrics}
    cli.print_answer(format_summary(metrics, fairness, Choice.read(Path(Choice.PATH))))
    if next_step := find_next_step():
        cli.print_answer(next_step)
    raise_if_any(find_expired(load_waivers(Path("waivers")), date.today()))


if __name__ == "__main__":
    run_command(lambda: cli.run(run, "python -m credit.summary"))

"""The table that `make repro` ends with: a line per candidate with its verdict and main figures, and the champion.

It stands apart from the stages because those have nothing to do on a fresh clone: their results are in git.
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from tabulate import tabulate

from credit.common.cli import print_answer
from credit.common.errors import raise_if_any, run_command
from credit.common.files import read_json
from credit.fairness.waivers import find_expired, load_waivers

SUMMARY_METRICS = ("approval_rate", "bad_rate", "expected_value")
SUMMARY_HEADERS = (
    "",
    "verdict",
    "roc auc",
    "lowest ratio",
    "for whom",
    *(name.replace("_", " ") for name in SUMMARY_METRICS),
)
TEXT_HEADERS = ("", "verdict", "for whom")
"""Columns of words, which are aligned on the left."""


def format_summary(metrics: Mapping[str, Any], fairness: Mapping[str, Any], choice: Mapping[str, Any]) -> str:
    """A line per candidate, a dash where there is no figure, and a line about the champion."""
    rows = [_format_cells(name, metrics[name], fairness[name], choice) for name in metrics]
    sides = ["left" if head in TEXT_HEADERS else "right" for head in SUMMARY_HEADERS]
    table = tabulate([SUMMARY_HEADERS, *rows], tablefmt="plain", disable_numparse=True, colalign=sides)
    return "\n".join([table, f"champion: {choice['champion']}, {choice['why']}; read reports/report.html"])


def _format_cells(
    name: str, figures: Mapping[str, Any], fairness: Mapping[str, Any], choice: Mapping[str, Any]
) -> list[str]:
    ratio = fairness["lowest_adverse_impact_ratio"] or {"value": None, "attribute": "-", "group": ""}
    whom = f"{ratio['attribute']} {ratio['group']}".strip()
    verdict = fairness["verdict"] + ("" if choice["candidates"][name]["passes"] else ", out")
    numbers = [_format_number(figures[figure]) for figure in SUMMARY_METRICS]
    return [name, verdict, _format_number(figures["roc_auc"]), _format_number(ratio["value"]), whom, *numbers]


def _format_number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def main() -> None:
    """Print the summary of the committed or computed reports."""
    reports = Path("reports")
    metrics = read_json(reports / "metrics.json")
    fairness = {name: read_json(reports / f"fairness/{name}.json") for name in metrics}
    print_answer(format_summary(metrics, fairness, read_json(reports / "choice.json")))
    raise_if_any(find_expired(load_waivers(Path("waivers")), date.today()))


if __name__ == "__main__":
    run_command(main)

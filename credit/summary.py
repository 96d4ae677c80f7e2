"""The table that `make repro` ends with: the main figures of each candidate, from `reports/metrics.json`.

It stands apart from the stage that computes them because that stage has nothing to do on a fresh clone: its results
are in git.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from credit.errors import run
from credit.files import read_json

FIGURES = (
    "roc_auc",
    "ks",
    "brier",
    "calibration_error",
    "approval_rate",
    "referral_rate",
    "bad_rate",
    "expected_value",
)


def summary(metrics: Mapping[str, Mapping[str, Any]]) -> str:
    """A line per candidate; a dash where there is no figure."""
    heads = [name.replace("_", " ").rjust(5) for name in FIGURES]
    width = max(map(len, metrics))
    lines = ["  ".join([" " * width, *heads])]
    for candidate, figures in metrics.items():
        cells = ("-" if figures[name] is None else f"{figures[name]:.3f}" for name in FIGURES)
        padded = (cell.rjust(len(head)) for cell, head in zip(cells, heads, strict=True))
        lines.append("  ".join([candidate.ljust(width), *padded]))
    return "\n".join(lines)


def main() -> None:
    """Print the summary of the committed or computed metrics."""
    print(summary(read_json(Path("reports/metrics.json"))))


if __name__ == "__main__":
    run(main)

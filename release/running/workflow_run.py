"""Tell the run of a workflow on GitHub what came out: by files that later steps and people read, and annotations."""

import os
from collections.abc import Mapping
from pathlib import Path


def add_summary(text: str) -> None:
    """Add a text to the page of the run."""
    _append("GITHUB_STEP_SUMMARY", text)


def set_outputs(outputs: Mapping[str, str]) -> None:
    """Set outputs of the step, each a word."""
    _append("GITHUB_OUTPUT", "".join(f"{name}={value}\n" for name, value in outputs.items()))


def _append(variable: str, text: str) -> None:
    """Append to the file that a variable names; elsewhere than on GitHub there is none."""
    if name := os.environ.get(variable):
        with Path(name).open("a", encoding="utf-8") as file:
            file.write(text)

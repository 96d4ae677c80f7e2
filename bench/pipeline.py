"""The whole pipeline on the default data, from nothing: DVC, which starts a process per stage, against one process.

Both call the same functions of the same stages, both bundled datasets are fetched, and each run begins in a new copy
with an empty cache. Median of 3, in alternating order.
"""

from bench.process import Usage, measure_medians
from bench.project import copy_project
from bench.report import BenchTable, build_ratio_rows

PIPELINE_COMMANDS = ("dvc repro --force", "python -m bench.one_process")


def measure() -> BenchTable:
    """Measure seconds of both, and their ratio."""
    seconds = measure_medians(3, *(lambda command=command: _run_cold(command) for command in PIPELINE_COMMANDS))
    return BenchTable(
        ("command", "seconds", "target"), build_ratio_rows(list(zip(PIPELINE_COMMANDS, seconds, strict=True)), 1.4)
    )


def _run_cold(command: str) -> Usage:
    with copy_project() as project:
        return project.run(*command.split())

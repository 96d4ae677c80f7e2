"""Nothing has changed: what `make repro` adds to bare `dvc repro`. Median of 5, in alternating order."""

from bench.process import measure_medians
from bench.project import copy_project
from bench.report import BenchTable, build_ratio_rows

REPRO_COMMANDS = ("make repro", "dvc repro")


def measure() -> BenchTable:
    """Measure seconds of both, and their ratio."""
    with copy_project() as project:
        project.run("dvc", "repro")
        seconds = measure_medians(
            5, *(lambda command=command: project.run(*command.split()) for command in REPRO_COMMANDS)
        )
    return BenchTable(
        ("command", "seconds", "target"), build_ratio_rows(list(zip(REPRO_COMMANDS, seconds, strict=True)), 1.2)
    )

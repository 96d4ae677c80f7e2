"""Nothing has changed: what `make repro` adds to bare `dvc repro`. Median of 5, in alternating order."""

from bench.process import medians
from bench.project import copied
from bench.report import Table, ratio_rows

COMMANDS = ("make repro", "dvc repro")


def measure() -> Table:
    """Seconds of both, and their ratio."""
    with copied() as project:
        project.run("dvc", "repro")
        seconds = medians(5, *(lambda command=command: project.run(*command.split()) for command in COMMANDS))
    return Table(("command", "seconds", "target"), ratio_rows(list(zip(COMMANDS, seconds, strict=True)), 1.2))

"""The whole pipeline on the default data, from nothing: DVC, which starts a process per stage, against one process.

Both call the same functions of the same stages, both bundled datasets are fetched, and each run begins in a new copy
with an empty cache. Median of 3, in alternating order.
"""

from bench.process import Usage, medians
from bench.project import copied
from bench.report import Table, ratio_rows

COMMANDS = ("dvc repro --force", "python -m bench.one_process")


def measure() -> Table:
    """Seconds of both, and their ratio."""
    seconds = medians(3, *(lambda command=command: _cold(command) for command in COMMANDS))
    return Table(("command", "seconds", "target"), ratio_rows(list(zip(COMMANDS, seconds, strict=True)), 4))


def _cold(command: str) -> Usage:
    with copied() as project:
        return project.run(*command.split())

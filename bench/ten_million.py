"""Every stage at 1,000,000 and at 10,000,000 rows of the scenario: its time grows as the rows do, its memory less.

Each stage's command is that of dvc.yaml, run without DVC; processor seconds, which others on the machine change least.
"""

from bench.process import Usage
from bench.project import copy_project
from bench.report import BenchTable, format_target
from bench.stages import run_stages

MEMORY_LIMIT = 2 * 2**30
MOST_TIMES_AS_LONG = 11
TRAINING_ROWS = 1_000_000
"""Of `train.rows`, where a project has it."""


def measure() -> BenchTable:
    """Measure processor seconds at both sizes and their ratio, and peak memory at the larger one."""
    small, large = _run_all(1_000_000), _run_all(10_000_000)
    rows = [
        (
            name,
            f"{small[name].cpu:.1f}",
            f"{usage.cpu:.1f}",
            f"{usage.cpu / small[name].cpu:.1f}",
            format_target(usage.cpu / small[name].cpu, MOST_TIMES_AS_LONG, f"{MOST_TIMES_AS_LONG} times"),
            usage.mebibytes,
            format_target(usage.peak, MEMORY_LIMIT, "2,048 MiB"),
        )
        for name, usage in large.items()
    ]
    columns = ("stage", "1,000,000", "10,000,000", "times as long", "target", "peak MiB at 10,000,000", "target")
    return BenchTable(columns, rows)


def _run_all(rows: int) -> dict[str, Usage]:
    """Run all stages; training on a sample where that can be set."""
    with copy_project() as project:
        project.set_param("fetch.scenario.rows", rows)
        if project.has_param("train.rows"):
            project.set_param("train.rows", TRAINING_ROWS)
        return run_stages(project, "scenario")

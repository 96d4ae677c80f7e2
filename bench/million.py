"""Every stage on 1,000,000 rows: the scenario with `fetch.scenario.rows: 1000000` and `data.contract: scenario`.

Each stage's command is that of dvc.yaml, run without DVC.
"""

from bench.project import copy_project
from bench.report import BenchTable, format_target
from bench.stages import run_stages

MEMORY_LIMIT = 2 * 2**30


def measure() -> BenchTable:
    """Measure seconds, processor seconds and peak memory of each stage."""
    with copy_project() as project:
        project.set_param("fetch.scenario.rows", 1_000_000)
        usages = run_stages(project, "scenario")
    rows = [
        (
            name,
            f"{usage.seconds:.1f}",
            f"{usage.cpu:.1f}",
            usage.mebibytes,
            format_target(usage.peak, MEMORY_LIMIT, "2,048 MiB"),
        )
        for name, usage in usages.items()
    ]
    return BenchTable(("stage", "seconds", "processor seconds", "peak MiB", "target"), rows)

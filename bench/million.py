"""Every stage on 1,000,000 rows: the scenario with `fetch.scenario.rows: 1000000` and `data.contract: scenario`.

Each stage's command is that of dvc.yaml, run without DVC.
"""

from bench.project import copied
from bench.report import Table, against
from bench.stages import run_stages

LIMIT = 2 * 2**30


def measure() -> Table:
    """Seconds and peak memory of each stage."""
    with copied() as project:
        project.set("fetch.scenario.rows", 1_000_000)
        usages = run_stages(project, "scenario")
    rows = [
        (name, f"{usage.seconds:.1f}", usage.mebibytes, against(usage.peak, LIMIT, "2,048 MiB"))
        for name, usage in usages.items()
    ]
    return Table(("stage", "seconds", "peak MiB", "target"), rows)

"""Thousands of columns: the scenario with `fetch.scenario` of 20,000 rows and 1,000 `noise`, 1,000 `redundant` columns.

Each stage's command is that of dvc.yaml, run without DVC, up to the one that drops most columns.
"""

from bench.project import copy_project
from bench.report import BenchTable
from bench.stages import run_stages


def measure() -> BenchTable:
    """Measure seconds and peak memory of each stage."""
    with copy_project() as project:
        for param, value in (("rows", 20_000), ("noise", 1_000), ("redundant", 1_000)):
            project.set_param(f"fetch.scenario.{param}", value)
        usages = run_stages(project, "scenario", last="select_features")
    rows = [(name, f"{usage.seconds:.1f}", usage.mebibytes) for name, usage in usages.items()]
    return BenchTable(("stage", "seconds", "peak MiB"), rows)

"""One hyperparameter changes: what of the processor `dvc repro` takes then, of what it takes from nothing.

The default data in a new copy with an empty cache, and no run cache; seconds of the processor of DVC and of all stages,
which others on the machine change least. A candidate is trained, scored and judged anew, the others are not.
"""

from typing import Any

from bench.project import ProjectCopy, copy_project
from bench.report import BenchTable, format_target

CHANGES: dict[str, tuple[Any, float | None]] = {
    "train.logistic.C": (0.2, 0.3),
    "train.random_forest.min_samples_leaf": (6, None),  # nearly all trees of a run are this candidate's
}
"""A hyperparameter, its other value, and the share of a cold run that is the target."""


def measure() -> BenchTable:
    """Measure seconds of the processor from nothing and after each change, and their ratio."""
    with copy_project() as project:
        cold = project.run("dvc", "repro", "--no-run-cache").cpu
        rows = [("from nothing", f"{cold:.1f}", "", "")]
        rows += [_measure_change(project, name, *change, cold) for name, change in CHANGES.items()]
    return BenchTable(("what", "processor seconds", "of a cold run", "target"), rows)


def _measure_change(
    project: ProjectCopy, name: str, value: Any, target: float | None, cold: float
) -> tuple[str, str, str, str]:
    project.set_param(name, value)
    cpu = project.run("dvc", "repro", "--no-run-cache").cpu
    met = format_target(cpu / cold, target, f"{target:.0%}") if target else ""
    return f"`{name}: {value}`", f"{cpu:.1f}", f"{cpu / cold:.0%}", met

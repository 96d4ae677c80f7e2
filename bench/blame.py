"""Which step it was: `release blame` beside forced runs of the pipeline, in seconds of the processor.

The default data, down to `choose`, the last stage above the figures. What differs is below `train`: two blocks of the
parameters, then four. The rule goes forward, which has no seed to measure. Hybrids are counted without the bad version,
which is made again first; the second question finds the first one's kept, as it would with people.
"""

from bench.process import Usage
from bench.project import ProjectCopy, copy_project
from bench.report import BenchTable

TWO = {"evaluate.unit_values.approve_favourable": 2, "choose.noninferiority_margin": 0.03}
FOUR = TWO | {"fairness.report_level": 0.9, "predict.folds": 4}
_GIT = ("git", "-c", "user.name=bench", "-c", "user.email=bench@example.org")


def measure() -> BenchTable:
    """Measure both questions as multiples of one forced run."""
    with copy_project() as project:
        forced = project.run("dvc", "repro", "--force", "choose").cpu
        _commit(project, "good")
        (two, few), (four, many) = (_ask(project, name, of) for name, of in (("two", TWO), ("four", FOUR)))
    return BenchTable(
        ("what", "hybrids that ran", "processor seconds", "forced runs", "target"),
        [
            ["a forced run", "", f"{forced:.0f}", "1", ""],
            _build_row("two factors below train", few, two, forced, 2, 2),
            _build_row("four factors below train", many, four, forced, 14, 0.6 * 14),
        ],
    )


def _build_row(what: str, hybrids: int, seconds: float, forced: float, most: int, times: float) -> list[str]:
    met = "met" if hybrids <= most and seconds <= times * forced else "NOT met"
    target = f"at most {most} hybrids and {times:.3g} forced runs: {met}"
    return [what, str(hybrids), f"{seconds:.0f}", f"{seconds / forced:.2f}", target]


def _ask(project: ProjectCopy, name: str, changes: dict[str, float]) -> tuple[float, int]:
    """Build a version with the changes and blame it; return the processor seconds and the hybrids that ran."""
    project.run("git", "checkout", "--quiet", "good")
    for dotted, value in changes.items():
        project.set_param(dotted, value)
    project.run("dvc", "repro", "choose")
    _commit(project, name)
    kept = project.folder / ".dvc/tmp/blame"
    before = len(list(kept.glob("*.json")))
    used: Usage = project.run("python", "-m", "release", "blame", "good", name, "--of", "expected_value")
    bad_version = 1
    return used.cpu, len(list(kept.glob("*.json"))) - before - bad_version


def _commit(project: ProjectCopy, tag: str) -> None:
    project.run("git", "add", "--all")
    project.run(*_GIT, "commit", "--quiet", "--message", tag)
    project.run("git", "tag", tag)

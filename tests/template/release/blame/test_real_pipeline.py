"""The pipeline of the template on its default data: what blame says is what hybrids made by hand say.

The figure is one of the rule, which has no seed: no version is run again with others. All stages run as ever.
"""

import csv
import json
import shutil
from itertools import combinations, permutations
from statistics import fmean

import pytest

from credit.registry.names import ARTIFACT
from testing.projects import Project

RAW = "data/raw/loanapp"
CODE = "stages/evaluate.py"
PATHS = {"data": f"{RAW}.dvc", "params.train": "params.yaml", "code": CODE}
CANDIDATE, FIGURE = "heuristic", "expected_value"
FIGURES = dict[frozenset[str], float]


def commit_version(project: Project, version: str) -> float:
    """Run the stages down to the figure's, commit and register what comes out; return the figure."""
    project.run("dvc", "repro", "--quiet", "choose")
    project.commit()
    project.run("gto", "register", ARTIFACT, "--version", version, "--message", version)
    return read_figure(project)


def read_figure(project: Project) -> float:
    value: float = json.loads((project.folder / "reports/metrics.json").read_text())[CANDIDATE][FIGURE]
    return value


def keep_data_by_itself(project: Project) -> None:
    """Track the table as a lender's own, which no stage fetches; without the forest and folds, which cost most."""
    project.edit("dvc.yaml", "dataset: [loanapp, scenario]", "dataset: [scenario]")
    project.edit("params.yaml", "candidates: [heuristic, logistic, random_forest]", "candidates: [heuristic, logistic]")
    project.edit("params.yaml", "out_of_fold: until_power", "out_of_fold: never")
    project.run("dvc", "add", "--quiet", RAW)


def fill_in_histories(project: Project) -> None:
    """Write that all of the first half have a good credit history, as an export may that fills in a default."""
    file = project.folder / RAW
    with file.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    for row in rows[: len(rows) // 2]:
        row["gdlin"] = "1"
    file.unlink()  # a link to the cache
    with file.open("w", newline="") as opened:
        writer = csv.DictWriter(opened, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    project.run("dvc", "add", "--quiet", RAW)


def open_workbench(project: Project) -> Project:
    """Open a worktree of the good version with a cache of its own, which knows no run of any stage."""
    folder = project.folder.parent / "by-hand"
    cache = project.folder.parent / "cache-by-hand"
    shutil.copytree(project.folder / ".dvc/cache", cache, ignore=shutil.ignore_patterns("runs"))
    project.run("git", "worktree", "add", "--quiet", "--detach", str(folder), f"{ARTIFACT}@v1.0.0")
    bench = Project(folder)
    bench.env = project.env
    bench.run("dvc", "cache", "dir", "--local", str(cache))
    bench.run("dvc", "checkout", "--quiet")
    return bench


def make_by_hand(bench: Project, names: frozenset[str]) -> float:
    """Take some files of the change and the others as they were, and run the stages above the figure."""
    for name, path in PATHS.items():
        bench.run("git", "checkout", "--quiet", f"{ARTIFACT}@{'v2.0.0' if name in names else 'v1.0.0'}", "--", path)
    bench.run("dvc", "checkout", "--quiet", f"{RAW}.dvc")
    bench.run("dvc", "repro", "--quiet", "evaluate")
    return read_figure(bench)


def divide_by_hand(figures: FIGURES) -> dict[str, float]:
    """Take the mean of what each factor moves when it is the next one, over all orders."""
    moves: dict[str, list[float]] = {name: [] for name in PATHS}
    for order in permutations(PATHS):
        for place, name in enumerate(order):
            moves[name].append(figures[frozenset(order[: place + 1])] - figures[frozenset(order[:place])])
    return {name: fmean(of) for name, of in moves.items()}


def test_data_parameters_and_code_that_change_at_once_get_the_parts_that_hybrids_made_by_hand_give(
    finished: Project,
) -> None:
    keep_data_by_itself(finished)
    good = commit_version(finished, "v1.0.0")
    fill_in_histories(finished)
    finished.edit("params.yaml", "from_threshold: approve ", "from_threshold: refer ")
    finished.edit(CODE, "compute_metrics(y, ", "compute_metrics(~y, ")
    bad = commit_version(finished, "v2.0.0")
    bench = open_workbench(finished)
    some = [frozenset(names) for size in (1, 2) for names in combinations(PATHS, size)]
    some.sort(key=lambda names: "data" in names)  # so that the stages above `train` run once more only
    by_hand = {frozenset[str](): good, **{names: make_by_hand(bench, names) for names in some}, frozenset(PATHS): bad}
    options = ("--of", FIGURE, "--candidate", CANDIDATE, "--json")
    answer = json.loads(finished.run("python", "-m", "release", "blame", "v1.0.0", "v2.0.0", *options).stdout)
    made = {frozenset(row["factors"]): row["figures"][FIGURE] for row in answer["hybrids"]}
    assert {names: made.get(names) for names in by_hand} == by_hand
    (figure,) = answer["figures"]
    assert {part["factor"]: part["value"] for part in figure["parts"]} == pytest.approx(divide_by_hand(by_hand))
    assert (figure["good"], figure["bad"], figure["remainder"]) == (good, bad, pytest.approx(0, abs=1e-9))
    assert answer["verdict"] == "attributed"
    assert finished.run("git", "status", "--porcelain").stdout == ""

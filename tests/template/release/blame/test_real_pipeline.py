"""The pipeline of the template, shortened: the figures of the hybrids are those of hybrids that are made by hand."""

import json

import pytest

from testing.projects import Project

PATHS = {"params.train": "params.yaml", "code": "credit/candidates/logistic.py"}
FIGURE = "roc_auc"


def make_by_hand(project: Project, name: str) -> float:
    """Lay a file of the change over the base in a worktree of git, and force the stages above the figure."""
    folder = project.folder.parent / f"hand-{name}"
    project.run("git", "worktree", "add", "--quiet", "--detach", str(folder), "good")
    hand = Project(folder)
    hand.env = project.env
    hand.run("git", "checkout", "--quiet", "main", "--", PATHS[name])
    hand.run("dvc", "cache", "dir", "--local", str(project.folder / ".dvc/cache"))
    hand.run("dvc", "checkout", "--quiet")
    for stage in ("train@logistic", "evaluate"):
        hand.run("dvc", "repro", "--quiet", "--force", "--single-item", "--no-run-cache", stage)
    value: float = json.loads((folder / "reports/metrics.json").read_text())["logistic"][FIGURE]
    return value


def test_hybrids_of_the_real_pipeline_have_the_figures_of_those_made_by_hand(finished: Project) -> None:
    finished.run("git", "tag", "good")
    finished.edit(
        "params.yaml",
        "    C: 0.1\n    class_weight: null\n  random_forest",
        "    C: 0.00001\n    class_weight: null\n  random_forest",
    )
    finished.edit(PATHS["code"], "signs=context.directions", "signs=tuple(-one for one in context.directions)")
    finished.run("dvc", "repro", "--quiet", "choose")
    finished.commit()
    options = ("--of", FIGURE, "--candidate", "logistic", "--reseeds", "2", "--json")
    answer = json.loads(finished.run("python", "-m", "release", "blame", "good", "main", *options).stdout)
    assert [of["factor"] for of in answer["factors"]] == ["params.train", "code"]
    made = {tuple(row["factors"]): row["figures"][FIGURE] for row in answer["hybrids"]}
    for name in PATHS:
        assert made[name,] == make_by_hand(finished, name), name
    (figure,) = answer["figures"]
    assert made[tuple(PATHS)] == figure["bad"]
    assert sum(part["value"] for part in figure["parts"]) == pytest.approx(figure["move"])
    assert answer["verdict"] == "attributed"
    assert finished.run("git", "status", "--porcelain").stdout == ""

"""What `make repro` ends with."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from credit.reports.choice import Choice
from credit.reports.fairness import FairnessReport
from credit.reports.metrics import CandidateMetrics, Metrics
from credit.summary import find_next_step, format_summary
from testing.lenders.frozen import LENDER, ROOT
from testing.projects import Project
from testing.warm.commands import find_warm_commands

CHOICE = Choice.read(LENDER / Choice.PATH)
FIGURES = (
    Metrics.read(LENDER / Metrics.PATH)
    .candidates["heuristic"]
    .model_copy(update={"roc_auc": 0.75, "approval_rate": 0.9, "bad_rate": 0.1, "expected_value": -0.25})
)
JUDGED = FairnessReport.read(LENDER / FairnessReport.locate("heuristic"))
assert JUDGED.lowest_adverse_impact_ratio
RATIO = JUDGED.lowest_adverse_impact_ratio.model_copy(update={"value": 0.774, "attribute": "race", "group": "Black"})


def judged(**changes: Any) -> FairnessReport:
    return JUDGED.model_copy(update={"verdict": "insufficient", "lowest_adverse_impact_ratio": RATIO} | changes)


def chosen(name: str, passes: bool) -> Choice:
    own = CHOICE.chosen.model_copy(update={"eligible": passes})
    return CHOICE.model_copy(update={"champion": name, "why": "no other", "candidates": {"a": own, name: own}})


def shown(figures: CandidateMetrics, fairness: FairnessReport, passes: bool) -> list[str]:
    """The line of a candidate, and the last one."""
    choice = chosen("heuristic", passes)
    _, line, last = format_summary({"heuristic": figures}, {"heuristic": fairness}, choice).splitlines()
    return [line, last]


def test_a_line_has_the_verdict_the_auc_and_the_lowest_ratio_and_for_whom() -> None:
    line, last = shown(FIGURES, judged(), False)
    assert " ".join(line.split()) == "heuristic no insufficient 0.750 0.774 race Black 0.900 0.100 -0.250"
    assert last == "champion: heuristic, no other; read reports/report.html"


def test_a_figure_that_there_is_not_is_a_dash() -> None:
    bare = FIGURES.model_copy(update={"bad_rate": None})
    line, _ = shown(bare, judged(lowest_adverse_impact_ratio=None), True)
    assert " ".join(line.split()) == "heuristic yes insufficient 0.750 - - 0.900 - -0.250"


def test_figures_stand_below_their_heads() -> None:
    fairness = judged(verdict="pass")
    lines = format_summary({"a": FIGURES, "b": FIGURES}, {"a": fairness, "b": fairness}, chosen("b", True)).splitlines()
    head, line = lines[0], lines[1]
    assert line[: head.index("roc auc") + len("roc auc")].endswith("0.750")
    assert line[head.rindex("group") :].startswith("race Black")


def test_an_expired_waiver_ends_make_repro_with_an_error_although_dvc_sees_no_clock(project: Project) -> None:
    waiver = "candidate: logistic\nattribute: race\ngroup: Black\nmeasure: adverse_impact_ratio\nwho: a\nwhy: b\n"
    (project.folder / "waivers/w.yaml").write_text(f"{waiver}until: 2025-12-31\n")
    done = project.run("python", "-m", "credit.summary", check=False)
    assert done.returncode == 1
    assert "champion: " in done.stdout
    assert done.stderr.startswith("error: waivers/w.yaml: until: found 2025-12-31, which is past")


@pytest.mark.parametrize("module", ["credit.summary", "release.deployment.unreleased"])
def test_an_option_that_does_not_exist_is_refused_and_help_does_nothing(tmp_path: Path, module: str) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "RELEASE_STORE": str(tmp_path / "store")}
    for option, code in (("--help", 0), ("--nope", 2)):
        python = str(find_warm_commands() / "python")
        done = subprocess.run([python, "-m", module, option], cwd=tmp_path, env=environment, check=False)
        assert done.returncode == code
    assert not list(tmp_path.iterdir())


def test_results_that_nobody_committed_are_the_next_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert find_next_step() is None, "no git here"
    subprocess.run(["git", "init", "--quiet"], check=True)
    Path("notes.md").write_text("no result")
    assert find_next_step() is None
    Path("dvc.lock").write_text("changed")
    assert str(find_next_step()).startswith("next: 1 file of results changed; git add dvc.lock reports, commit")

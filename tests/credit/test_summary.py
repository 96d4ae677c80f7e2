"""What `make repro` ends with."""

from typing import Any

from credit.summary import format_summary
from testing.projects import Project

FIGURES = {"roc_auc": 0.75, "approval_rate": 0.9, "bad_rate": 0.1, "expected_value": -0.25}
RATIO = {"value": 0.774, "attribute": "race", "group": "Black"}


def shown(figures: dict[str, Any], ratio: dict[str, Any] | None, passes: bool) -> list[str]:
    """The line of a candidate, and the last one."""
    choice = {"champion": "heuristic", "why": "no other", "candidates": {"heuristic": {"passes": passes}}}
    fairness = {"verdict": "insufficient", "lowest_adverse_impact_ratio": ratio}
    _, line, last = format_summary({"heuristic": figures}, {"heuristic": fairness}, choice).splitlines()
    return [line, last]


def test_a_line_has_the_verdict_the_auc_and_the_lowest_ratio_and_for_whom() -> None:
    line, last = shown(FIGURES, RATIO, False)
    assert " ".join(line.split()) == "heuristic insufficient, out 0.750 0.774 race Black 0.900 0.100 -0.250"
    assert last == "champion: heuristic, no other; read reports/report.html"


def test_a_figure_that_there_is_not_is_a_dash() -> None:
    line, _ = shown(FIGURES | {"bad_rate": None}, None, True)
    assert " ".join(line.split()) == "heuristic insufficient 0.750 - - 0.900 - -0.250"


def test_figures_stand_below_their_heads() -> None:
    choice = {"champion": "b", "why": "", "candidates": {name: {"passes": True} for name in ("a", "b")}}
    fairness = {"verdict": "pass", "lowest_adverse_impact_ratio": RATIO}
    lines = format_summary({"a": FIGURES, "b": FIGURES}, {"a": fairness, "b": fairness}, choice).splitlines()
    head, line = lines[0], lines[1]
    assert line[: head.index("roc auc") + len("roc auc")].endswith("0.750")
    assert line[head.index("for whom") :].startswith("race Black")


def test_an_expired_waiver_ends_make_repro_with_an_error_although_dvc_sees_no_clock(project: Project) -> None:
    waiver = "candidate: logistic\nattribute: race\ngroup: Black\nmeasure: adverse_impact_ratio\nwho: a\nwhy: b\n"
    (project.folder / "waivers/w.yaml").write_text(f"{waiver}until: 2025-12-31\n")
    done = project.run("python", "-m", "credit.summary", check=False)
    assert done.returncode == 1
    assert "champion: " in done.stdout
    assert done.stderr.startswith("error: waivers/w.yaml: until: found 2025-12-31, which is past")

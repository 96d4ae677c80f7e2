"""Files as public studies have them, by the contract alone: drafted, answered, and through the whole pipeline."""

import json
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from bench.project import read_commands
from credit.check.project import check_project
from testing.lenders.drafted import draft_study
from testing.lenders.quick import make_quick_lender, shorten
from testing.lenders.studies import STUDIES
from testing.projects import Project


@pytest.mark.parametrize("name", STUDIES)
def test_an_answered_draft_has_nothing_that_a_stage_would_refuse(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lender = make_quick_lender()
    contract = draft_study(tmp_path, name, 200)
    lender.params["data"]["contract"] = name
    Path("params.yaml").write_text(json.dumps(lender.params))
    check_project(contract, Path("waivers"), Path("data/raw") / name)


@pytest.mark.parametrize("name", ["compas", "hmda"])
def test_a_study_goes_all_the_way_to_the_report(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """COMPAS has a score of which less is better, birth dates and what only is known afterwards; HMDA codes."""
    monkeypatch.chdir(tmp_path)
    lender = make_quick_lender()
    draft_study(tmp_path, name, 300)
    lender.params["data"]["contract"] = name
    Path("params.yaml").write_text(json.dumps(lender.params))
    for command, (_, _, _, stage, *arguments) in read_commands(Path()).items():
        if not command.startswith("fetch"):
            import_module(f"stages.{stage}").run.main(arguments, stage, standalone_mode=False)
    validation = json.loads(Path("reports/validation.json").read_text())
    assert (validation["rows"], validation["accepted"]) == (300, 300)
    metrics = json.loads(Path("reports/metrics.json").read_text())
    assert metrics["logistic"]["roc_auc"] > 0.6
    assert metrics["heuristic"]["roc_auc"] > 0.55
    assert name in Path("reports/report.html").read_text()


def test_a_drafted_contract_makes_a_version(project: Project) -> None:
    draft_study(project.folder, "german", 300)
    params = shorten(yaml.safe_load((project.folder / "params.yaml").read_text()))
    params["data"]["contract"] = "german"
    (project.folder / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    project.run("dvc", "add", "--quiet", "data/raw/german")
    project.run("dvc", "repro", "--quiet")
    project.run("dvc", "remote", "add", "--default", "storage", str(project.folder.parent / "remote"))
    project.run("dvc", "remote", "modify", "storage", "verify", "true")
    project.run("dvc", "push", "--quiet")
    project.commit()
    done = project.run("release", "register", "-m", "the first", "--dry-run", check=False)
    assert "would register v" in done.stdout, done.stderr

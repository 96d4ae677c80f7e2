"""Files as public studies have them, by the contract alone: drafted, answered, and through the whole pipeline."""

import json
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from bench.project import read_commands
from contract_draft.draft import draft_contract
from contract_draft.questions.answers import NO_ANSWERS
from credit.check.project import check_project
from testing.lenders.quick import make_quick_lender, shorten
from testing.lenders.studies import STUDIES, write_study
from testing.projects import Project
from tests.template.contract_draft.answered_drafts import draft_study


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


def test_a_score_of_which_less_is_better_is_no_rule_from_a_threshold_on(tmp_path: Path) -> None:
    """The decile of COMPAS says how likely somebody is to come back; a person may say otherwise."""
    file = write_study(tmp_path, "compas")
    draft = draft_contract(file, "x")
    (question,) = [question for question in draft.questions if question.topic == "score"]
    assert (question.columns, question.proposals) == (("decile_score",), ("feature",))
    rule = yaml.safe_load(draft.text)["rule"]
    assert (rule["sql"], rule["approve"]) == ("? decile_score", "at_most")
    good = draft_contract(file, "x", NO_ANSWERS.add("favourable", {"": True}))
    assert yaml.safe_load(good.text)["columns"]["decile_score"]["role"] == "? score"
    said = draft_contract(file, "x", NO_ANSWERS.add("roles", {"decile_score": "score"}))
    assert yaml.safe_load(said.text)["columns"]["decile_score"]["role"] == "score"


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

"""What keeps a commit from becoming a version, all of it at once."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from credit.registry import versions
from credit.registry.names import parse_version
from credit.registry.store import Store
from release.registration import checks
from testing.projects import Project
from testing.releases import deploy_versions


def test_a_waiver_that_nobody_can_read_hides_no_other_problem(finished: Project) -> None:
    folder = finished.folder / "waivers"
    (folder / "broken.yaml").write_text("candidate: [")
    (folder / "empty.yaml").write_text("{}")
    finished.edit("params.yaml", "seed: 0", "seed: 1")
    done = finished.run("python", "-m", "release", "check", "--json", check=False)
    assert (done.returncode, done.stderr) == (1, "")
    told = json.loads(done.stdout)
    where = [problem.partition(": ")[0] for problem in told["problems"]]
    assert {"working tree", "dvc.lock", "DVC remote", "waivers/broken.yaml", "waivers/empty.yaml"} <= set(where)
    assert len(where) == len(set(told["problems"])), "each of them once"
    assert "decides by the rule" in told["notes"][0]


def test_params_that_nobody_can_read_hide_no_other_problem(finished: Project) -> None:
    finished.run("git", "tag", "-a", "-m", "first", "credit-model@v1.0.0")
    (finished.folder / "params.yaml").write_text("data: [")
    finished.commit()
    (finished.folder / "waivers/broken.yaml").write_text("candidate: [")
    done = finished.run("python", "-m", "release", "check", "--json", check=False)
    assert (done.returncode, done.stderr) == (1, "")
    told = json.loads(done.stdout)
    assert (told["version"], told["why"], told["ready"]) == ("v1.0.1", "what changed cannot be read", False)
    where = [problem.partition(": ")[0] for problem in told["problems"]]
    assert {"working tree", "dvc.yaml", "DVC remote", "waivers/broken.yaml", "params.yaml, as committed"} <= set(where)
    refused = finished.run("python", "-m", "release", "register", "-m", "second", check=False)
    assert refused.returncode == 1
    assert "error: params.yaml, as committed: found no keys with values" in refused.stderr
    assert all(line.startswith("error: ") for line in refused.stderr.splitlines())
    assert finished.run("git", "tag").stdout == "credit-model@v1.0.0\n"


def test_who_registers_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the commit before it failed, and all that was told is that files have changed."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "--quiet"], check=True)
    subprocess.run(["git", "config", "user.useConfigOnly", "true"], check=True)
    (problem,) = checks._check_identity().problems
    assert str(problem).startswith(
        "git: found nobody's name and address, expected yours; git config --global user.name"
    )
    for key, value in (("user.name", "modeler"), ("user.email", "modeler@example.org")):
        subprocess.run(["git", "config", key, value], check=True)
    assert not checks._check_identity().problems


def edit_json(project: Project, file: str, change: Callable[[Any], None]) -> None:
    content = json.loads((project.folder / file).read_text())
    change(content)
    (project.folder / file).write_text(json.dumps(content))


def check(project: Project) -> Any:
    return json.loads(project.run("python", "-m", "release", "check", "--json", check=False).stdout)


def test_a_rule_that_fails_equal_treatment_needs_a_signed_exception(finished: Project) -> None:
    """The reports are changed by hand here: what the gate makes of them is asked elsewhere."""

    def fail(fairness: Any) -> None:
        next(item for item in fairness["findings"] if item["blocks"])["verdict"] = "fail"

    def is_told(told: Any) -> bool:
        return any(
            problem.startswith("the rule: found fails equal treatment: race Black") for problem in told["problems"]
        )

    before = check(finished)
    assert not is_told(before)
    assert any(note.startswith("the rule is not eligible: race Black") for note in before["notes"])
    edit_json(finished, "reports/fairness/heuristic.json", fail)
    after = check(finished)
    assert is_told(after)
    assert "a signed exception, a waiver with `second`" in " ".join(after["problems"])
    assert not [problem for problem in after["problems"] if ".," in problem or ".;" in problem]
    compared = finished.run("python", "-m", "release", "compare", "HEAD", "--gate", check=False)
    assert compared.returncode != 0
    assert "the rule fails equal treatment, and nobody signs for it: race Black" in compared.stdout


def test_a_candidate_that_is_better_than_the_incumbent_is_named(finished: Project) -> None:
    better = {
        "candidate": "logistic",
        "quality_change": 0.1,
        "quality_change_interval": [0.05, 0.15],
        "worst_group_ratio": 0.79,
        "incumbent_worst_group_ratio": 0.78,
        "waivers": [],
    }
    edit_json(finished, "reports/choice.json", lambda choice: choice.update(better=[better]))
    assert any(
        note.startswith("logistic is better than heuristic in roc_auc and in the worst-group ratio")
        for note in check(finished)["notes"]
    )


def test_an_eligible_champion_without_a_pass_is_no_pass(finished: Project) -> None:
    def let_through(choice: Any) -> None:
        choice["champion"] = "logistic"
        choice["candidates"]["logistic"].update(eligible=True, verdict="insufficient", against=[])

    edit_json(finished, "reports/choice.json", let_through)
    told = "logistic may go forward, and that is not a pass: its equal treatment is insufficient"
    assert told in check(finished)["notes"]


def test_an_incumbent_that_is_not_what_is_live_is_told(finished: Project, bundles: Callable[[str], Path]) -> None:
    store = Store(str(finished.folder / ".store"))
    versions.publish_bundle(store, parse_version("v1.0.0"), bundles("logistic"), "0" * 40, "tester")
    finished.env["RELEASE_STORE"] = store.url
    assert not any("choose.incumbent" in note for note in check(finished)["notes"])
    deploy_versions(store, "v1.0.0")
    notes = check(finished)["notes"]
    told = (
        "choose.incumbent is heuristic, but v1.0.0 in prod decides by logistic; set it, or else heuristic replaces it "
    )
    assert [note for note in notes if note.startswith(told)]

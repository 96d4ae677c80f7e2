"""A tag is not an order: what may be deployed is on main, is the tag that origin has, and passes main's judge."""

import json
import shutil
from datetime import date, timedelta

import pytest

from testing.projects import Project


@pytest.fixture
def merged(finished: Project) -> Project:
    """The pipeline ran, with a remote and an origin whose main has v1.0.0."""
    outside = finished.folder.parent
    finished.run("dvc", "remote", "add", "--quiet", "--default", "storage", str(outside / "remote"))
    finished.run("dvc", "remote", "modify", "storage", "verify", "true")
    finished.commit()
    finished.run("git", "init", "--quiet", "--bare", "--initial-branch", "main", str(outside / "origin.git"))
    finished.run("git", "remote", "add", "origin", str(outside / "origin.git"))
    finished.run("git", "push", "--quiet", "origin", "main")
    finished.run("dvc", "push", "--quiet")
    return finished


def deploy(project: Project, version: str, *options: str) -> tuple[int, str]:
    """The exit code, and everything that is printed."""
    words = ("python", "-m", "release", "deploy", version, "--env", "prod", "--reason", "r", *options)
    done = project.run(*words, check=False)
    return done.returncode, done.stdout + done.stderr


def tag(project: Project, name: str) -> None:
    project.run("git", "tag", "--force", "--annotate", "--message", "by hand", name)


def test_what_is_not_on_main_or_does_not_pass_its_judge_is_not_deployed(merged: Project) -> None:
    """One project for all: an unmerged branch, a forged choice on main, another judge, then what may be deployed."""
    merged.run("git", "checkout", "--quiet", "-b", "elsewhere")
    merged.run("git", "commit", "--quiet", "--allow-empty", "--message", "unmerged")
    tag(merged, "credit-model@v9.9.9")
    merged.run("git", "push", "--quiet", "origin", "elsewhere", "credit-model@v9.9.9")
    code, told = deploy(merged, "v9.9.9")
    assert (code, told.count("\n")) == (1, 1)
    assert "which is not on origin/main, expected one that was merged" in told

    tag(merged, "credit-model#prod#77")
    synced = merged.run("python", "-m", "release", "sync", "--no-fetch").stdout
    assert "prod: proposed: v9.9.9, as credit-model#prod#77 of modeler asks for" in synced
    applied = merged.run("python", "-m", "release", "sync", "--no-fetch", "--apply", check=False)
    assert applied.returncode == 1
    assert "prod: not followed: credit-model@v9.9.9: found commit" in applied.stdout
    merged.run("git", "tag", "--delete", "credit-model#prod#77", "credit-model@v9.9.9")

    merged.run("git", "checkout", "--quiet", "main")
    merged.edit("reports/choice.json", '"champion": "heuristic"', '"champion": "random_forest"')
    merged.commit()
    merged.run("git", "push", "--quiet", "origin", "main")
    tag(merged, "credit-model@v2.0.0")
    code, told = deploy(merged, "v2.0.0")
    assert code == 1
    assert "random_forest of credit-model@v2.0.0, by origin/main's judge: " in told

    merged.run("git", "revert", "--no-edit", "HEAD")
    merged.run("git", "push", "--quiet", "origin", "main")
    tag(merged, "credit-model@v1.0.0")
    with (merged.folder / "credit/fairness/verdicts.py").open("a") as judge:
        judge.write("# another judge\n")
    code, told = deploy(merged, "v1.0.0")
    assert code == 1
    assert "this checkout: another judge than origin/main's: credit/fairness/verdicts.py" in told
    merged.run("git", "checkout", "--quiet", "credit")

    code, told = deploy(merged, "v1.0.0", "--dry-run")
    assert (code, "would publish v1.0.0" in told) == (0, True)
    assert not (merged.folder / ".store/versions").exists()
    code, told = deploy(merged, "v1.0.0")
    assert code == 0, told
    assert "note:  credit-model@v1.0.0 is on main, and main's judge lets it through" in told
    assert "store: .store (by release.yaml); no service was asked" in told

    shutil.rmtree(merged.folder / ".store/bundles")
    code, told = deploy(merged, "v1.0.0", "--dry-run")
    assert (code, told.count("\n")) in {(0, 2), (0, 3)}, "it is live already: nothing to do"
    again = merged.run("python", "-m", "release", "publish", "v1.0.0")
    assert "v1.0.0 published" in again.stdout, "the advice for a damaged bundle works as it is printed"
    assert merged.run("python", "-m", "release", "status", "--env", "prod").returncode == 0


def test_a_lost_push_leaves_no_tag_and_another_tag_of_the_name_is_not_deployed(merged: Project) -> None:
    words = ("python", "-m", "release", "register", "--message", "mine", "--push")
    hook = merged.folder.parent / "origin.git/hooks/pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    done = merged.run(*words, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "the tag is deleted here again" in done.stderr
    assert merged.run("git", "tag").stdout == ""
    hook.unlink()
    tag(merged, "credit-model@v1.0.0")
    merged.run("git", "push", "--quiet", "origin", "credit-model@v1.0.0")
    tag(merged, "credit-model@v1.0.0")
    merged.run("git", "tag", "--force", "--annotate", "--message", "another", "credit-model@v1.0.0")
    code, told = deploy(merged, "v1.0.0")
    assert (code, told.count("\n")) == (1, 1)
    assert "git fetch --force origin tag credit-model@v1.0.0 brings that one" in told


def write_waivers(project: Project, champion: str, findings: list[dict[str, str]], more: str = "") -> None:
    """Sign for each of the findings, for a month."""
    for number, one in enumerate(findings):
        names = "".join(f"{key}: {one[key]}\n" for key in ("attribute", "group", "measure"))
        signed = f"candidate: {champion}\n{names}who: the head of lending\n{more}\nwhy: a test\n"
        until = date.today() + timedelta(days=30)
        (project.folder / f"waivers/own{number}.yaml").write_text(f"{signed}until: {until}\n")


def test_a_fail_that_the_policy_of_main_lets_through_needs_a_name_that_answers_for_it(merged: Project) -> None:
    """`report_only` blocks nothing. So a fail would become a version without a word."""
    merged.edit("params.yaml", "policy: four_fifths_screen ", "policy: report_only ")
    text = (merged.folder / "params.yaml").read_text()
    before, own = text.split("    report_only:\n")
    (merged.folder / "params.yaml").write_text(
        f"{before}    report_only:\n{own.replace('at_least: 0.80', 'at_least: 0.99', 1).replace('0.90', '0.99', 1)}"
    )
    merged.run("dvc", "repro", "--quiet")
    merged.commit()
    merged.run("git", "push", "--quiet", "origin", "main")
    merged.run("dvc", "push", "--quiet")
    champion = json.loads((merged.folder / "reports/choice.json").read_text())["champion"]
    report = json.loads((merged.folder / f"reports/fairness/{champion}.json").read_text())
    failed = [one for one in report["findings"] if one["verdict"] == "fail"]
    assert failed, "the limit is beyond what any candidate keeps"
    assert not any(one["blocks"] for one in failed)
    refused = merged.run("python", "-m", "release", "register", "--message", "m", check=False)
    assert refused.returncode == 1
    assert refused.stderr.count(": fails, and the policy blocks nothing: ") == len(failed)
    assert "a waiver on origin/main says who answers for it" in refused.stderr
    assert merged.run("git", "tag").stdout == ""

    tag(merged, "credit-model@v1.0.0")
    code, told = deploy(merged, "v1.0.0")
    assert (code, told.count(": fails, and the policy blocks nothing: ")) == (1, len(failed)), "nor is a tag by hand"

    write_waivers(merged, champion, failed)
    merged.commit()
    merged.run("git", "push", "--quiet", "origin", "main")
    told = merged.run("python", "-m", "release", "check", check=False).stdout
    assert told.count(": fails, and the policy blocks nothing: ") == len(failed), "one signs, not two"

    write_waivers(merged, champion, failed, "second: the board")
    merged.run("dvc", "repro", "--quiet")
    merged.commit()
    merged.run("git", "push", "--quiet", "origin", "main")
    merged.run("dvc", "push", "--quiet")
    merged.run("git", "tag", "--delete", "credit-model@v1.0.0")
    told = merged.run("python", "-m", "release", "register", "--message", "m").stdout
    assert "registered v1.0.0" in told
    assert "head of lending" in told


def test_a_remote_that_does_not_verify_is_a_problem_of_check(merged: Project) -> None:
    """An object that was replaced in the remote would be trained on, and recorded with the hash of the clean one."""
    merged.run("dvc", "remote", "modify", "storage", "verify", "false")
    merged.commit()
    merged.run("git", "push", "--quiet", "origin", "main")
    done = merged.run("python", "-m", "release", "check", check=False)
    assert done.returncode == 1
    (problem,) = [line for line in done.stdout.splitlines() if line.startswith("problem: ")]
    assert problem.startswith("problem: DVC remote storage: found no verify: a replaced object is trained on")
    assert problem.endswith("dvc remote modify storage verify true, and commit .dvc/config")
    merged.run(*problem.rpartition("; ")[2].partition(",")[0].split())
    merged.commit()
    merged.run("git", "push", "--quiet", "origin", "main")
    assert merged.run("python", "-m", "release", "check").returncode == 0, "the advice works as it is printed"


def test_a_replaced_object_of_a_remote_that_verifies_is_not_trained_on(merged: Project) -> None:
    """The attack that `verify` is demanded for: other rows under the hash of the clean ones."""
    code = "from dvc.api import DVCFileSystem as F; print(F(rev='HEAD').info('models/bundle/model_card.md')['md5'])"
    md5 = merged.run("python", "-c", code).stdout.strip()
    replaced = merged.folder.parent / f"remote/files/md5/{md5[:2]}/{md5[2:]}"
    replaced.chmod(0o644)
    replaced.write_text("something else")
    shutil.rmtree(merged.folder / ".dvc/cache")
    shutil.rmtree(merged.folder / "models/bundle")
    done = merged.run("dvc", "pull", "models/bundle", check=False)
    assert done.returncode != 0
    assert not (merged.folder / "models/bundle/model_card.md").exists()

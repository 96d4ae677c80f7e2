"""The command on the real pipeline, with a real remote and origin: registered, restored, out of reach, caught up."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from release.__main__ import VERBS
from release.repository.dvc_outputs import parse_dvc_lock
from testing.projects import Project
from testing.warm.commands import find_warm_commands


def released(project: Project, *arguments: str, code: int = 0) -> Any:
    """What a subcommand answers as JSON; of one that fails before it can, what it complains about."""
    done = project.run("python", "-m", "release", *arguments, "--json", check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout) if done.stdout else done.stderr


@pytest.fixture
def lender(finished: Project) -> Project:
    """The pipeline ran; its data are in a remote, its commits at an origin."""
    outside = finished.folder.parent
    finished.run("dvc", "remote", "add", "--quiet", "--default", "storage", str(outside / "remote"))
    finished.run("dvc", "remote", "modify", "storage", "verify", "true")
    finished.commit()
    finished.run("git", "init", "--quiet", "--bare", "--initial-branch", "main", str(outside / "origin.git"))
    finished.run("git", "remote", "add", "origin", str(outside / "origin.git"))
    finished.run("git", "push", "--quiet", "origin", "main")
    finished.run("dvc", "push", "--quiet")
    (finished.folder / ".store").mkdir()
    return finished


@pytest.mark.parametrize("command", VERBS)
def test_every_subcommand_has_help_with_an_example_and_speaks_json(command: str) -> None:
    words = [str(find_warm_commands() / "python"), "-m", "release", command, "--help"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert f"example:\n  release {command}" in done.stdout
    assert "--json" in done.stdout


def test_a_reader_who_has_seen_enough_is_no_error(project: Project) -> None:
    done = project.run("bash", "-c", "set -o pipefail; python -m release compare HEAD --json | true")
    assert done.stderr == ""


def test_the_command_works_from_any_folder_of_a_clone_and_elsewhere_says_where_it_would(
    project: Project, tmp_path: Path
) -> None:
    """As `make setup` writes it, beside an environment that is there already."""
    recipe = (project.folder / "Makefile").read_text()
    script = re.search(r"^\t@(printf '%s\\n' '#!/bin/sh'.*?)$(?=\n\t@touch)", recipe, re.DOTALL | re.MULTILINE)
    assert script
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (tmp_path / "bin/python").chmod(0o755)
    written = script[1].replace("$$", "$").replace("$(BIN)", str(tmp_path / "bin"))
    project.run("bash", "-c", written)
    command = [str(tmp_path / "bin/release"), "--help"]
    inside = subprocess.run(command, cwd=project.folder / "tests", capture_output=True, text=True, check=True)
    assert "release rollback --env prod" in inside.stdout
    outside = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (outside.returncode, outside.stdout) == (1, "")
    assert outside.stderr.startswith("error: this folder: found no release/, expected a clone of the project")
    assert outside.stderr.count("\n") == 1


@pytest.mark.parametrize("package", ["release", "service"])
@pytest.mark.parametrize("arguments", [["--help"], [], ["statsu"]])
def test_without_a_subcommand_nothing_of_others_but_click_is_imported(package: str, arguments: list[str]) -> None:
    code = (
        f"import runpy, sys; before, sys.argv = set(sys.modules), ['', *{arguments}]\n"
        f"try: runpy.run_module({package!r}, run_name='__main__')\n"
        "finally: print('imported', *sys.modules.keys() - before)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False).stdout
    loaded = {name.partition(".")[0] for name in told.rpartition("imported ")[2].split()}
    assert loaded - sys.stdlib_module_names == {"click", "credit", package}


def test_help_says_of_each_subcommand_what_its_file_says() -> None:
    for name, line in VERBS.items():
        assert line == (import_module(f"release.commands.{name}").__doc__ or "").partition("\n")[0]


def test_a_version_without_a_word_is_not_made(project: Project) -> None:
    assert "an empty message" in released(project, "register", "--message", " ", code=2)


def test_check_tells_every_problem_at_once(finished: Project) -> None:
    finished.edit("params.yaml", "seed: 0", "seed: 1")
    told = released(finished, "check", code=1)
    found = " ".join(told["problems"])
    assert not told["ready"]
    for problem in (
        "working tree: 1 uncommitted changes: params.yaml",
        "dvc.lock: out of date for",
        "DVC remote",
    ):
        assert problem in found
    assert "decides by the rule" in told["notes"][0]


@pytest.mark.parametrize("keys", [{}, {"AWS_ACCESS_KEY_ID": "modeler", "AWS_SECRET_ACCESS_KEY": "do-not-print-me"}])
def test_a_remote_out_of_reach_and_a_choice_that_is_none_are_a_line_each(lender: Project, keys: dict[str, str]) -> None:
    """A bucket at a port where nobody listens, with credentials and without."""
    (lender.folder / "reports/choice.json").write_text("{}")
    lender.run("dvc", "remote", "modify", "storage", "url", "s3://models/dvc")
    lender.env |= {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_EC2_METADATA_DISABLED": "true", **keys}
    lender.env |= {"AWS_MAX_ATTEMPTS": "1"}
    told = released(lender, "check", code=1)["problems"]
    where = ["working tree", "dvc.lock", "DVC remote", "reports/choice.json"]
    assert [problem.partition(": ")[0] for problem in told] == where
    assert "do-not-print-me" not in " ".join(told)
    lender.run("git", "checkout", "--quiet", "reports")
    lender.run("git", "tag", "--annotate", "--message", "m", "credit-model@v1.0.0")
    shutil.rmtree(lender.folder / ".dvc/cache")
    refused = released(lender, "deploy", "v1.0.0", "--env", "prod", "--reason", "r", code=1)
    assert refused.startswith("error: data/predictions/heuristic.parquet at ")
    assert refused.count("\n") == 1
    assert released(lender, "status")["environments"]["prod"] == {"version": None}


def test_a_version_is_an_annotated_tag_with_the_digest_and_is_made_once(lender: Project) -> None:
    told = released(lender, "check")
    assert (told["ready"], told["version"]) == (True, "v1.0.0")
    assert lender.run("git", "tag").stdout == ""
    told = released(lender, "register", "--message", "first", "--push")
    tag = lender.run("git", "cat-file", "tag", "credit-model@v1.0.0").stdout
    assert f"first\n\ndigest: {told['digest']}" in tag
    manifest = json.loads((lender.folder / "models/bundle/manifest.json").read_text())
    assert told["digest"] == manifest["digest"]
    assert "credit-model@v1.0.0" in lender.run("git", "ls-remote", "--tags", "origin").stdout
    again = released(lender, "register", "--message", "again", "--version", "v1.0.0", code=1)
    assert "git tag credit-model@v1.0.0: taken by modeler" in again
    other = released(lender, "register", "--message", "again", code=1)
    assert "is registered as v1.0.0 already" in other


def test_an_output_that_is_lost_in_the_remote_is_named_before_a_version_is_made(lender: Project) -> None:
    code = "from dvc.api import DVCFileSystem as F; print(F(rev='HEAD').info('models/bundle/model.onnx')['md5'])"
    md5 = lender.run("python", "-c", code).stdout.strip()
    (lender.folder.parent / f"remote/files/md5/{md5[:2]}/{md5[2:]}").unlink()
    told = released(lender, "check", code=1)
    assert len(told["problems"]) == 1
    assert "DVC remote: lacks outputs of this commit: models/bundle/model.onnx" in told["problems"][0]


def test_a_version_is_deployed_shown_exported_proved_and_what_is_broken_is_named(lender: Project) -> None:
    released(lender, "register", "--message", "first")
    for path in ("models/bundle", ".dvc/cache"):
        shutil.rmtree(lender.folder / path)
    released(lender, "deploy", "v1.0.0", "--env", "prod", "--reason", "from the remote alone")
    shown = released(lender, "show", "v1.0.0")
    assert (shown["live_in"], shown["candidate"], shown["registered"]["message"]) == (["prod"], "heuristic", "first")
    assert shown["metrics"]["roc_auc"] == pytest.approx(0.75, abs=0.01)
    assert shown["data"]["data/raw/loanapp"]
    assert " ".join(shown) == (
        "version registered published dataset candidate digest data features params metrics fairness unread live_in "
        "store store_by"
    )
    assert list(shown["fairness"]) == ["policy", "verdict", "lowest_adverse_impact_ratio"]
    lender.run("python", "-m", "release", "export", "v1.0.0", "one")
    lender.run("python", "-m", "release", "export", "v1.0.0", "two")
    names = ["credit-model-v1.0.0.tar.gz", "model_card.md", "report.html"]
    assert sorted(path.name for path in (lender.folder / "one").iterdir()) == [".gitignore", *names]
    assert lender.run("git", "status", "--porcelain").stdout == "", "what was exported is no change of the tree"
    for name in names:
        assert (lender.folder / "one" / name).read_bytes() == (lender.folder / "two" / name).read_bytes()
    told = released(lender, "verify", "--all")["versions"]["v1.0.0"]
    assert told["restorable"]
    assert told["in_store"]
    remote = lender.folder.parent / "remote/files/md5"
    md5 = parse_dvc_lock((lender.folder / "dvc.lock").read_text(), "dvc.lock")["data/train.parquet"]
    broken = remote / md5[:2] / md5[2:]
    content = broken.read_bytes()
    broken.chmod(0o644)
    broken.write_bytes(content + b" ")
    told = released(lender, "verify", code=1)["versions"]["v1.0.0"]
    assert broken.name in told["problems"][0]
    broken.unlink(missing_ok=True)  # DVC takes what is corrupt out of a remote on a disk
    told = released(lender, "verify", code=1)["versions"]["v1.0.0"]
    assert "the DVC remote" in told["problems"][0]


def test_a_rollback_needs_the_store_only_and_git_is_caught_up_when_it_is_back(lender: Project) -> None:
    released(lender, "register", "--message", "first", "--push")
    lender.run("git", "commit", "--quiet", "--allow-empty", "--message", "more")
    lender.run("git", "push", "--quiet", "origin", "main")
    released(lender, "register", "--message", "second", "--major", "--push")
    for version in ("v1.0.0", "v2.0.0"):
        released(lender, "deploy", version, "--env", "prod", "--reason", "r", "--push")
    outside = lender.folder.parent
    for name in ("origin.git", "remote"):
        (outside / name).rename(outside / f"{name}-away")
    shutil.rmtree(lender.folder / "data/raw")
    (lender.folder / "params.yaml").write_text("half edited: [")
    (lender.folder / ".git").rename(outside / "git-away")
    told = released(lender, "rollback", "--env", "prod", "--reason", "at night")
    assert (told["live"], told["tag"]) == ("v1.0.0", None)
    for name in ("origin.git", "remote"):
        (outside / f"{name}-away").rename(outside / name)
    (outside / "git-away").rename(lender.folder / ".git")
    synced = released(lender, "sync", "--push")
    assert synced["environments"]["prod"]["tagged"] == synced["pushed"] == ["credit-model#prod#3"]
    assert released(lender, "sync", "--push")["pushed"] == []
    lender.run("gto", "deprecate", "credit-model", "v1.0.0", "prod")
    proposed = released(lender, "sync")["environments"]["prod"]
    assert (proposed["followed"], proposed["proposed"][:6]) == (None, "v2.0.0"), "a tag is not an order"
    followed = released(lender, "sync", "--apply")["environments"]["prod"]["followed"]
    assert (followed["kind"], followed["version"]) == ("deploy", "v2.0.0") or followed["kind"] == "rollback"
    assert followed["version"] == "v2.0.0", "by the tags v2.0.0 holds again, as gto says"


def test_a_version_that_does_not_exist_is_not_deployed_for_trial_either(lender: Project) -> None:
    refused = released(lender, "deploy", "v9.9.9", "--env", "prod", "--reason", "a trial", "--dry-run", code=1)
    assert "v9.9.9" in refused


def test_gc_refuses_while_it_does_not_know_every_tag_and_keeps_what_a_tag_needs(lender: Project) -> None:
    released(lender, "register", "--message", "first", "--push")
    lender.run("git", "tag", "--delete", "credit-model@v1.0.0")
    refused = released(lender, "gc", code=1)
    assert "this clone: lacks what origin has: tags/credit-model@v1.0.0" in refused
    lender.run("git", "fetch", "--quiet", "--tags", "origin")
    lender.edit("stages/package.py", '        "model_card.md":', '        "card.md": b"",\n        "model_card.md":')
    lender.run("dvc", "repro", "--quiet")
    cache = lender.folder / ".dvc/cache/files/md5"
    before = {path.name for path in cache.rglob("*") if path.is_file()}
    assert released(lender, "gc")["dry_run"]
    assert {path.name for path in cache.rglob("*") if path.is_file()} == before
    lender.run("git", "checkout", "--quiet", ".")
    released(lender, "gc", "--force", "--cloud")
    assert {path.name for path in cache.rglob("*") if path.is_file()} < before
    assert released(lender, "verify")["versions"]["v1.0.0"]["restorable"]


def test_gc_keeps_what_a_branch_or_a_tag_needs_that_is_at_origin_only(project: Project) -> None:
    """Somebody else's clone: no branch of its own but main; and one that lacks a branch does not collect at all."""
    outside = project.folder.parent
    project.run("dvc", "remote", "add", "--quiet", "--default", "storage", str(outside / "remote"))
    (project.folder / "dvc.lock").unlink()  # this is about four files, not about the pipeline
    (project.folder / "dvc.yaml").unlink()
    project.commit()
    project.run("git", "init", "--quiet", "--bare", "--initial-branch", "main", str(outside / "origin.git"))
    project.run("git", "remote", "add", "origin", str(outside / "origin.git"))
    hashes = {}
    for name in ("dropped", "tagged", "branch", "main"):
        (project.folder / "notes").write_text(name)
        project.run("dvc", "add", "--quiet", "notes")
        project.run("dvc", "push", "--quiet")
        project.commit()
        hashes[name] = hashlib.md5(name.encode()).hexdigest()
        if name == "tagged":
            project.run("git", "tag", "--annotate", "--message", "m", "a-tag-of-somebody")
        if name == "branch":
            project.run("git", "branch", "elsewhere")
    project.run("git", "push", "--quiet", "origin", "main", "elsewhere", "a-tag-of-somebody")
    project.run("git", "clone", "--quiet", "--no-tags", str(outside / "origin.git"), str(outside / "clone"))
    clone = Project(outside / "clone")
    (clone.folder / ".store").mkdir()

    def kept() -> set[str]:
        there = {path.parent.name + path.name for path in (outside / "remote").rglob("*") if path.is_file()}
        return {name for name, md5 in hashes.items() if md5 in there}

    released(clone, "gc", "--cloud")
    assert kept() == set(hashes), "a dry run drops nothing"
    assert clone.run("git", "branch", "--list").stdout.split() == ["*", "main"]
    released(clone, "gc", "--cloud", "--force")
    assert kept() == {"tagged", "branch", "main"}
    project.run("git", "commit", "--quiet", "--allow-empty", "--message", "later")
    project.run("git", "push", "--quiet", "origin", "HEAD:refs/heads/later")
    refused = released(clone, "gc", "--cloud", "--force", code=1)
    assert "this clone: lacks what origin has: heads/later; git fetch --force --tags origin" in refused
    assert kept() == {"tagged", "branch", "main"}


def test_a_drill_loses_nothing_and_leaves_nothing(lender: Project) -> None:
    told = released(lender, "drill")
    assert told["lost"] == []
    assert told["decision_log"]["found"] == 0
    assert told["answered"] > 20
    assert [step["name"] for step in told["steps"]][-1] == "rollback --to rule"
    assert not list((lender.folder / ".store").rglob("*.json"))
    assert Path(told["store"]) == Path(".store")


def test_a_loss_against_the_version_in_production_is_a_problem(lender: Project) -> None:
    released(lender, "register", "--message", "first")
    released(lender, "deploy", "v1.0.0", "--env", "prod", "--reason", "r")
    path = lender.folder / "reports/metrics.json"
    metrics = json.loads(path.read_text())
    metrics["heuristic"]["roc_auc"] -= 0.1
    path.write_text(json.dumps(metrics))
    found = " ".join(released(lender, "check", code=1)["problems"])
    assert "change against production: -0.1000, beyond the limit of at least -0.02" in found
    assert "v1.0.0 is live" in found

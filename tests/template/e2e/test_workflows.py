"""The workflows, really run by act: a deploy, a rollback, a comment, and everything that is refused with the reason."""

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from testing.github import SERVICE_KEY, Hub
from testing.lenders.frozen import ROOT
from testing.parts.needs import require
from testing.parts.servers import KEYS, run_s3_server
from testing.parts.sockets import format_response, serve_bytes
from testing.projects import Project

V1, V2 = "v1.0.0", "v2.0.0"


@pytest.fixture
def hub(finished: Project, tmp_path: Path) -> Iterator[Hub]:
    """A repository on a stand-in for GitHub, with its data on a real S3 server."""
    (tmp_path / "weed").mkdir()
    with run_s3_server(tmp_path / "weed", "models") as address:
        yield Hub(
            finished, tmp_path / "hub", {**KEYS, "AWS_ENDPOINT_URL": address, "AWS_REGION": "us-east-1"}, "models"
        )


def dispatched(version: str, environment: str = "prod", reason: str = "planned") -> dict[str, dict[str, str]]:
    return {"inputs": {"version": version, "environment": environment, "reason": reason}}


def ok(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    return done.stdout


def refused(run: Callable[[], subprocess.CompletedProcess[str]], *said: str) -> None:
    """The run fails and says why. act loses the last line of a step that ends at once now and then: ask it again."""
    for _ in range(3):
        done = run()
        assert done.returncode != 0, done.stdout[-4000:]
        if all(text in done.stdout for text in said):
            return
    raise AssertionError(f"{said} is not all in\n{done.stdout[-4000:]}")


def test_workflows_and_actions_are_clean() -> None:
    """zizmor at its strictest, actionlint, and the schemas of GitHub."""
    workflows = sorted(map(str, (ROOT / ".github/workflows").glob("*.yml")))
    schema = ["check-jsonschema", "--builtin-schema"]
    for command in (
        ["zizmor", "--offline", "--pedantic", "--no-progress", str(ROOT / ".github")],
        ["actionlint", "-no-color", "-shellcheck=", "-pyflakes=", *workflows],
        [*schema, "vendor.github-workflows", *workflows],
        [*schema, "vendor.github-actions", str(ROOT / ".github/actions/setup/action.yml")],
        [*schema, "vendor.dependabot", str(ROOT / ".github/dependabot.yml")],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_version_gets_a_keyless_attestation_of_its_bundle_where_github_gives_one() -> None:
    """GitHub alone can run it: that it is asked for, pinned, may be signed, and only after the version was made."""
    (job,) = yaml.safe_load((ROOT / ".github/workflows/register.yml").read_text())["jobs"].values()
    assert {"id-token": "write", "attestations": "write"}.items() <= job["permissions"].items()
    *before, last = job["steps"]
    assert re.fullmatch(r"actions/attest-build-provenance@[0-9a-f]{40}", last["uses"])
    assert last["with"] == {"subject-path": "models/bundle/manifest.json"}
    assert last["if"] == "vars.RELEASE_ATTEST == 'true'"
    assert "release register --from-source" in before[-1]["run"]


def test_a_rollback_waits_for_no_other_deploy() -> None:
    """A run that waits for approval holds its group for days; GitHub cancels whoever waits when a third one comes."""
    workflow = yaml.safe_load((ROOT / ".github/workflows/deploy.yml").read_text())
    assert "inputs.version" in workflow["concurrency"]["group"]


def test_register_then_deploy_then_an_earlier_version_then_the_rule(hub: Hub) -> None:
    require("jq")
    ok(hub.run("register", "workflow_dispatch", {"inputs": {"message": "-first", "bump": "major"}}))
    hub.clone.run("git", "commit", "--quiet", "--allow-empty", "--message", "the same, once more")
    hub.clone.run("git", "push", "--quiet", "origin", "main")
    hub.clone.run("git", "fetch", "--quiet", "--tags", "origin")
    hub.clone.run("python", "-m", "release", "register", "--major", "--message", "second", "--push")
    assert "credit-model@v2.0.0" in hub.clone.run("git", "ls-remote", "--tags", "origin").stdout
    alone = ("--env", "APPROVER=reviewer")
    refused(
        lambda: hub.run("deploy", "workflow_dispatch", dispatched(V1), *alone), "nobody but reviewer approved this run"
    )
    for version in (V1, V2):
        logs = ok(hub.run("deploy", "workflow_dispatch", dispatched(version)))
        assert KEYS["AWS_SECRET_ACCESS_KEY"] not in logs
    uploads = [call for call in hub.calls if call["words"][:2] == ["release", "upload"]]
    assert [call["words"][2] for call in uploads] == [f"credit-model@{V1}", f"credit-model@{V2}"]
    assert set(uploads[1]["files"]) == {"credit-model-v2.0.0.tar.gz", "model_card.md", "report.html"}
    assert all(uploads[1]["files"].values())
    (notes,) = [c["notes"] for c in hub.calls if c["words"][:3] == ["release", "create", f"credit-model@{V1}"]]
    assert notes.startswith("# Model card")
    ok(hub.run("deploy", "workflow_dispatch", dispatched(V1, reason="turns away people; $(touch hacked)")))
    with serve_bytes(format_response('{"entry": 4}')) as (url, asked):
        variables = {"RELEASE_STORE": hub.store, "RELEASE_SERVICE_URL": url}
        logs = ok(hub.run("deploy", "workflow_dispatch", dispatched(" Rule", reason="-notime"), variables=variables))
    assert f"Authorization: Bearer {SERVICE_KEY}\r\n" in asked[0]
    assert SERVICE_KEY not in logs
    entries = hub.run_release("history", "--env", "prod")["environments"]["prod"]
    assert [(entry["kind"], entry["version"]) for entry in entries] == [
        ("fallback", V1),
        ("rollback", V1),
        ("deploy", V2),
        ("deploy", V1),
    ]
    assert entries[1]["reason"] == "turns away people; $(touch hacked)"
    assert entries[1]["actor"] == "reviewer"
    assert [entry.get("approver") for entry in entries] == [None, "counsel", "counsel", "counsel"]
    tags = hub.clone.run("git", "ls-remote", "--tags", "origin").stdout
    assert [n for n in (1, 2, 3, 4) if f"credit-model#prod#{n}\n" in tags] == [1, 2, 3]
    hub.clone.run("gto", "deprecate", "credit-model", V2)
    hub.clone.run("git", "push", "--quiet", "--tags", "origin")
    logs = ok(hub.run("drill", "workflow_dispatch", {}))
    assert "v1.0.0: whole, in DVC and the store\n" in logs
    assert "v2.0.0: whole, in DVC and the store; withdrawn" in logs, "and it does not fail the drill for ever"
    assert "0 lost" in logs
    assert hub.run_release("status", "--env", "prod")["environments"]["prod"]["number"] == 4, (
        "a drill touches nothing live"
    )


def test_what_may_not_be_deployed_is_refused_with_the_reason(hub: Hub) -> None:
    hub.clone.run("python", "-m", "release", "register", "--message", "first", "--push")
    hub.clone.run("git", "tag", f"credit-model@{V2}")
    hub.clone.run("git", "push", "--quiet", "origin", f"credit-model@{V2}")
    deploy = ("deploy", "workflow_dispatch")
    refused(lambda: hub.run(*deploy, dispatched("v9.0.0")), "no such tag")
    refused(lambda: hub.run(*deploy, dispatched(V2)), "a lightweight tag")
    for version in ("Rule", "previous ", " PREVIOUS"):
        refused(lambda v=version: hub.run(*deploy, dispatched(v)), "nothing was ever deployed")  # type: ignore[misc]
    evil = f"{V1}; touch {hub.folder}/hacked; $(touch {hub.folder}/hacked)"
    refused(lambda: hub.run(*deploy, dispatched(evil)), "expected a version such as")
    refused(lambda: hub.run(*deploy, dispatched("--help")), "expected a version such as")
    assert not (hub.folder / "hacked").exists()
    refused(
        lambda: hub.run(*deploy, dispatched(V1), variables={}),
        "RELEASE_STORE: found nothing, and the folder",
    )
    hub.clone.run("git", "push", "--quiet", "origin", "main:refs/heads/elsewhere")
    refused(lambda: hub.run(*deploy, dispatched(V1), branch="elsewhere"), "runs on main only")
    for path in lost(hub):
        hub.clone.run("python", "-c", DELETE, path)
    refused(lambda: hub.run(*deploy, dispatched(V1)), "models/bundle at")
    assert hub.run_release("status", "--env", "prod")["environments"]["prod"] == {"version": None}
    assert [call["words"] for call in hub.calls if call["words"][0] != "api"] == []


DELETE = """
import sys
from credit.registry.store import Store
print(Store("s3://models").delete(sys.argv[1]))
"""


def lost(hub: Hub) -> list[str]:
    """The object of the model in the DVC remote."""
    code = "from dvc.api import DVCFileSystem as F; print(F(rev='HEAD').info('models/bundle/model.onnx')['md5'])"
    md5 = hub.clone.run("python", "-c", code).stdout.strip()
    return [f"dvc/files/md5/{md5[:2]}"]


@pytest.fixture
def attack(hub: Hub) -> Hub:
    """A pull request that brings its own policy, results, waiver, workflows and actions, all in its favour."""
    hub.clone.run("git", "checkout", "--quiet", "-b", "change")
    hub.clone.edit("params.yaml", "policy: four_fifths_screen ", "policy: report_only ")
    hub.clone.edit("reports/choice.json", '"champion": "heuristic"', '"champion": "random_forest"')
    for path in (".github/workflows/judge.yml", ".ci/fetch_change", ".github/actions/setup/action.yml"):
        (hub.clone.folder / path).write_text("echo hacked")
    hub.clone.commit()
    return hub


def list_posted(hub: Hub) -> list[str]:
    return [call["body"] for call in hub.calls if call["words"][:2] == ["pr", "comment"]]


def test_main_judges_a_pull_request_whatever_judge_and_workflows_that_brings(attack: Hub) -> None:
    event = attack.open_pull_request("change")
    done = attack.run("judge", "pull_request_target", event)
    assert done.returncode != 0
    assert "hacked" not in done.stdout
    assert "Failure - Main Gates" in done.stdout, done.stdout[-3000:]
    (comment,) = list_posted(attack)
    assert comment == (attack.folder / "record/artifacts/comparison/comment.md").read_text()
    lines = comment.splitlines()
    assert lines[:2] == ["<!-- credit-model-comparison -->", "### ⚖️ Changes to the judge"]
    assert "| limits | fairness.policy | four\\_fifths\\_screen | report\\_only | the base's |" in lines
    assert "### ❌ Do not merge" in lines
    assert "by its own judge random\\_forest would go forward" in comment
    assert [call["words"] for call in attack.calls if call["words"][:2] == ["pr", "edit"]] == [
        ["pr", "edit", "7", "--add-label", "judge-change"]
    ]


def test_a_run_that_fails_replaces_the_green_comment_and_posts_no_text_of_another_job(hub: Hub) -> None:
    """The code of the change does not run; its job has uploaded a comment of its own."""
    forged = hub.folder / "record/artifacts/comparison"
    forged.mkdir(parents=True)
    hub.clone.run("git", "checkout", "--quiet", "-b", "change")
    hub.clone.edit("credit/candidates/logistic.py", '"""', 'raise SystemExit(7)\n"""')
    hub.clone.commit()
    event = hub.open_pull_request("change")
    (forged / "comment.md").write_text("all is well")
    done = hub.run("judge", "pull_request_target", event | {"pull_request": event["pull_request"] | {"number": 8}})
    assert "GitHub has no merge of this pull request with main" in done.stdout
    (comment,) = list_posted(hub)
    assert comment.splitlines()[:2] == ["<!-- credit-model-comparison -->", "### ❌ Do not merge"]
    assert "all is well" not in comment
    shutil.rmtree(forged)
    done = hub.run("judge", "pull_request_target", event)
    assert done.returncode != 0
    comment = list_posted(hub)[-1]
    assert "❌ Do not merge" in comment
    assert "the results of the change: lack" in comment


def test_what_is_committed_is_what_the_pipeline_gives(hub: Hub) -> None:
    hub.clone.run("git", "checkout", "--quiet", "-b", "change")
    hub.clone.edit("params.yaml", "approve_unfavourable: -5", "approve_unfavourable: -4")
    forged = hub.clone.folder / "reports/features.json"
    before = hashlib.md5(forged.read_bytes(), usedforsecurity=False).hexdigest()
    forged.write_text(forged.read_text() + "\n")
    hub.clone.edit("dvc.lock", before, hashlib.md5(forged.read_bytes(), usedforsecurity=False).hexdigest())
    hub.clone.run("git", "rm", "--quiet", "--cached", "reports/choice.json")
    hub.clone.run("git", "commit", "--quiet", "--all", "--message", "a report is left out")
    done = hub.run("pull-request", "pull_request", hub.open_pull_request("change"), "--job", "results", branch="change")
    assert done.returncode != 0
    assert "Failure - Main What is committed is what the pipeline gives" in done.stdout
    assert "?? reports/choice.json" in done.stdout, "what git does not know differs too"
    assert " M dvc.lock" in done.stdout
    assert " M reports/features.json" in done.stdout, "written by hand, with the lock that says so"

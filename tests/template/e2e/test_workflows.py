"""The workflows, really run by act: a deploy, a rollback, a comment, and everything that is refused with the reason."""

import os
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
    """zizmor at its strictest, and the schemas of GitHub."""
    workflows = sorted(map(str, (ROOT / ".github/workflows").glob("*.yml")))
    schema = ["check-jsonschema", "--builtin-schema"]
    for command in (
        ["zizmor", "--offline", "--pedantic", "--no-progress", str(ROOT / ".github")],
        [*schema, "vendor.github-workflows", *workflows],
        [*schema, "vendor.github-actions", str(ROOT / ".github/actions/setup/action.yml")],
        [*schema, "vendor.dependabot", str(ROOT / ".github/dependabot.yml")],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
        assert done.returncode == 0, done.stdout + done.stderr


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
        logs = ok(hub.run("deploy", "workflow_dispatch", dispatched("rule", reason="-notime"), variables=variables))
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
    logs = ok(hub.run("drill", "workflow_dispatch", {}))
    assert "v1.0.0: whole, in DVC and the store" in logs
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
    evil = f"{V1}; touch {hub.folder}/hacked; $(touch {hub.folder}/hacked)"
    refused(lambda: hub.run(*deploy, dispatched(evil)), "expected a version such as")
    refused(lambda: hub.run(*deploy, dispatched("--help")), "expected a version such as")
    assert not (hub.folder / "hacked").exists()
    refused(lambda: hub.run(*deploy, dispatched(V1), variables={}), "RELEASE_STORE: found nothing")
    hub.clone.run("git", "push", "--quiet", "origin", "main:refs/heads/elsewhere")
    refused(lambda: hub.run(*deploy, dispatched(V1), branch="elsewhere"), "runs on main only")
    for path in lost(hub):
        hub.clone.run("python", "-c", DELETE, path)
    refused(lambda: hub.run(*deploy, dispatched(V1)), "models/bundle at")
    assert hub.run_release("status", "--env", "prod")["environments"]["prod"] == {"version": None}
    assert hub.calls == []


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


def pull_request(hub: Hub, base: str) -> dict[str, dict[str, object]]:
    return {"pull_request": {"number": 7, "base": {"sha": base, "ref": "main"}, "head": {"ref": "change"}}}


def test_a_pull_request_gets_one_comment_and_fails_when_gates_do_and_when_results_are_not_committed(hub: Hub) -> None:
    """A change of the code lets a model through that does not pass; a param moves a metric; nothing was run."""
    base = hub.clone.run("git", "rev-parse", "HEAD").stdout.strip()
    hub.clone.run("git", "checkout", "--quiet", "-b", "change")
    hub.clone.edit("credit/choice/champion.py", "champion=max(", 'champion="logistic" if True else max(')
    hub.clone.edit("params.yaml", "approve_unfavourable: -5", "approve_unfavourable: -4")
    hub.clone.commit()
    hub.clone.run("git", "rm", "--quiet", "--cached", "reports/choice.json")
    hub.clone.run("git", "commit", "--quiet", "--message", "a report is left out")
    hub.clone.run("git", "push", "--quiet", "origin", "change")
    gates = ("pull-request", "pull_request", pull_request(hub, base), "--job", "gates")
    done = hub.run(*gates, branch="change")
    assert done.returncode != 0
    assert "Failure - Main Gates" in done.stdout
    assert "Failure - Main What is committed is what the pipeline gives" in done.stdout
    assert "?? reports/choice.json" in done.stdout, "what git does not know differs too"
    assert " M dvc.lock" in done.stdout
    comment = (hub.folder / "record/artifacts/comparison/comment.md").read_text()
    assert comment.splitlines()[:2] == ["<!-- credit-model-comparison -->", "### ❌ Do not merge"]
    assert "race Black: adverse impact ratio 0.753" in comment.splitlines()[2]
    assert "| evaluate.unit\\_values.approve\\_unfavourable | -5 | -4 |" in comment
    assert "| expected value | 0.517 |" in comment
    (hub.folder / "record/number").write_text("7")
    for _ in range(2):
        run = {"workflow_run": {"id": 99, "head_sha": base, "event": "pull_request"}}
        ok(hub.run("comment", "workflow_run", run))
    posted = [call for call in hub.calls if call["words"][:2] == ["pr", "comment"]]
    assert [call["words"][2:5] for call in posted] == [["7", "--edit-last", "--create-if-none"]] * 2
    assert posted[0]["body"] == comment
    assert posted[0]["token"]


def test_a_run_whose_pull_request_has_moved_on_posts_nothing(hub: Hub) -> None:
    artifact = hub.folder / "record/artifacts/comparison"
    artifact.mkdir(parents=True)
    (artifact / "comment.md").write_text("old")
    run = {"workflow_run": {"id": 99, "head_sha": "0" * 40, "event": "pull_request"}}
    ok(hub.run("comment", "workflow_run", run))
    assert [call["words"][:2] for call in hub.calls] == [["run", "download"], ["pr", "list"]]

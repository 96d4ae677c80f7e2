"""A stand-in for GitHub: a bare repository, an S3 server, act, and `gh` recorded at the edge of the process."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from testing.parts.servers import PATIENCE
from testing.projects import Project
from testing.warm.commands import find_warm_commands

GH = f"""#!/bin/sh
'''exec' "{sys.executable}" "$0" "$@"
' '''
import json, os, pathlib, shutil, subprocess, sys

words, home = sys.argv[1:], pathlib.Path(os.environ["GH_RECORD"])


def option(name):
    return words[words.index(name) + 1]


call = {{"words": words, "token": bool(os.environ.get("GH_TOKEN"))}}
if "--body-file" in words:
    call["body"] = pathlib.Path(option("--body-file")).read_text()
if words[:2] == ["release", "upload"]:
    call["files"] = {{pathlib.Path(w).name: pathlib.Path(w).stat().st_size for w in words[3:] if not w.startswith("-")}}
if words[:2] == ["release", "create"]:
    call["notes"] = pathlib.Path(option("--notes-file")).read_text()
    (home / "releases").mkdir(exist_ok=True)
    (home / "releases" / words[2]).touch()
with (home / "calls").open("a") as file:
    file.write(json.dumps(call) + "\\n")
if words[:2] == ["run", "download"]:
    if not (home / "artifacts" / option("--name")).exists():
        sys.exit("no artifact matches any of the names or patterns provided")
    shutil.copytree(home / "artifacts" / option("--name"), option("--dir"))
elif words[0] == "api" and words[1].endswith("/approvals"):
    review = {{"state": "approved", "user": {{"login": os.environ.get("APPROVER", "counsel")}}}}
    subprocess.run(["jq", "--raw-output", option("--jq")], input=json.dumps([review]), text=True, check=True)
elif words[:2] == ["release", "view"]:
    sys.exit(0 if (home / "releases" / words[2]).exists() else 1)
elif words[:2] not in [w.split() for w in
    ("pr comment", "pr edit", "label create", "release create", "release upload")]:
    sys.exit(f"gh {{words}}: no such command here")
"""

UPLOAD = """
name: upload
inputs: {name: {required: true}, path: {required: true}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {NAME: "${{ inputs.name }}", FROM: "${{ inputs.path }}"}
      run: | # of a folder what is in it
        test ! -d "$FROM" || FROM="$FROM/."
        mkdir -p "$GH_RECORD/artifacts/$NAME" && cp -r "$FROM" "$GH_RECORD/artifacts/$NAME"
"""
RECORD_OUTPUT = """
exec > >(exec tee -a "$GH_RECORD/output") 2>&1
trap "exec >&- 2>&-; wait $! || true" EXIT
"""
"""Sourced by each bash step: act does not wait for the last lines of a step that fails."""
SERVICE_KEY = "key-of-the-service"
NOTHING = "name: nothing\nruns: {using: composite, steps: [{run: 'true', shell: bash}]}\n"


class Hub:
    """`origin` is the bare repository, `clone` a clone of it; `calls` are those of gh."""

    def __init__(self, project: Project, folder: Path, s3: dict[str, str], bucket: str) -> None:
        self.folder, self.s3, self.store = folder, s3, f"s3://{bucket}/store"
        self.origin = folder / "origin.git"
        project.env |= s3
        self.clone = project
        (folder / "record").mkdir(parents=True)
        (folder / "bin").mkdir()
        (folder / "bin/gh").write_text(GH)
        (folder / "bin/gh").chmod(0o755)
        (folder / "record_output.sh").write_text(RECORD_OUTPUT)
        for name, content in (("upload", UPLOAD), ("nothing", NOTHING)):
            (folder / name).mkdir()
            (folder / name / "action.yml").write_text(content)
            for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "stub"]):
                project.run("git", "-C", str(folder / name), *command)
        (folder / "venv").mkdir()
        (folder / "venv/bin").symlink_to(find_warm_commands())
        for name in ("lib", "pyvenv.cfg"):
            (folder / "venv" / name).symlink_to(Path(sys.prefix) / name)
        marker = folder / "venv/.installed"
        marker.touch()
        os.utime(marker, (4e9, 4e9))  # newer than any checkout of requirements.lock
        project.run("dvc", "remote", "add", "--default", "storage", f"s3://{bucket}/dvc")
        project.run("dvc", "remote", "modify", "storage", "verify", "true")
        project.commit()
        project.run("git", "init", "--quiet", "--bare", "--initial-branch", "main", str(self.origin))
        project.run("git", "remote", "add", "origin", str(self.origin))
        project.run("git", "push", "--quiet", "origin", "main")
        project.run("dvc", "push", "--quiet")

    @property
    def calls(self) -> list[dict[str, Any]]:
        """The calls of gh, in order."""
        record = self.folder / "record/calls"
        return [json.loads(line) for line in record.read_text().splitlines()] if record.exists() else []

    def run(
        self,
        workflow: str,
        event: str,
        content: dict[str, Any],
        *options: str,
        branch: str = "main",
        variables: dict[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a workflow of the repository as it is at origin, on a fresh checkout of a branch.

        The output is that of act, then, whole, that of the steps.
        """
        checkout = self.folder / "checkout"
        shutil.rmtree(checkout, ignore_errors=True)
        self.clone.run("git", "clone", "--quiet", "--branch", branch, f"file://{self.origin}", str(checkout))
        (self.folder / "event.json").write_text(json.dumps({"ref": f"refs/heads/{branch}", **content}))
        settings = {"AWS_REGION": self.s3["AWS_REGION"], "AWS_ENDPOINT_URL": self.s3["AWS_ENDPOINT_URL"]}
        settings |= {"RELEASE_STORE": self.store} if variables is None else variables
        keys = {name: self.s3[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
        keys |= {f"DVC_READ_{name.removeprefix('AWS_')}": value for name, value in keys.items()}
        keys |= {"GITHUB_TOKEN": "a-token", "RELEASE_SERVICE_KEY": SERVICE_KEY}
        command = ["act", event, "--eventpath", str(self.folder / "event.json"), "--workflows"]
        command += [f".github/workflows/{workflow}.yml", "--platform", "ubuntu-latest=-self-hosted"]
        command += ["--no-cache-server", "--actor", "reviewer", "--env", f"VENV={self.folder / 'venv'}"]
        command += ["--env", f"GH_RECORD={self.folder / 'record'}"]
        command += ["--env", f"BASH_ENV={self.folder / 'record_output.sh'}"]
        for name, value in settings.items():
            command += ["--var", f"{name}={value}"]
        for name in keys:
            command += ["--secret", name]
        for action in list_actions(checkout):
            stub = "upload" if "upload-artifact" in action else "nothing"
            if "checkout" not in action:
                command += ["--local-repository", f"{action}={self.folder / stub}"]
        env = {name: value for name, value in self.clone.env.items() if not name.startswith("AWS_")} | keys
        env["PATH"] = f"{self.folder / 'bin'}:{env['PATH']}"
        output = self.folder / "record/output"
        output.write_text("")
        done = subprocess.run(
            [*command, *options], cwd=checkout, env=env, capture_output=True, text=True, check=False, timeout=PATIENCE
        )
        done.stdout += output.read_text()
        return done

    def open_pull_request(self, branch: str) -> dict[str, Any]:
        """Push a branch, and the merge with main that GitHub makes of it; return the content of its event."""
        base, head = (self.clone.run("git", "rev-parse", name).stdout.strip() for name in ("main", branch))
        words = ("commit-tree", f"{head}^{{tree}}", "-p", base, "-p", head, "-m", "merge")
        merge = self.clone.run("git", *words).stdout.strip()
        self.clone.run("git", "push", "--quiet", "--force", "origin", branch, f"{merge}:refs/pull/7/merge")
        of_head = {"ref": branch, "sha": head, "repo": {"full_name": "somebody/fork"}}
        return {"pull_request": {"number": 7, "base": {"sha": base, "ref": "main"}, "head": of_head}}

    def run_release(self, *arguments: str) -> Any:
        """Run `release … --json` on the store that the workflows use; return its answer."""
        done = self.clone.run("python", "-m", "release", *arguments, "--json", RELEASE_STORE=self.store)
        return json.loads(done.stdout)


def list_actions(checkout: Path) -> set[str]:
    """List every third-party action that the workflows use, with its commit."""
    found = set()
    for path in (checkout / ".github").rglob("*.yml"):
        content = yaml.safe_load(path.read_text())
        jobs = [*content.get("jobs", {}).values(), content.get("runs", {})]
        for job in jobs:
            found |= {step["uses"] for step in job.get("steps", ()) if "@" in step.get("uses", "")}
    return found

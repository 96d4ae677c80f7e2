"""Stores to release to, the small lender to fill them, and a repository with versions."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from credit.common.errors import run_command
from credit.registry.names import ARTIFACT, parse_version
from credit.registry.store import Store
from credit.registry.versions import VersionRecord
from release.__main__ import main
from release.judge.findings import Findings
from release.registration import admission
from testing.projects import find_shared_folder
from testing.warm.commands import find_warm_commands

GIT = {"GIT_CONFIG_NOSYSTEM": "1"} | {
    f"GIT_{who}_{what}": "modeler@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
}


@pytest.fixture(scope="session")
def _versions_once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder, for all workers, with a repository of three registered versions and its bare origin; it is copied."""
    shared = find_shared_folder(tmp_path_factory, worker_id) / "versions"
    with FileLock(f"{shared}.lock"):
        if not (shared / "done").exists():
            shutil.rmtree(shared, ignore_errors=True)  # of a failed attempt
            _register_versions(shared)
            (shared / "done").touch()
    return shared


def _register_versions(folder: Path) -> None:
    repository = folder / "repository"
    for path in (repository, folder / "home"):
        path.mkdir(parents=True)
    path = f"{find_warm_commands()}{os.pathsep}{os.environ['PATH']}"
    env = os.environ | GIT | {"HOME": str(folder / "home"), "PATH": path}

    def run(*command: str) -> None:
        subprocess.run(command, cwd=repository, capture_output=True, text=True, check=True, env=env)

    run("git", "init", "--quiet", "--initial-branch", "main")
    run("git", "init", "--quiet", "--bare", str(folder / "origin.git"))
    run("git", "remote", "add", "origin", str(folder / "origin.git"))
    for number, version in enumerate(map(parse_version, ("v1.0.0", "v1.1.0", "v2.0.0"))):
        (repository / "file").write_text(str(number))
        run("git", "add", "file")
        run("git", "commit", "--quiet", "--message", str(version))
        run("gto", "register", ARTIFACT, "--version", str(version), "--message", f"about {version}")
    run("git", "push", "--quiet", "--tags", "origin", "main")


@pytest.fixture
def run(_versions_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """A repository with three registered versions and a bare origin; runs commands in it."""
    (tmp_path / "home").mkdir()
    for name in ("repository", "origin.git"):
        shutil.copytree(_versions_once / name, tmp_path / name, symlinks=True)
    monkeypatch.setenv("PATH", str(find_warm_commands()), prepend=os.pathsep)
    for name, value in {"HOME": str(tmp_path / "home"), **GIT}.items():
        monkeypatch.setenv(name, value)

    def run(*command: str) -> str:
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ)
        return done.stdout + done.stderr

    monkeypatch.chdir(tmp_path / "repository")
    run("git", "remote", "set-url", "origin", str(tmp_path / "origin.git"))
    return run


@pytest.fixture
def command(
    disk: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, Any]]:
    """Run `release` where there is no git: the code, and what it prints: JSON where it is asked for; else all text."""
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "GIT_CEILING_DIRECTORIES": "/",
        "RELEASE_STORE": disk.url,
        "RELEASE_ACTOR": "on call",
    }.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> tuple[int, Any]:
        with pytest.raises(SystemExit) as left:
            run_command(lambda: main(arguments))
        told = capsys.readouterr()
        if "--json" in arguments and told.out:
            return int(left.value.code or 0), json.loads(told.out)
        return int(left.value.code or 0), told.out + told.err

    return run


@pytest.fixture
def three(
    run: Callable[..., str], disk: Store, publish: Callable[..., VersionRecord], monkeypatch: pytest.MonkeyPatch
) -> Store:
    """A store with three versions, in a repository that has nothing to judge: `test_admission` is about the judge."""
    monkeypatch.setattr(admission, "judge_commit", lambda *_: Findings())
    for version, candidate in (("v1.0.0", "heuristic"), ("v1.1.0", "logistic"), ("v2.0.0", "random_forest")):
        publish(disk, version, candidate, run("git", "rev-parse", f"{ARTIFACT}@{version}^{{commit}}").strip())
    return disk

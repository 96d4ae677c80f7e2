"""The template as it is, with its own results, for the walks and the pictures."""

import shutil
from pathlib import Path

import pytest
from filelock import FileLock

from testing.projects import Project, clone_project


@pytest.fixture(scope="session")
def template_once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder of a clone, for all workers, in which `make repro` ran. It is only read."""
    base = tmp_path_factory.getbasetemp()
    shared = (base if worker_id == "master" else base.parent) / "template"
    with FileLock(f"{shared}.lock"):
        if not (shared / "done").exists():
            shutil.rmtree(shared, ignore_errors=True)  # what a failed attempt left
            project = clone_project(shared / "template", lender=None)
            project.run("make", "repro")
            changed = project.run("git", "diff").stdout
            assert not changed, f"the committed results are not those that come out: {changed}"
            (shared / "done").touch()
    return shared


@pytest.fixture
def template(template_once: Path, tmp_path: Path) -> Project:
    """A copy of it."""
    shutil.copytree(template_once, tmp_path / "of", symlinks=True)
    project = Project(tmp_path / "of/template")
    project.run(
        "git", "update-index", "--refresh"
    )  # else `git checkout .` writes every file anew, and make installs again
    return project

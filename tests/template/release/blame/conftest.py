"""A lender whose causes are planted, with the current folder in its project."""

import os
import shutil
from pathlib import Path

import pytest
from filelock import FileLock

from testing.lenders.frozen import ROOT
from testing.projects import Project, find_shared_folder
from testing.traceable_lender import RATIO, TraceableLender, write_traceable_lender


@pytest.fixture(scope="session")
def _written_once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """One project, for all workers, that was built once."""
    shared = find_shared_folder(tmp_path_factory, worker_id) / "traceable"
    with FileLock(f"{shared}.lock"):
        if not (shared / "done").exists():
            shutil.rmtree(shared, ignore_errors=True)  # of a failed attempt
            _measure_seeds(write_traceable_lender(shared / "template"))
            (shared / "done").touch()
    return shared


def _measure_seeds(lender: TraceableLender) -> None:
    """Run the first commit with other seeds once: what comes out is kept, for every test."""
    run = lender.project.run
    run("git", "tag", "good")
    lender.edit_params(lambda params: params["train"].update(share=0.2))
    lender.build()
    run("python", "-m", "release", "blame", "good", "main", "--of", RATIO, PYTHONPATH=str(ROOT))
    run("git", "reset", "--quiet", "--hard", "good")
    run("dvc", "checkout", "--quiet")


@pytest.fixture
def lender(_written_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TraceableLender:
    """A copy of it, whose first commit is the tag `good`."""
    shutil.copytree(_written_once, tmp_path / "of", symlinks=True)
    project = Project(tmp_path / "of/template")
    monkeypatch.chdir(project.folder)
    for name, value in project.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", project.env["PATH"] + os.pathsep + os.environ["PATH"])
    return TraceableLender(project)

"""The template as it is, with its own results, for the walks and the pictures."""

from pathlib import Path

import pytest

from testing.projects import Project, copy_project, find_shared_folder, make_once


@pytest.fixture(scope="session")
def template_once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder of a clone, for all workers, in which `make repro` ran. It is only read."""

    def run_pipeline(project: Project) -> None:
        project.run("make", "repro")
        changed = project.run("git", "diff").stdout
        assert not changed, f"the committed results are not those that come out: {changed}"

    return make_once(find_shared_folder(tmp_path_factory, worker_id) / "template", run_pipeline, lender=None)


@pytest.fixture
def template(template_once: Path, tmp_path: Path) -> Project:
    """A copy of it."""
    return copy_project(template_once, tmp_path / "of")

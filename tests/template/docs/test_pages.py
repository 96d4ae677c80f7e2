"""What the pages show is what happens: their commands are run in a copy of the repository, their output compared."""

import re
import shutil
from pathlib import Path

import pytest
from filelock import FileLock

from testing.lenders.frozen import ROOT
from testing.parts.needs import require
from testing.projects import Project, clone_project
from testing.walks import Walk, list_steps

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
WALKS = [["README.md"]]
"""Pages that are read one after the other, in one copy: each begins where the one before it ended."""


@pytest.fixture(scope="session")
def _template_once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The template as it is, for all workers, in which `make repro` ran."""
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
def template(_template_once: Path, tmp_path: Path) -> Project:
    """A copy of it."""
    shutil.copytree(_template_once, tmp_path / "of", symlinks=True)
    return Project(tmp_path / "of/template")


@pytest.mark.parametrize("pages", WALKS, ids="-".join)
def test_the_commands_of_the_pages_print_what_they_show(pages: list[str], template: Project) -> None:
    """One after the other, as a reader would."""
    require("curl")
    with Walk(template) as walk:
        for page in pages:
            walk.follow(ROOT / page)


def test_every_page_with_a_command_is_walked() -> None:
    walked = {page for pages in WALKS for page in pages}
    assert {str(page.relative_to(ROOT)) for page in PAGES if list_steps(page.read_text())} == walked


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_links_is_there(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target

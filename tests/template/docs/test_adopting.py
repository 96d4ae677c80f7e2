"""The page about adopting is walked in a copy of the whole template, and what it leaves is a sound project."""

import re

from testing.lenders.frozen import ROOT
from testing.pages.walks import Walk
from testing.projects import Project

QUICK = ("test_inputs.py", "test_tracked_files.py", "test_pipeline.py")
"""The tests of a project that read files and run nothing."""


def test_the_page_adopts_the_template_and_the_project_is_sound(template: Project) -> None:
    """It is clean, nothing has to run again, its lint and its own tests pass, and it is no template any more."""
    with Walk(template) as walk:
        walk.follow(ROOT / "docs/adopting.md")
    assert template.run("git", "status", "--porcelain").stdout == ""
    for linter in (("ruff", "check", "."), ("ruff", "format", "--check", "."), ("python", ".ci/check_names.py")):
        template.run(*linter)
    template.run("python", "-m", "pytest", "-q", *(f"tests/project/{name}" for name in QUICK))
    suites = "from testing.suites import choose_suites; print(choose_suites())"
    assert template.run("python", "-c", suites).stdout == "['tests/project']\n"
    broken = []
    for page in [template.folder / "README.md", *(template.folder / "docs").glob("*.md")]:
        targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text())
        broken += [f"{page.name}: {one}" for one in targets if "://" not in one and not (page.parent / one).exists()]
    assert not broken

"""What the pages show is what happens: their commands are run in a copy of the repository, their output compared."""

import re
from pathlib import Path

import pytest
import yaml

from credit.contract.columns import Column
from credit.contract.rule import Rule
from testing.lenders.frozen import ROOT
from testing.pages.anchors import list_anchors
from testing.pages.walks import Walk, list_steps
from testing.parts.needs import require
from testing.projects import Project

README = ROOT / "README.md"
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [README, *DOCS]
WALKS = [
    ["docs/first-week.md"],
    [
        "README.md",
        "docs/blame.md",
        "docs/releasing.md",
        "docs/evidence.md",
        "docs/serving.md",
        "docs/decision-log.md",
        "docs/watching.md",
        "docs/containers.md",
        "docs/operating.md",
    ],
    ["docs/getting-started.md", "docs/fairness.md", "docs/own-data.md", "docs/extending.md"],
]
"""Pages that are read one after the other, in one copy: each begins where the one before it ended."""


@pytest.mark.parametrize("pages", WALKS, ids="-".join)
def test_the_commands_of_the_pages_print_what_they_show(pages: list[str], template: Project) -> None:
    """One after the other, as a reader would; and none leaves anything changed or broken behind."""
    require("curl")
    with Walk(template) as walk:
        for page in pages:
            walk.follow(ROOT / page)
            assert template.run("git", "status", "--porcelain").stdout == "", page
            assert "up to date" in template.run("dvc", "status").stdout, page


def test_the_parts_of_a_contract_that_a_page_shows_are_taken() -> None:
    text = (ROOT / "docs/own-data.md").read_text()
    parts = {}
    for shown in re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        parts |= yaml.safe_load(shown)
    assert Rule.model_validate(parts["rule"]).approve == "at_most"
    for name in ("income", "amount", "vacant_homes"):
        assert Column.model_validate(parts[name] | {"description": "d"}).reason
    marriage = Column.model_validate(parts["marriage"] | {"role": "feature", "description": "d"})
    assert f"`{marriage.name_value('1')}`" in text


def test_every_page_with_a_command_is_walked() -> None:
    walked = {page for pages in WALKS for page in pages} | {"docs/adopting.md"}  # by test_adopting.py
    assert {str(page.relative_to(ROOT)) for page in PAGES if list_steps(page.read_text())} == walked


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_links_is_there_and_so_is_the_heading(page: Path) -> None:
    for target, heading in re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", page.read_text()):
        if "://" not in target:
            linked = page.parent / target if target else page
            assert linked.exists(), target
            if heading:
                assert heading in list_anchors(linked.read_text()), f"{target}#{heading}"


def test_the_readme_is_short_and_links_every_page() -> None:
    text = README.read_text()
    assert len(text.splitlines()) <= 150
    assert {f"docs/{page.name}" for page in DOCS} <= set(re.findall(r"\]\(([^)#]+)", text))


def test_a_rollback_is_on_the_first_screen_of_the_readme() -> None:
    assert "release rollback --env prod --reason" in "\n".join(README.read_text().splitlines()[:40])


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_a_page_begins_with_a_title_and_says_in_a_sentence_what_it_is_for(page: Path) -> None:
    title, empty, first = page.read_text().splitlines()[:3]
    assert re.match(r"# \w.{10,}", title)
    assert empty == ""
    assert re.match(r"[A-Z].{20,}", first)


def test_the_picture_of_the_datas_way_names_stages_and_folders_that_are_there() -> None:
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    outs = {str(out) for stage in stages.values() for out in stage.get("outs", [])}
    shown = re.search(r"^```mermaid\n(.*?)^```$", (ROOT / "docs/architecture.md").read_text(), re.MULTILINE | re.DOTALL)
    assert shown
    folders = dict(re.findall(r'(\w+)\(\["([^"]+)/"\]\)', shown[1]))
    for folder in folders.values():
        assert (ROOT / folder).is_dir() or folder in outs, folder
    nodes = set(re.findall(r"(\w+)(?:\(\[.*?\]\))?(?: -->|$)", shown[1], re.MULTILINE)) - {"TD"}
    assert nodes - set(folders) == set(stages)

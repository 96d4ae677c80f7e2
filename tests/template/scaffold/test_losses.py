"""No change of a project is lost when the template takes a file away, names it otherwise, or replaces a picture."""

from pathlib import Path

import pytest

from credit.common.errors import CreditError
from scaffold.adoption import adopt
from tests.template.scaffold.conftest import Repository

PAGE, PICTURE = "docs/adopting.md", "docs/page.png"
OLD, NEW, MINE = b"\x89PNG\0old", b"\x89PNG\0new", b"\x89PNG\0mine"


def release(template: Repository, version: str) -> None:
    template.commit(version)
    template.git("tag", f"v{version}")


def change_page(project: Repository) -> None:
    project.edit(PAGE, "\n", "\nA line of the lender.\n")
    project.commit("a line of the lender")


@pytest.mark.parametrize("removal", [("mv", PAGE, "docs/adopting2.md"), ("rm", PAGE)], ids=["renamed", "removed"])
def test_a_changed_file_that_the_template_has_no_more_is_named_and_nothing_changes(
    adopted: tuple[Repository, Repository], removal: tuple[str, ...]
) -> None:
    """By a name of its own it stays, and the update arrives."""
    template, project = adopted
    change_page(project)
    template.git(*removal)
    release(template, "0.2.0")
    with pytest.raises(CreditError, match=r"files that you changed: docs/adopting\.md; git mv each"):
        adopt(None, {}, ask=False, dry_run=False)
    assert "A line of the lender." in Path(PAGE).read_text()
    assert project.git("status", "--porcelain") == ""

    project.git("mv", PAGE, "docs/mine.md")
    project.commit("a name of the lender's own")
    assert str(adopt(None, {}, ask=False, dry_run=False).version) == "v0.2.0"
    assert "A line of the lender." in Path("docs/mine.md").read_text()
    assert not Path(PAGE).exists()
    assert Path("docs/adopting2.md").exists() == ("docs/adopting2.md" in removal)


def test_a_file_that_nobody_changed_goes_with_the_template(adopted: tuple[Repository, Repository]) -> None:
    template, project = adopted
    project.edit("stages/split.py", '"""', '"""Changed by the lender. ')
    project.commit("another file")
    template.git("rm", PAGE)
    release(template, "0.2.0")
    done = adopt(None, {}, ask=False, dry_run=False)
    assert sorted(done.changes) == ["D\tdocs/adopting.md", "M\t.copier-answers.yml"]


def test_a_file_of_a_place_that_is_answered_away_is_not_lost_when_it_was_changed(
    adopted: tuple[Repository, Repository],
) -> None:
    _, project = adopted
    place = "release/evidence/places/us.yaml"
    Path(place).write_text(Path(place).read_text() + "# of the lender\n")
    project.commit("a clause of the lender")
    with pytest.raises(CreditError, match=place):
        adopt(None, {"places": ["eu"]}, ask=False, dry_run=False)
    assert Path(place).read_text().endswith("# of the lender\n")


def test_a_picture_of_the_lender_stays_and_where_the_template_has_a_new_one_it_is_named(
    adopted: tuple[Repository, Repository],
) -> None:
    template, project = adopted
    (template.folder / PICTURE).write_bytes(OLD)
    release(template, "0.2.0")
    adopt(None, {}, ask=False, dry_run=False)
    Path(PICTURE).write_bytes(MINE)
    project.commit("a picture of the lender")

    (template.folder / "docs/new.md").write_text("new\n")
    release(template, "0.3.0")
    assert "A\tdocs/new.md" in adopt(None, {}, ask=False, dry_run=False).changes
    assert Path(PICTURE).read_bytes() == MINE

    (template.folder / PICTURE).write_bytes(NEW)
    release(template, "0.4.0")
    with pytest.raises(CreditError, match=r"files that you changed: docs/page\.png"):
        adopt(None, {}, ask=False, dry_run=False)
    assert Path(PICTURE).read_bytes() == MINE

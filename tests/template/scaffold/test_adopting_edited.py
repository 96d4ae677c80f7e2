"""What a lender changed before adopting: a README stays, and a file that cannot be rendered is one line."""

from pathlib import Path

import pytest

from credit.common.errors import CreditError
from scaffold.adoption import adopt
from tests.template.scaffold.conftest import Repository


@pytest.mark.parametrize("tagged", [False, True], ids=["used as a template", "cloned with its tags"])
@pytest.mark.parametrize("kept", ["", "## Where to go on"], ids=["written anew", "a line before its sections"])
def test_a_readme_that_the_lender_changed_stays_byte_for_byte_and_a_note_says_so(
    template: Repository, project: Repository, kept: str, tagged: bool
) -> None:
    if tagged:
        project.git("tag", "v0.1.0")
    text = Path("README.md").read_text()
    written = "# Our own [#12](https://example.org) [% [= \n\n" + (kept and text[text.index(kept) :])
    Path("README.md").write_text(written)
    project.commit("our own readme")
    done = adopt(str(template.folder), {}, ask=False, dry_run=False)
    assert Path("README.md").read_text() == written
    assert [note for note in done.notes if note.startswith("README.md is not as it came by ")]
    assert not [change for change in done.changes if change.endswith("README.md")]
    assert project.git("status", "--porcelain") == ""


def test_a_readme_of_another_kind_stays_though_it_is_in_the_first_commit(
    template: Repository, project: Repository
) -> None:
    Path("README.md").write_text("# Our own\n")
    project.git("commit", "--quiet", "--all", "--amend", "--no-edit")
    done = adopt(str(template.folder), {}, ask=False, dry_run=False)
    assert Path("README.md").read_text() == "# Our own\n"
    assert [note for note in done.notes if note.startswith("README.md is not the template's")]


def test_a_project_without_a_readme_gets_none(template: Repository, project: Repository) -> None:
    project.git("rm", "--quiet", "README.md")
    project.commit("no readme")
    done = adopt(str(template.folder), {}, ask=False, dry_run=False)
    assert not Path("README.md").exists()
    assert "there is no README.md, and none is made" in done.notes


def test_a_number_of_an_issue_in_a_rendered_file_is_no_mark(template: Repository, project: Repository) -> None:
    Path("params.yaml").write_text("# see [#12](https://example.org/12)\n" + Path("params.yaml").read_text())
    project.commit("why")
    adopt(str(template.folder), {"demo_data": ["scenario"]}, ask=False, dry_run=False)
    assert Path("params.yaml").read_text().startswith("# see [#12](https://example.org/12)\n")


@pytest.mark.parametrize("name", ["dvc.yaml", "params.yaml", "compose.yaml", "release.yaml"])
def test_a_file_that_copier_cannot_render_is_named_in_one_line_and_nothing_changes(
    template: Repository, project: Repository, name: str
) -> None:
    Path(name).write_text(Path(name).read_text() + "# [% if\n")
    project.commit("a mark of copier's")
    with pytest.raises(CreditError, match=rf"^{name}: copier cannot render it: .*take copier's marks") as caught:
        adopt(str(template.folder), {}, ask=False, dry_run=False)
    assert "\n" not in str(caught.value)
    assert project.git("rev-list", "--count", "HEAD").strip() == "2"
    assert project.git("status", "--porcelain") == ""

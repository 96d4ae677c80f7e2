"""What a lender changed before adopting: a README stays, and a file that cannot be rendered is one line."""

from pathlib import Path

import pytest

from credit.common.errors import CreditError
from release.repository.git import run_git
from scaffold.__main__ import run
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


def test_the_readme_of_a_clone_with_the_templates_history_is_made_anew_unless_the_lender_changed_it(
    template: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the history the first commit has another; the lender's own commits come after the template's."""
    template.edit("README.md", "\n", "\nA later sentence.\n")
    template.commit("a later README")
    for name, changed, remote, address in (
        ("kept", False, "origin", str(template.folder)),
        ("changed", True, "template", None),
    ):
        template.git("clone", "--quiet", "--no-tags", "--origin", remote, str(template.folder), str(tmp_path / name))
        clone = Repository(tmp_path / name)
        clone.git("config", "user.name", "a lender")
        clone.git("config", "user.email", "lender@example.org")
        monkeypatch.chdir(clone.folder)
        Path("waivers/mine.yaml").write_text("mine: 1\n")
        if changed:
            clone.edit("README.md", "A later sentence.", "A sentence of ours.")
        clone.commit("our own")
        done = adopt(address, {"project_name": "Loans of a bank"}, ask=False, dry_run=False)
        assert Path("README.md").read_text().startswith("# Loans of a bank\n") != changed
        assert bool([note for note in done.notes if "is not as it came by" in note]) == changed


def test_nobody_to_commit_as_is_said_before_anything_is_made(
    project: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.git("config", "--unset", "user.name")
    project.git("config", "--unset", "user.email")
    project.git("config", "user.useConfigOnly", "true")
    for name in ("GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "EMAIL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    with pytest.raises(CreditError, match=r'found nobody.*git config --global user.name "Your Name", and user.email'):
        run.callback("../upstream", None, True, False)  # type: ignore[misc]
    with pytest.raises(CreditError, match=r"^git tag: .*; git config --global user.name"):
        run_git("tag", "--annotate", "a-tag", "--message", "by nobody")


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

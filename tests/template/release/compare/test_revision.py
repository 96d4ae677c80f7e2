"""Two sides of a comparison are found, or refused in one line."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from credit.common.errors import CreditError
from release.compare.comment import render_comment
from release.compare.comparison import compare_revisions
from release.repository.reports import read_revision_reports
from release.repository.revision import Revision, resolve_revisions
from testing.report_edits import Edit, commit_all

HERE = Revision("the working tree", None)


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout


def test_an_unknown_revision_is_one_line(edit: Edit) -> None:
    with pytest.raises(CreditError, match=r"^revision no-such-branch: found no such commit"):
        resolve_revisions("no-such-branch", None, merge_base=False)
    with pytest.raises(CreditError):
        resolve_revisions("--output=/tmp/x", None, merge_base=False)


def test_a_shallow_clone_is_refused_instead_of_compared_with_nothing(
    edit: Edit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subprocess.run(["git", "commit", "--quiet", "--allow-empty", "--message", "more"], check=True)
    subprocess.run(["git", "clone", "--quiet", "--depth", "1", f"file://{Path.cwd()}", str(tmp_path / "c")], check=True)
    monkeypatch.chdir(tmp_path / "c")
    with pytest.raises(CreditError, match="lacks a part of the history; git fetch --unshallow"):
        resolve_revisions("HEAD", None, merge_base=True)


def test_the_merge_base_is_where_the_branches_parted(edit: Edit) -> None:
    base = resolve_revisions("HEAD", None, merge_base=False)[0].commit
    for command in (["checkout", "--quiet", "-b", "other"], ["commit", "--quiet", "--allow-empty", "-m", "theirs"]):
        subprocess.run(["git", *command], check=True)
    subprocess.run(["git", "checkout", "--quiet", "-"], check=True)
    subprocess.run(["git", "commit", "--quiet", "--allow-empty", "-m", "ours"], check=True)
    assert resolve_revisions("other", "HEAD", merge_base=True)[0].commit == base


def test_a_report_that_is_no_json_is_one_line(edit: Edit) -> None:
    Path("reports/choice.json").write_text("{")
    with pytest.raises(CreditError, match=r"^reports/choice\.json at the working tree: [^\n]+$"):
        read_revision_reports(HERE, strict=True)


def test_a_report_of_the_base_in_another_shape_is_left_out_with_a_line(edit: Edit) -> None:
    """Older code may have written it. The first sentence is about the head, the next ones say what is not compared."""

    def other_shape(metrics: Any) -> None:
        for figures in metrics.values():
            figures["gini"] = figures.pop("roc_auc")

    edit("metrics.json", other_shape)
    commit_all()
    subprocess.run(["git", "checkout", "--quiet", "HEAD~", "--", "."], check=True)
    told = compare_revisions(*resolve_revisions("HEAD", None, merge_base=False))
    (line,) = told.unread
    assert line.startswith("reports/metrics.json at HEAD: heuristic.roc_auc: found nothing, expected a value")
    assert line.endswith("; 5 more")
    assert {row.base for row in told.metrics} == {None}
    text = render_comment(told)
    assert text.splitlines()[1].startswith("### ⚠️ The rule still goes forward")
    assert "left out, as this code cannot read it: reports/metrics.json at HEAD" in text


def test_a_base_whose_choice_cannot_be_read_has_no_champion_to_compare_with(edit: Edit) -> None:
    edit("choice.json", lambda choice: choice.pop("why"))
    commit_all()
    subprocess.run(["git", "checkout", "--quiet", "HEAD~", "--", "."], check=True)
    text = render_comment(compare_revisions(*resolve_revisions("HEAD", None, merge_base=False)))
    assert text.splitlines()[1].startswith("### ⚠️ The rule goes forward: ")
    assert "reports/choice.json at HEAD: why: found nothing, expected a value" in text
    assert "None" not in text


def test_a_report_of_the_head_in_another_shape_is_an_error(edit: Edit) -> None:
    edit("features.json", lambda features: features.pop("kept"))
    with pytest.raises(
        CreditError, match=r"^reports/features\.json at the working tree: kept: found nothing, expected"
    ):
        compare_revisions(*resolve_revisions("HEAD", None, merge_base=False))


def test_histories_without_a_common_commit_are_one_line(edit: Edit) -> None:
    first = resolve_revisions("HEAD", None, merge_base=False)[0].commit
    subprocess.run(["git", "checkout", "--quiet", "--orphan", "other"], check=True)
    Path("another").write_text("so that it is another commit, even in the same second")
    commit_all()
    with pytest.raises(CreditError, match="no commit in common"):
        resolve_revisions(str(first), "HEAD", merge_base=True)


@pytest.mark.parametrize("content", ["[]", "3", '"text"'])
def test_a_report_that_is_no_object_is_one_line(edit: Edit, content: str) -> None:
    Path("reports/choice.json").write_text(content)
    with pytest.raises(CreditError, match=r"reports/choice\.json at the working tree"):
        compare_revisions(*resolve_revisions("HEAD", None, merge_base=False))


@pytest.mark.parametrize("content", ["stages: [", "stages: [1]", "stages: {a: {outs: [{path: x}]}}", "[]", "stages: 1"])
def test_a_dvc_lock_that_dvc_did_not_write_is_one_line(edit: Edit, content: str) -> None:
    Path("dvc.lock").write_text(content)
    with pytest.raises(CreditError, match=r"^dvc\.lock at the working tree: (not YAML: |found )[^\n]+$"):
        compare_revisions(*resolve_revisions("HEAD", None, merge_base=False))


def test_an_experiment_is_found_by_its_name(edit: Edit) -> None:
    head = git("rev-parse", "HEAD").strip()
    tried = git("commit-tree", "-p", head, "-m", "tried", f"{head}^{{tree}}").strip()
    git("update-ref", f"refs/exps/{head[:2]}/{head[2:]}/milder", tried)
    git("update-ref", "refs/exps/exec/EXEC_HEAD", head)  # DVC's own, no experiment
    assert resolve_revisions("HEAD", "milder", merge_base=False)[1] == Revision("milder", tried)
    with pytest.raises(CreditError, match="found no such commit, expected a branch, tag, hash or experiment"):
        resolve_revisions("EXEC_HEAD", None, merge_base=False)


def test_of_experiments_of_one_name_that_from_head_is_meant_and_else_none(edit: Edit) -> None:
    commits = []
    for start in (git("rev-parse", "HEAD").strip(), "a" * 40, "b" * 40):
        commits.append(git("commit-tree", "-m", start, "HEAD^{tree}").strip())
        git("update-ref", f"refs/exps/{start[:2]}/{start[2:]}/milder", commits[-1])
    assert resolve_revisions("milder", None, merge_base=False)[0].commit == commits[0]
    git("commit", "--quiet", "--allow-empty", "--message", "next")
    with pytest.raises(CreditError, match=rf"milder: found 3 experiments, .*{commits[1][:9]} from aaaaaaaaa.*"):
        resolve_revisions("milder", None, merge_base=False)

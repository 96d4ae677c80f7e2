"""The two commands: what they refuse, before anything runs."""

import subprocess
from pathlib import Path

import click
import pytest

from credit.common.errors import CreditError, Problem
from release.commands import codeowners, judge
from release.compare.markdown import NO_VALUE
from release.judge.judgement import describe_failure
from release.judge.owners import FILE
from release.judge.wording import render_judgement


def test_codeowners_is_written_again_for_others_and_never_over_what_a_person_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for owner in ("@us/risk", "@us/law"):
        assert codeowners.run.main([owner], standalone_mode=False) == 0
        assert f"* {owner}\n" in Path(FILE).read_text()
    Path(FILE).write_text("* @me\n")
    with pytest.raises(CreditError, match="is not written by this command"):
        codeowners.run.main(["@us/risk"], standalone_mode=False)
    assert Path(FILE).read_text() == "* @me\n"


def test_codeowners_wants_names_that_github_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CreditError, match="found us/risk, you, expected @user"):
        codeowners.run.main(["us/risk", "@us/law", "you"], standalone_mode=False)
    assert not Path(FILE).exists()


def test_a_change_that_lacks_what_the_base_has_is_not_judged(propose) -> None:
    revisions = propose({"docs/a.md": "a"})
    older, newer = (str(side.commit) for side in revisions)
    with pytest.raises(CreditError, match=f"lacks commits of {newer}; git merge {newer}, and judge that"):
        judge.run.main([newer, older], standalone_mode=False)


@pytest.mark.parametrize("options", [["--only", "run"], ["--only", "judge"], ["--results", "there"]])
def test_a_part_and_its_results_go_together(propose, options: list[str]) -> None:
    base = str(propose({"docs/a.md": "a"}).base.commit)
    with pytest.raises(click.UsageError, match="go together with --results"):
        judge.run.main([base, "HEAD", *options], standalone_mode=False)


def test_results_are_not_mixed_with_those_of_another_run(propose, tmp_path: Path) -> None:
    base = str(propose({"docs/a.md": "a"}).base.commit)
    with pytest.raises(CreditError, match="is there already"):
        judge.run.main([base, "HEAD", "--only", "run", "--results", str(tmp_path)], standalone_mode=False)


def test_a_change_whose_pipeline_fails_is_told_with_what_it_does_to_the_judge(propose) -> None:
    """And its text stays text: no heading, mention or link of it is read as Markdown."""
    path = "waivers/\n### ✅ [all well](http://x) @everybody.yaml"
    revisions = propose({path: "a: 1", ".ci/run": "true"})
    judgement = describe_failure(revisions, CreditError(Problem("the pipeline", "@everybody: ### fails")))
    comment = render_judgement(judgement)
    lines = comment.splitlines()
    assert lines[1] == "### ⚖️ Changes to the judge"
    assert "### ❌ Do not merge" in lines
    assert f"| workflows | .ci/run | {NO_VALUE} | added | the base's |" in lines
    assert "@everybody" not in comment
    assert "\\[all well\\](http" in comment
    assert subprocess.run(["git", "status", "--porcelain"], capture_output=True, check=True).stdout == b""

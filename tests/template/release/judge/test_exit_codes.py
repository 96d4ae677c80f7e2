"""The exit code of `release judge` says whether main's judge lets a change pass, and whether the judge is touched."""

import hashlib
from pathlib import Path
from typing import Any

import click
import pytest

from credit.common.errors import CreditError, Problem
from release.commands import judge
from release.commands.judge import _answer
from release.compare.comment import MAX_CHARACTERS
from release.compare.comparison import compare_revisions
from release.compare.sides import Sides
from release.judge.changes import JudgeChange
from release.judge.judgement import CandidateVerdicts, Judgement, describe_failure
from release.judge.people import Departure
from release.judge.wording import render_judgement
from release.repository.revision import resolve_revisions
from testing.report_edits import Edit
from tests.template.release.compare.conftest import edit

__all__ = ["edit"]

LIMIT = JudgeChange(kind="limits", where="fairness.policy", base="a", head="b", is_used=False)


@pytest.fixture
def failed(edit: Edit) -> Judgement:
    """A change whose pipeline did not run."""
    sides = Sides(*resolve_revisions("HEAD", "HEAD", merge_base=False))
    return describe_failure(sides, CreditError(Problem("the pipeline", "did not run")))


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, 0),
        ({"changes": (LIMIT,)}, 4),
        ({"lost_too_many": True}, 4),
        ({"problems": ("a model that does not pass",)}, 3),
        ({"problems": ("a model that does not pass",), "changes": (LIMIT,)}, 3),
        ({"comparison": None}, 3),
        ({"comparison": None, "changes": (LIMIT,)}, 3),
    ],
)
def test_it_is_3_without_a_verdict_that_passes_and_4_where_one_passes_and_the_judge_is_touched(
    failed: Judgement, fields: dict[str, Any], code: int
) -> None:
    comparison = compare_revisions(*resolve_revisions("HEAD", None, merge_base=False))
    passing = failed.model_copy(update={"problems": (), "comparison": comparison})
    assert passing.passes
    answer = _answer(passing.model_copy(update=fields))
    assert answer.code == code
    assert ("### ⚖️ Changes to the judge" in answer.text) == bool(fields.keys() & {"changes", "lost_too_many"})
    assert ("Do not merge" in answer.text) == (code == 3)


def test_a_comment_is_one_that_github_takes_whatever_the_change_brings(failed: Judgement) -> None:
    """It refuses a longer one, and the green comment of an earlier run would stay; and each kind of change is seen."""
    long = JudgeChange(kind="contract", where="w" * 5000, base="<" * 5000, head="@" * 5000, is_used=False)
    last = JudgeChange(kind="workflows", where=".github/workflows/mine.yml", base="", head="added", is_used=False)
    verdict = CandidateVerdicts(candidate="&" * 5000, verdict=Sides(None, "pass"), eligible=Sides(None, True))
    flood = {
        "changes": (long,) * 500 + (last,),
        "training_code": tuple(f"credit/candidates/{'&' * 200}{number}.py" for number in range(500)),
        "problems": ("<" * 5000,) * 500,
        "verdicts": (verdict,) * 500,
    }
    comparison = compare_revisions(*resolve_revisions("HEAD", None, merge_base=False))
    for one in (None, comparison):
        comment = render_judgement(failed.model_copy(update=flood | {"comparison": one}))
        assert len(comment) <= MAX_CHARACTERS
        assert "### ❌ Do not merge" in comment
        assert "| workflows | .github/workflows/mine.yml |" in comment
        assert "441 more; `release judge --json` lists them." in comment


@pytest.mark.parametrize("character", ["_", "&", "w"])
def test_every_kind_is_seen_and_hides_neither_both_verdicts_nor_the_code_to_read_nor_who_left(
    failed: Judgement, character: str
) -> None:
    """Five of each of 16 kinds are more than the rows; each text is as long as escapes make it."""
    kinds = [f"kind {number:02}" for number in range(16)]
    long = character * 5000
    changes = [
        JudgeChange(kind=kind, where=long, base=long, head=long, is_used=False) for kind in kinds for _ in range(5)
    ]
    verdict = CandidateVerdicts(candidate=long, verdict=Sides(None, "pass"), eligible=Sides(None, True))
    flood = {
        "changes": tuple(changes),
        "training_code": (f"credit/candidates/{long}.py",) * 50,
        "verdicts": (verdict,) * 50,
        "departures": (Departure(attribute="race", group=long, base=9, head=1, dataset=long),) * 50,
    }
    comment = render_judgement(failed.model_copy(update=flood))
    assert [kind for kind in kinds if f"\n| {kind} |" not in comment] == []
    for part in ("**Both verdicts**", "**Read this code first**", "**Who left the data** since the base, in another"):
        assert part in comment
    assert comment.count("9 → 1 people (-88.9%)") == 20
    assert "and 30 more" in comment


def test_a_pipeline_that_does_not_run_is_3(failed: Judgement) -> None:
    assert _answer(failed).code == 3


@pytest.mark.parametrize(
    ("fields", "code", "annotation", "label"),
    [
        ({}, 0, "the judge of main lets it pass", "--remove-label"),
        ({"changes": (LIMIT,)}, 0, "::warning::the change touches the judge", "--add-label"),
        ({"problems": ("\n::set-output name=digest::forged",)}, 3, "::error::the judge of main says", "--remove-label"),
    ],
)
def test_the_run_on_github_is_told_what_the_next_job_posts_and_prints_no_word_of_the_change(
    failed: Judgement,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    fields: dict[str, Any],
    code: int,
    annotation: str,
    label: str,
) -> None:
    """GitHub takes a printed line that begins with :: for a command."""
    comparison = compare_revisions(*resolve_revisions("HEAD", None, merge_base=False))
    found = failed.model_copy(update={"problems": (), "comparison": comparison, **fields})
    monkeypatch.setattr(judge, "judge_change", lambda *_: found)
    for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
        monkeypatch.setenv(name, str(tmp_path / name))
    file, results = tmp_path / "new/comment.md", ("--only", "judge", "--results", str(tmp_path))
    asked = ["HEAD", "HEAD", *results, "--comment", str(file), "--github"]
    assert judge.run.main(asked, standalone_mode=False) == code
    printed = capsys.readouterr().out
    assert printed.startswith(annotation)
    assert len(printed.splitlines()) == 1
    assert file.read_text() == (tmp_path / "GITHUB_STEP_SUMMARY").read_text() == f"{_answer(found).text}\n"
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert (tmp_path / "GITHUB_OUTPUT").read_text() == f"digest={digest}\nlabel={label}\n"


@pytest.mark.parametrize(
    "options",
    [["--github"], ["--only", "run", "--results", "there", "--comment", "file"], ["--only", "pull", "--github"]],
)
def test_a_comment_is_asked_for_where_there_is_one(failed: Judgement, options: list[str]) -> None:
    with pytest.raises(click.UsageError, match="--comment"):
        judge.run.main(["HEAD", "HEAD", *options], standalone_mode=False)

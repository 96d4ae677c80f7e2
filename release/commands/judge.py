"""Judge a change by the judge of its base: nobody weakens the gate that judges them"""

import hashlib
import tempfile
from pathlib import Path

import click

from credit.common.cli import Answer, AnsweringCommand
from credit.common.errors import CreditError, Problem
from credit.common.files import write_text
from release.compare.sides import Sides
from release.judge.judgement import Judgement, describe_failure, judge_change, pull_data, run_change
from release.judge.wording import render_judgement
from release.repository.git import run_git
from release.repository.revision import Revision, resolve_revisions
from release.running.workflow_run import add_summary, set_outputs

EPILOG = """example:
  release judge main
  release judge main HEAD --only pull                      needs the DVC remote, and runs nothing of the change
  release judge main HEAD --only run --results ../ran      with the code of the change
  release judge main HEAD --only judge --results ../ran    with none of it

exit codes: 0 the base's judge lets it pass, 3 it does not, 4 it does and the change touches the judge.
With --github 4 is 0 and a warning, as a step has no third outcome; hash and label are outputs of the step."""

EXIT_BLOCKED, EXIT_JUDGE_CHANGED = 3, 4


@click.command(cls=AnsweringCommand, help=__doc__, epilog=EPILOG)
@click.argument("base", help="the revision that judges, which the change is to be merged into")
@click.argument("head", default="HEAD", help="the change, committed (default: HEAD)")
@click.option("--only", type=click.Choice(["pull", "run", "judge"]), help="one of its parts, in a job of its own")
@click.option(
    "--results", type=click.Path(path_type=Path), metavar="FOLDER", help="what the part `run` leaves for `judge`"
)
@click.option("--comment", type=click.Path(path_type=Path), metavar="FILE", help="write the judgement to a file too")
@click.option("--github", is_flag=True, help="tell the run of the workflow judge what it passes on; with --comment")
def run(base: str, head: str, only: str | None, results: Path | None, comment: Path | None, github: bool) -> Answer:
    """Run the change in a trial, then judge its predictions in another one that has none of its code."""
    _check_options(only, results, comment, github)
    revisions = _resolve_sides(base, head)
    with tempfile.TemporaryDirectory(prefix="release-") as temporary:
        folder = Path(temporary)
        if only == "pull":
            pull_data(revisions, folder / "pulled")
            return Answer({"pulled": revisions.head.dataset}, f"the data of {revisions.head.dataset} are here")
        if only == "run":
            return _run_only(revisions, folder, Path(str(results)))
        try:
            if only is None:
                run_change(revisions, folder / "run", folder / "results")
            judgement = judge_change(revisions, results or folder / "results", folder / "judged")
        except CreditError as error:
            judgement = describe_failure(revisions, error)
    answer = _answer(judgement)
    if comment is None:
        return answer
    comment.parent.mkdir(parents=True, exist_ok=True)
    write_text(comment, f"{answer.text}\n")
    return _tell_github(judgement, answer, comment) if github else answer


def _check_options(only: str | None, results: Path | None, comment: Path | None, github: bool) -> None:
    """Check that options go together. Raises UsageError for those that do not."""
    if (only in ("run", "judge")) != (results is not None):
        raise click.UsageError("--only run and --only judge go together with --results")
    if comment is not None and only in ("pull", "run"):
        raise click.UsageError(f"--only {only} judges nothing that --comment could say")
    if github and comment is None:
        raise click.UsageError("--github goes together with --comment")


def _resolve_sides(base: str, head: str) -> Sides[Revision]:
    """Resolve both sides. Raises CreditError where the change lacks what the base has: it would be judged as a change.

    A merge commit, as GitHub makes of a pull request, has all of it.
    """
    revisions = Sides(*resolve_revisions(base, head, merge_base=False))
    first, second = revisions.map(lambda side: str(side.commit))
    if run_git("merge-base", first, second).strip() != first:
        raise CreditError(
            Problem(f"revision {head}", f"lacks commits of {base}", fix=f"git merge {base}, and judge that")
        )
    return revisions


def _run_only(revisions: Sides[Revision], folder: Path, results: Path) -> Answer:
    if results.exists():
        raise CreditError(Problem(str(results), "is there already", "a new folder"))
    run_change(revisions, folder / "run", results)
    return Answer({"results": str(results)}, f"the results of the change are in {results}")


def _answer(judgement: Judgement) -> Answer:
    code = EXIT_BLOCKED if not judgement.passes else EXIT_JUDGE_CHANGED if judgement.touches_judge else 0
    return Answer(judgement.dump(), render_judgement(judgement).rstrip(), code)


def _tell_github(judgement: Judgement, answer: Answer, comment: Path) -> Answer:
    """Pass the comment on, and say in other words than its own what holds.

    GitHub takes a printed line such as `::set-output …` for a command, and the comment has words of the change.
    """
    content = comment.read_bytes()
    add_summary(content.decode())
    label = "--add-label" if judgement.touches_judge else "--remove-label"
    set_outputs({"digest": hashlib.sha256(content).hexdigest(), "label": label})
    texts = {
        EXIT_BLOCKED: "::error::the judge of main says what must not be merged",
        EXIT_JUDGE_CHANGED: "::warning::the change touches the judge",
    }
    text = texts.get(answer.code, "the judge of main lets it pass")
    return Answer(answer.content, text, 0 if answer.code == EXIT_JUDGE_CHANGED else answer.code)

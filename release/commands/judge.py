"""Judge a change by the judge of its base: nobody weakens the gate that judges them"""

import tempfile
from pathlib import Path

import click

from credit.common.cli import Answer, AnsweringCommand
from credit.common.errors import CreditError, Problem
from release.compare.sides import Sides
from release.judge.judgement import Judgement, describe_failure, judge_change, pull_data, run_change
from release.judge.wording import render_judgement
from release.repository.git import run_git
from release.repository.revision import Revision, resolve_revisions

EPILOG = """example:
  release judge main
  release judge main HEAD --only pull                      needs the DVC remote, and runs nothing of the change
  release judge main HEAD --only run --results ../ran      with the code of the change
  release judge main HEAD --only judge --results ../ran    with none of it

exit codes: 0 the base's judge lets it pass, 3 it does not, 4 it does and the change touches the judge."""

EXIT_BLOCKED, EXIT_JUDGE_CHANGED = 3, 4


@click.command(cls=AnsweringCommand, help=__doc__, epilog=EPILOG)
@click.argument("base", help="the revision that judges, which the change is to be merged into")
@click.argument("head", default="HEAD", help="the change, committed (default: HEAD)")
@click.option("--only", type=click.Choice(["pull", "run", "judge"]), help="one of its parts, in a job of its own")
@click.option(
    "--results", type=click.Path(path_type=Path), metavar="FOLDER", help="what the part `run` leaves for `judge`"
)
def run(base: str, head: str, only: str | None, results: Path | None) -> Answer:
    """Run the change in a trial, then judge its predictions in another one that has none of its code."""
    if (only in ("run", "judge")) != (results is not None):
        raise click.UsageError("--only run and --only judge go together with --results")
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
    return _answer(judgement)


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

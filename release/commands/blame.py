"""Find which step it was: what of two versions' differences moved a figure, by running them one at a time"""

from pathlib import Path

import click

from credit.common.cli import Answer, AnsweringCommand
from credit.common.files import write_text
from release.blame.answer.markdown import render_markdown
from release.blame.answer.page import render_page
from release.blame.answer.wording import render_text
from release.blame.cause import find_cause, leave_hybrid
from release.blame.investigation import Question
from release.blame.versions import resolve_versions

EPILOG = """example:
  release blame v1.0.0 v2.0.0
  release blame v1.0.0 v2.0.0 --of adverse_impact_ratio:race=Black
  release blame main workspace --of roc_auc --candidate random_forest
  release blame prod                       what is live against what was live before

exit codes: 0 attributed, 3 inside noise, 4 not reproducible, 5 inconclusive; with --exit-zero 0 for each of them.
An empty BAD and an empty --of are as if left out, so that a workflow can pass its inputs as they are."""

EXIT_CODES = {"attributed": 0, "inside noise": 3, "not reproducible": 4, "inconclusive": 5}


@click.command(cls=AnsweringCommand, help=__doc__, epilog=EPILOG)
@click.argument("good", help="a version, tag or commit, or an environment: what is live there against what was before")
@click.argument("bad", required=False, help="the one that moved (default: workspace, the working tree)")
@click.option("--of", "figures", multiple=True, metavar="FIGURE", help="a figure, of a group as NAME:attribute=group")
@click.option("--candidate", metavar="NAME", help="whose figures (default: those of who goes forward)")
@click.option("--reseeds", type=click.IntRange(2, 50), default=4, show_default=True, help="runs with other seeds")
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="hybrids side by side (default: as many as fit)")
@click.option("--markdown", is_flag=True, help="the comment for GitHub")
@click.option("--exit-zero", is_flag=True, help="exit with 0 on every answer, also on one that blames nobody")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="write one page too")
@click.option("--make", "factors", metavar="A,B", help="only make the hybrid of these factors; `nothing`: of none")
@click.option("--into", "folder", type=click.Path(path_type=Path), metavar="FOLDER", help="where --make leaves it")
def run(
    good: str,
    bad: str | None,
    figures: tuple[str, ...],
    candidate: str | None,
    reseeds: int,
    jobs: int | None,
    markdown: bool,
    exit_zero: bool,
    html: Path | None,
    factors: str | None,
    folder: Path | None,
) -> Answer:
    """Answer in one sentence, with everything that it rests on."""
    wanted = tuple(filter(None, figures))
    question = Question(resolve_versions(good, bad or None), wanted, candidate, reseeds, jobs)
    if (factors is None) != (folder is None):
        raise click.UsageError("--make and --into go together")
    if factors is not None and folder is not None:
        names = () if factors == "nothing" else tuple(factors.split(","))
        leave_hybrid(question, names, folder)
        return Answer({"folder": str(folder), "factors": list(names)}, f"{folder}: {good} with {factors} of {bad}")
    answer = find_cause(question)
    if html is not None:
        write_text(html, render_page(answer))
    text = render_markdown(answer).rstrip() if markdown else render_text(answer)
    return Answer(answer.dump(), text, 0 if exit_zero else EXIT_CODES[answer.verdict])

"""Compare two revisions: verdict, metrics, equal treatment, flipped decisions, features, data

With --live, compare the challenger of an environment with its live version instead, on the applicants of the log that
SERVICE_DATABASE_URL and SERVICE_STATE name: who would be approved instead, or is in the arms of a split, group by
group, with evidence that is valid however often somebody looks. Exit code of --live --gate: 3, it treats a group
worse; 4, inconclusive."""

import re
import sys

import click

from credit.common.cli import Answer, AnsweringCommand
from credit.common.errors import CreditError, Problem
from credit.decision_log.locate import locate_in_environment, open_read_only
from credit.registry.address import open_store
from credit.registry.names import ENVIRONMENTS
from release.challenge.live import judge_live
from release.compare.comment import MARKER, render_comment
from release.compare.comparison import compare_revisions
from release.repository.revision import resolve_revisions
from release.watching.settings import read_settings

EPILOG = """example:
  release compare main
  release compare HEAD my-experiment
  release compare origin/main HEAD --merge-base
  release compare --live --env prod"""

EXIT_GATE_FAILED = 3
"""The exit code of --gate."""

_EXPECTED = "BASE and perhaps HEAD, or --live --env ENV"
LIVE_EXIT_CODES = {"worse": EXIT_GATE_FAILED, "inconclusive": 4}


@click.command(cls=AnsweringCommand, help=__doc__, epilog=EPILOG)
@click.argument("base", required=False, help="a git revision, or the name of an experiment")
@click.argument("head", required=False, help="another one (default: the working tree)")
@click.option("--merge-base", is_flag=True, help="compare with where HEAD left BASE, as pull requests do")
@click.option("--gate", is_flag=True, help="exit with 3 when the change must not be merged")
@click.option("--markdown", is_flag=True, help="the comment for GitHub (default unless a terminal reads it)")
@click.option("--live", is_flag=True, help="the challenger and the live version, on live applicants")
@click.option("--env", type=click.Choice(ENVIRONMENTS), help="which environment, with --live")
def run(
    base: str | None, head: str | None, merge_base: bool, gate: bool, markdown: bool, live: bool, env: str | None
) -> Answer:
    """Compare two revisions: Markdown for a comment on a pull request, or the same for a terminal."""
    if live != (env is not None) or live != (base is None) or (live and (merge_base or markdown)):
        raise CreditError(Problem("release compare", "neither revisions nor --live, or both", _EXPECTED))
    if base is None:
        return _compare_live(str(env), gate)
    comparison = compare_revisions(*resolve_revisions(base, head, merge_base))
    text = render_comment(comparison).rstrip()
    shown = text if markdown or not sys.stdout.isatty() else render_for_terminal(text)
    return Answer(comparison.dump(), shown, EXIT_GATE_FAILED if gate and comparison.problems else 0)


def _compare_live(environment: str, gate: bool) -> Answer:
    settings, store = read_settings(environment), open_store()
    with open_read_only(*locate_in_environment(), patient=True) as databases:
        found = judge_live(store, databases, settings)
    return Answer(found.content, "\n".join(found.lines), LIVE_EXIT_CODES.get(found.word, 0) if gate else 0)


def render_for_terminal(comment: str) -> str:
    """Render the comment without its marker and charts; what opens on a click on GitHub is open."""
    from rich.console import Console  # a tenth of a second, which only a terminal needs
    from rich.markdown import Markdown

    text = comment.replace(MARKER, "").replace("\u200b", "")
    text = re.sub(r"```mermaid\n.*?\n```", "", text, flags=re.DOTALL)
    text = re.sub(r"<details><summary>(.*?)</summary>", r"\1", text).replace("</details>", "")
    console = Console()
    with console.capture() as captured:
        console.print(Markdown(text))
    return "\n".join(line.rstrip() for line in captured.get().splitlines()).strip("\n")

"""Compare two revisions: verdict, metrics, equal treatment, flipped decisions, features, data"""

import re
import sys

import click

from credit.common.cli import Answer, AnsweringCommand
from release.compare.comment import MARKER, render_comment
from release.compare.comparison import compare_revisions
from release.repository.revision import resolve_revisions

EPILOG = """example:
  release compare main
  release compare HEAD my-experiment
  release compare origin/main HEAD --merge-base"""

EXIT_GATE_FAILED = 3
"""The exit code of --gate."""


@click.command(cls=AnsweringCommand, help=__doc__, epilog=EPILOG)
@click.argument("base", help="a git revision, or the name of an experiment")
@click.argument("head", required=False, help="another one (default: the working tree)")
@click.option("--merge-base", is_flag=True, help="compare with where HEAD left BASE, as pull requests do")
@click.option("--gate", is_flag=True, help="exit with 3 when the change must not be merged")
@click.option("--markdown", is_flag=True, help="the comment for GitHub (default unless a terminal reads it)")
def run(base: str, head: str | None, merge_base: bool, gate: bool, markdown: bool) -> Answer:
    """Compare two revisions: Markdown for a comment on a pull request, or the same for a terminal."""
    comparison = compare_revisions(*resolve_revisions(base, head, merge_base))
    text = render_comment(comparison).rstrip()
    shown = text if markdown or not sys.stdout.isatty() else render_for_terminal(text)
    return Answer(comparison.dump(), shown, EXIT_GATE_FAILED if gate and comparison.problems else 0)


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

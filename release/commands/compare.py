"""Compare two revisions: verdict, metrics, equal treatment, flipped decisions, features, data"""

import sys

import click

from credit.common.cli import Answer, AnsweringCommand
from release.compare.comment import render_comment
from release.compare.comparison import compare_revisions
from release.compare.terminal import render_for_terminal
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

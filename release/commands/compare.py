"""What a change does: verdict, metrics, equal treatment, flipped decisions, features, data"""

import argparse
import sys

from credit.common.cli import Answer

EXAMPLE = """release compare main
  release compare origin/main HEAD --merge-base"""

EXIT_GATE_FAILED = 3
"""The exit code of --gate."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Two revisions."""
    parser.add_argument("base", metavar="BASE", help="a git revision")
    parser.add_argument("head", metavar="HEAD", nargs="?", help="another one (default: the working tree)")
    parser.add_argument(
        "--merge-base", action="store_true", help="compare with where HEAD left BASE, as pull requests do"
    )
    parser.add_argument("--gate", action="store_true", help="exit with 3 when the change must not be merged")
    parser.add_argument(
        "--markdown", action="store_true", help="the comment for GitHub (default unless a terminal reads it)"
    )


def run(args: argparse.Namespace) -> Answer:
    """Markdown for a comment on a pull request, or the same for a terminal."""
    from release.compare.comment import render_comment
    from release.compare.comparison import compare_revisions
    from release.compare.terminal import render_for_terminal
    from release.repository.revision import resolve_revisions

    told = compare_revisions(*resolve_revisions(args.base, args.head, args.merge_base))
    text = render_comment(told).rstrip()
    shown = text if args.markdown or not sys.stdout.isatty() else render_for_terminal(text)
    return Answer(told, shown, EXIT_GATE_FAILED if args.gate and told["problems"] else 0)

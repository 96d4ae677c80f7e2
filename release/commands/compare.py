"""What a change does: verdict, metrics, equal treatment, flipped decisions, features, data"""

import argparse
import sys

from credit.common.cli import Answer

EXAMPLE = """release compare main
  release compare origin/main HEAD --merge-base"""

NOT_TO_BE_MERGED = 3
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
    from release.compare.comment import comment
    from release.compare.comparison import compared
    from release.compare.terminal import plain
    from release.repository.revision import revisions

    told = compared(*revisions(args.base, args.head, args.merge_base))
    text = comment(told).rstrip()
    shown = text if args.markdown or not sys.stdout.isatty() else plain(text)
    return Answer(told, shown, NOT_TO_BE_MERGED if args.gate and told["problems"] else 0)

"""What a change does: verdict, metrics, equal treatment, flipped decisions, features, data"""

import argparse

from release.answer import Answer

EXAMPLE = """release compare main
  release compare origin/main HEAD --merge-base"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Two revisions."""
    parser.add_argument("base", metavar="BASE", help="a git revision")
    parser.add_argument("head", metavar="HEAD", nargs="?", help="another one (default: the working tree)")
    parser.add_argument(
        "--merge-base", action="store_true", help="compare with where HEAD left BASE, as pull requests do"
    )
    parser.add_argument("--gate", action="store_true", help="exit with 3 when the change must not be merged")


def run(args: argparse.Namespace) -> Answer:
    """Markdown for people and for a comment on a pull request."""
    from release.compare.comment import comment
    from release.compare.facts import compared
    from release.compare.revision import revisions

    told = compared(*revisions(args.base, args.head, args.merge_base))
    return Answer(told, comment(told).rstrip(), 3 if args.gate and told["problems"] else 0)

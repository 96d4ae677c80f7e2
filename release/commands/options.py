"""Options that several subcommands share."""

import argparse
from typing import TYPE_CHECKING

from credit.registry.names import ENVIRONMENTS

if TYPE_CHECKING:
    from credit.registry.names import Version
    from release.repository.next_version import Bump
    from release.repository.tags import Registry

_MAX_WAIT_SECONDS = 86_400


def add_environment(parser: argparse.ArgumentParser, required: bool = True) -> None:
    """Which environment."""
    parser.add_argument("--env", choices=ENVIRONMENTS, required=required, help="which environment")


def add_reason(parser: argparse.ArgumentParser) -> None:
    """Why, for whoever reads the history."""
    parser.add_argument("--reason", required=True, type=_parse_reason, help="why, for whoever reads the history")


def add_dry_run(parser: argparse.ArgumentParser) -> None:
    """Say it only."""
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and change nothing")


def add_push(parser: argparse.ArgumentParser) -> None:
    """Whether the tag leaves this machine."""
    parser.add_argument("--push", action="store_true", help="push the git tag to origin too")


def add_wait(parser: argparse.ArgumentParser) -> None:
    """How long services may take."""
    parser.add_argument(
        "--wait",
        type=_parse_seconds,
        default=30.0,
        metavar="SECONDS",
        help="how long the services of RELEASE_SERVICE_URL may take to follow (default: %(default)g)",
    )


def add_bump(parser: argparse.ArgumentParser) -> None:
    """Which version it shall be."""
    which = parser.add_mutually_exclusive_group()
    for part in ("major", "minor", "patch"):
        which.add_argument(f"--{part}", dest="part", action="store_const", const=part, help=f"raise the {part} version")
    which.add_argument(
        "--version", metavar="VERSION", help="this version; by default one is proposed from what changed"
    )


def choose_version(args: argparse.Namespace, registry: "Registry") -> "tuple[Version, Bump]":
    """The version that was asked for, or the one that the changes since the last one deserve."""
    from credit.registry.names import parse_version
    from release.repository.next_version import Bump, propose_version

    last = max(registry.versions, default=None)
    version, bump = propose_version(last, registry.versions[last].commit if last else None, "HEAD")
    if args.version:
        return parse_version(args.version), Bump("given", f"proposed was {version}, because {bump.why}")
    if args.part and last:
        return last.bump(args.part), Bump(args.part, f"as asked; proposed was {version}, because {bump.why}")
    return version, bump


def _parse_seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= _MAX_WAIT_SECONDS:
        raise argparse.ArgumentTypeError(f"found {text!r}, expected a number of seconds, up to {_MAX_WAIT_SECONDS:,}")
    return seconds


def _parse_reason(text: str) -> str:
    """Line breaks and tabs are spaces; any other control character is refused, because a database would refuse it."""
    from credit.registry.records import is_clean

    said = " ".join(text.split())
    if not is_clean(said):
        raise argparse.ArgumentTypeError(f"found {said[:80]!r}, expected a reason without control characters")
    if not said:
        raise argparse.ArgumentTypeError("an empty reason; say why in a few words")
    return said[:1000]

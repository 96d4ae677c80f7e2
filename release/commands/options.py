"""Options that several subcommands share."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from credit.common.cli import ExclusiveOption
from credit.registry.names import ENVIRONMENTS
from credit.registry.records import is_clean

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
_MAX_WAIT_SECONDS = 86_400
_BUMP_OPTIONS = ("major", "minor", "patch", "version")


def add_environment(required: bool = True) -> Callable[[Decorated], Decorated]:
    """Add --env, the environment."""
    return click.option("--env", type=click.Choice(ENVIRONMENTS), required=required, help="which environment")


def add_bump(command: Decorated) -> Decorated:
    """Add --major, --minor, --patch and --version, of which one may be given."""
    asked = "this version; by default one is proposed from what changed"
    command = click.option("--version", cls=ExclusiveOption, excludes=_BUMP_OPTIONS, metavar="VERSION", help=asked)(
        command
    )
    for part in ("patch", "minor", "major"):  # the last one added is the first one in --help
        command = click.option(
            f"--{part}", cls=ExclusiveOption, excludes=_BUMP_OPTIONS, is_flag=True, help=f"raise the {part} version"
        )(command)
    return command


def _parse_seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= _MAX_WAIT_SECONDS:
        raise click.BadParameter(f"found {text!r}, expected a number of seconds, up to {_MAX_WAIT_SECONDS:,}")
    return seconds


def _parse_reason(text: str) -> str:
    return _parse_line(text, "a reason", "an empty reason; say why in a few words")


def parse_note(text: str) -> str:
    """Parse the text of a note, in one line."""
    return _parse_line(text, "a text", "an empty text; say what was learnt")


def _parse_line(text: str, what: str, empty: str) -> str:
    """Parse a line: line breaks and tabs become spaces; other control characters are refused, as a database would."""
    line = " ".join(text.split())
    if not is_clean(line):
        raise click.BadParameter(f"found {line[:80]!r}, expected {what} without control characters")
    if not line:
        raise click.BadParameter(empty)
    return line[:1000]


add_reason = click.option(
    "--reason", type=_parse_reason, required=True, metavar="TEXT", help="why, for readers of the history"
)
add_dry_run = click.option("--dry-run", is_flag=True, help="say what would be done, and change nothing")
add_push = click.option("--push", is_flag=True, help="push the git tag to origin too")
add_wait = click.option(
    "--wait",
    type=_parse_seconds,
    default="30",
    metavar="SECONDS",
    show_default=True,
    help="how long the services of RELEASE_SERVICE_URL may take to follow",
)

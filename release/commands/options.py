"""Options that several subcommands share."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from credit.common.cli import Answer, AnsweringCommand, ExclusiveOption
from credit.common.errors import CreditError
from credit.registry.address import find_address
from credit.registry.names import ENVIRONMENTS
from credit.registry.records import is_clean
from release.deployment.service_client import read_addresses

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
_MAX_WAIT_SECONDS = 86_400
_BUMP_OPTIONS = ("major", "minor", "patch", "version")


class StoreCommand(AnsweringCommand):
    """A command whose answer ends with the address of the store that it used."""

    def complete(self, answer: Answer) -> Answer:
        """Add the store, and who named it."""
        address = find_address()
        content = answer.content | {"store": address.url, "store_by": address.source}
        return answer._replace(content=content, text=f"{answer.text}\nstore: {address}{self.describe_services()}")

    def describe_services(self) -> str:
        """Describe which services were asked; nothing where a command asks none."""
        return ""


class RolloutCommand(StoreCommand):
    """A command that waits for the services."""

    def describe_services(self) -> str:
        """Describe which services were asked whether they follow."""
        try:
            services = read_addresses()
        except CreditError:
            services = []  # the answer says already that they are late, and why
        return (
            f"; asked {', '.join(services)}" if services else "; no service was asked, RELEASE_SERVICE_URL names none"
        )


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
_from_option = click.option(
    "--from",
    "current",
    metavar="VERSION|rule|ENTRY",
    help="only if this is live now, a version, the rule, or an entry by its number: of two people who both do it, "
    "the second one changes nothing",
)
_after_rule_option = click.option(
    "--after-rule", is_flag=True, help="put a model back after the kill switch; without it, the rule stays"
)
add_dry_run = click.option(
    "--dry-run", is_flag=True, help="check all that can be checked, say what would be done, change nothing"
)
add_push = click.option("--push", is_flag=True, help="push the git tag to origin too")
_wait_option = click.option(
    "--wait",
    type=_parse_seconds,
    default="30",
    metavar="SECONDS",
    show_default=True,
    help="how long the services of RELEASE_SERVICE_URL may take to follow",
)


def add_rollout_options(command: Decorated) -> Decorated:
    """Add the options of a command that changes what decides: --after-rule, --wait, --push, --dry-run."""
    for add in (add_dry_run, add_push, _wait_option, _after_rule_option):  # the last one added is the first in --help
        command = add(command)
    return command


def add_change_options(command: Decorated) -> Decorated:
    """Add the options of a command that changes one environment: --env, --reason, --from, and those of a rollout."""
    for add in (add_rollout_options, _from_option, add_reason, add_environment()):
        command = add(command)
    return command

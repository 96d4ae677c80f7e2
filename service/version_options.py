"""Options of subcommands that name a version."""

from collections.abc import Callable
from typing import Any

import click

from credit.common.cli import ExclusiveOption
from credit.registry.names import ENVIRONMENTS


def add_version_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the two ways to name a version: as itself, or as what is live in an environment."""
    version = click.option(
        "--version",
        cls=ExclusiveOption,
        excludes=("env",),
        metavar="VERSION",
        help="a version in the store (default: what is live)",
    )
    env = click.option(
        "--env",
        cls=ExclusiveOption,
        excludes=("version",),
        type=click.Choice(ENVIRONMENTS),
        default="prod",
        show_default=True,
        help="where it is live",
    )
    return version(env(function))

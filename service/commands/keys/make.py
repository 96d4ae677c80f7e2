"""Make an API key: printed once, kept as a hash"""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import click

from credit.common.cli import Command
from credit.common.errors import Problem, raise_if_any
from service.access.key_file import change_keys
from service.access.keys import ApiKey, KeyRole
from service.commands.keys.options import build_key, require_file, take_file

EPILOG = """example:
  SERVICE_KEYS_FILE=keys.json python -m service key make branch-office --role decide --days 365

roles: decide (ask for decisions), look-up (read decisions and what is known of applicants), watch (figures, metrics and
the page, which show no applicant), report (outcomes), review (decide as an analyst)"""


def make_key(path: Path, name: str, roles: tuple[KeyRole, ...], days: int | None = None) -> str:
    """Add a key to a file and return it; only its hash is kept. Raises CreditError when the name is taken."""
    key, token = build_key(name, roles, days)

    def add(there: tuple[ApiKey, ...]) -> tuple[ApiKey, ...]:
        now = datetime.now(UTC)
        taken = [one for one in there if one.name == name and one.find_state(now) == "in use"]
        fix = f"python -m service key rotate {name} replaces it"
        raise_if_any([Problem(f"{path}: {name}", "a key of that name", "a new name", fix) for _ in taken[:1]])
        return (*there, key)

    change_keys(path, add)
    return token


@click.command(cls=Command, help=__doc__, epilog=EPILOG)
@click.argument("name", help="whose key it is; the decision log keeps it with each decision")
@click.option(
    "--role",
    "roles",
    type=click.Choice(get_args(KeyRole)),
    multiple=True,
    required=True,
    help="what it is good for; may be repeated",
)
@click.option("--days", type=click.IntRange(1, 36_500), help="until it expires (default: never)")
@take_file
def run(name: str, roles: tuple[KeyRole, ...], days: int | None, file: Path | None) -> None:
    """Print a new key, which is shown once."""
    path = require_file(file)
    print(make_key(path, name, tuple(dict.fromkeys(roles)), days))
    print(f"this is shown once; its hash is in {path}; services take it up within a second", file=sys.stderr)

"""Make another key for an owner, and let the one before expire"""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from credit.common.cli import Command
from service.access.key_file import change_keys
from service.access.keys import ApiKey
from service.commands.keys.options import build_key, require_file, require_owner, take_file

EPILOG = """example:
  SERVICE_KEYS_FILE=keys.json python -m service key rotate branch-office --keep-hours 24"""


def rotate_key(path: Path, name: str, keep_hours: int, days: int | None) -> str:
    """Add a key with the roles of the newest one of an owner; the others expire. Raises CreditError without one."""
    made: list[str] = []

    def replace_key(keys: tuple[ApiKey, ...]) -> tuple[ApiKey, ...]:
        there = require_owner(path, keys, name)
        key, token = build_key(name, there[-1].roles, days)
        made.append(token)
        end = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=keep_hours)
        ending = [one.model_copy(update={"expires": min(end, one.expires or end)}) for one in keys if one in there]
        return (*(one for one in keys if one not in there), *ending, key)

    change_keys(path, replace_key)
    return made[0]


@click.command(cls=Command, help=__doc__, epilog=EPILOG)
@click.argument("name", help="whose key it is")
@click.option(
    "--keep-hours", type=click.IntRange(0, 8_760), default=24, show_default=True, help="the old one stays good"
)
@click.option("--days", type=click.IntRange(1, 36_500), help="until the new one expires (default: never)")
@take_file
def run(name: str, keep_hours: int, days: int | None, file: Path | None) -> None:
    """Print the new key, which is shown once."""
    print(rotate_key(require_file(file), name, keep_hours, days))
    print(f"this is shown once; the key before it is good for {keep_hours} hours more", file=sys.stderr)

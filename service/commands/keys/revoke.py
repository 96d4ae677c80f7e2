"""Revoke the keys of an owner; services refuse them within a second"""

from datetime import UTC, datetime
from pathlib import Path

import click

from credit.common.cli import Command
from service.access.key_file import change_keys
from service.access.keys import ApiKey
from service.commands.keys.options import require_file, require_owner, take_file

EPILOG = """example:
  SERVICE_KEYS_FILE=keys.json python -m service key revoke branch-office"""


def revoke_keys(path: Path, name: str) -> int:
    """Revoke every key of an owner and return how many. Raises CreditError when none is in use."""
    revoked: list[ApiKey] = []

    def revoke(keys: tuple[ApiKey, ...]) -> tuple[ApiKey, ...]:
        revoked[:] = require_owner(path, keys, name)
        end = datetime.now(UTC).replace(microsecond=0)
        return tuple(key.model_copy(update={"revoked": end}) if key in revoked else key for key in keys)

    change_keys(path, revoke)
    return len(revoked)


@click.command(cls=Command, help=__doc__, epilog=EPILOG)
@click.argument("name", help="whose keys they are")
@take_file
def run(name: str, file: Path | None) -> None:
    """Revoke and say how many."""
    count = revoke_keys(require_file(file), name)
    print(f"{name}: {count} {'key' if count == 1 else 'keys'} revoked; services refuse it within a second")

"""List the keys: whose they are, what they are good for, and until when"""

from datetime import UTC, datetime
from pathlib import Path

import click

from credit.common.cli import Answer, AnsweringCommand
from service.access.key_file import load_keys
from service.access.keys import ApiKey
from service.commands.keys.options import require_file, take_file

EPILOG = """example:
  SERVICE_KEYS_FILE=keys.json python -m service key list"""


@click.command(cls=AnsweringCommand, help=__doc__, epilog=EPILOG)
@take_file
def run(file: Path | None) -> Answer:
    """List the keys, those that are good no more included."""
    keys, now = load_keys(require_file(file)), datetime.now(UTC)
    content = [key.model_dump(mode="json", exclude={"sha256"}) | {"state": key.find_state(now)} for key in keys]
    formatter = click.HelpFormatter(max_width=120)
    formatter.write_dl([(key.name, _describe_key(key, now)) for key in keys])
    return Answer({"keys": content}, formatter.getvalue().rstrip("\n"))


def _describe_key(key: ApiKey, now: datetime) -> str:
    """Describe a key in one line."""
    state, end = key.find_state(now), key.revoked or key.expires
    until = f", {'until' if state == 'in use' else 'at'} {end:%Y-%m-%d %H:%M} UTC" if end else ""
    return f"{', '.join(key.roles)}; made {key.created:%Y-%m-%d}, {state}{until}"

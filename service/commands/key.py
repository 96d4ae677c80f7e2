"""Make an API key: printed once, kept as a hash in the file that SERVICE_KEYS_FILE names"""

import hashlib
import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import click
from pydantic import ValidationError

from credit.common.cli import Command
from credit.common.errors import CreditError, Problem, list_problems, raise_if_any
from credit.common.files import write_json
from service.api.keys import ApiKey, KeyRole, load_keys

EPILOG = """example:
  SERVICE_KEYS_FILE=keys.json python -m service key branch-office --role decide"""


def make_key(path: Path, name: str, roles: tuple[KeyRole, ...]) -> str:
    """Add a key to a file and return it; only its hash is kept. Raises CreditError when the name is taken."""
    token = f"ck_{secrets.token_urlsafe(32)}"
    there = load_keys(path) if path.exists() else ()
    raise_if_any([Problem(f"{path}: {name}", "a key of that name", "a new name") for key in there if key.name == name])
    digest = hashlib.sha256(token.encode()).hexdigest()
    try:
        key = ApiKey(name=name, roles=roles, sha256=digest, created=datetime.now(UTC))
    except ValidationError as error:
        raise CreditError(list_problems(error, "the key")) from None
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, [one.model_dump(mode="json") for one in (*there, key)])
    path.chmod(0o600)
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
@click.option(
    "--file",
    type=click.Path(path_type=Path),
    envvar="SERVICE_KEYS_FILE",
    help="where the hashes are (default: SERVICE_KEYS_FILE)",
)
def run(name: str, roles: tuple[KeyRole, ...], file: Path | None) -> None:
    """Print a new key, which is shown once."""
    if file is None or file == Path():
        raise CreditError(Problem("--file", "nothing", "a file for the hashes", "or set SERVICE_KEYS_FILE"))
    print(make_key(file, name, tuple(dict.fromkeys(roles))))
    print(f"this is shown once; its hash is in {file}; services read it when they start", file=sys.stderr)

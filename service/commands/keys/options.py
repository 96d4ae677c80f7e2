"""What the commands about keys share: their file, and a new key."""

import hashlib
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from credit.common.errors import CreditError, Problem, list_problems
from service.access.keys import ApiKey, KeyRole


def take_file(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option of the file of keys."""
    option = click.option(
        "--file",
        type=click.Path(path_type=Path),
        envvar="SERVICE_KEYS_FILE",
        help="where the hashes are (default: SERVICE_KEYS_FILE)",
    )
    return option(function)


def require_file(file: Path | None) -> Path:
    """Require a file of keys. Raises CreditError without one."""
    if file is None or file == Path():
        raise CreditError(Problem("--file", "nothing", "a file for the hashes", "or set SERVICE_KEYS_FILE"))
    return file


def build_key(name: str, roles: tuple[KeyRole, ...], days: int | None) -> tuple[ApiKey, str]:
    """Build a key that is good for some days, None: until it is revoked; and what its owner gets."""
    token, now = f"ck_{secrets.token_urlsafe(32)}", datetime.now(UTC).replace(microsecond=0)
    expires = None if days is None else now + timedelta(days=days)
    digest = hashlib.sha256(token.encode()).hexdigest()
    try:
        return ApiKey(name=name, roles=roles, sha256=digest, created=now, expires=expires), token
    except ValidationError as error:
        raise CreditError(list_problems(error, "the key")) from None


def require_owner(path: Path, keys: tuple[ApiKey, ...], name: str) -> list[ApiKey]:
    """List the keys of an owner that are in use. Raises CreditError when there is none."""
    now = datetime.now(UTC)
    if found := [key for key in keys if key.name == name and key.find_state(now) == "in use"]:
        return found
    there = sorted({key.name for key in keys if key.find_state(now) == "in use"})
    raise CreditError(Problem(f"{path}: {name}", "no key of that name in use", f"one of {', '.join(there) or 'none'}"))

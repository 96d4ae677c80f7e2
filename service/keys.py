"""API keys: random, shown once, kept as hashes. A key may decide, or read, or both."""

import hashlib
import hmac
import secrets
from base64 import b64decode
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import Field, TypeAdapter, ValidationError

from credit.columns import Part
from credit.errors import CreditError, Problem, problems_of, raise_if_any
from credit.files import read_json, write_json

Role = Literal["decide", "read"]


class Key(Part):
    """One key. 256 random bits need no slow hash: there is nothing to guess from."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")
    roles: tuple[Role, ...] = Field(min_length=1)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    created: datetime


class Keys:
    """The keys that are good. Without any, everybody who reaches the service may do everything."""

    def __init__(self, keys: tuple[Key, ...] | None) -> None:
        self._keys = keys

    def caller(self, authorization: bytes | None, role: Role) -> str | None:
        """Who asks, when their key has the role; None when it has not. Raises LookupError without a key that is good.

        Takes as long whichever key it is.
        """
        if self._keys is None:
            return "anybody"
        presented = hashlib.sha256(_token(authorization)).hexdigest()
        found = [key for key in self._keys if hmac.compare_digest(key.sha256, presented)]
        if not found:
            raise LookupError
        return found[0].name if role in found[0].roles else None


def read_keys(path: Path | None) -> Keys:
    """The keys of a file. Raises CreditError when it cannot be read or has none."""
    if path is None:
        return Keys(None)
    if not (keys := _listed(path)):
        raise CreditError(Problem(str(path), "no keys", "at least one", "python -m service key makes one"))
    return Keys(keys)


def make_key(path: Path, name: str, roles: tuple[Role, ...]) -> str:
    """Add a key to a file; the key itself, which is nowhere else. Raises CreditError when the name is taken."""
    token = f"ck_{secrets.token_urlsafe(32)}"
    there = _listed(path) if path.exists() else ()
    raise_if_any([Problem(f"{path}: {name}", "a key of that name", "a new name") for key in there if key.name == name])
    digest = hashlib.sha256(token.encode()).hexdigest()
    try:
        key = Key(name=name, roles=roles, sha256=digest, created=datetime.now(UTC))
    except ValidationError as error:
        raise CreditError(problems_of(error, "the key")) from None
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, [one.model_dump(mode="json") for one in (*there, key)])
    path.chmod(0o600)
    return token


def _listed(path: Path) -> tuple[Key, ...]:
    try:
        return TypeAdapter(tuple[Key, ...]).validate_python(read_json(path))
    except ValidationError as error:
        raise CreditError(problems_of(error, str(path))) from None


def _token(authorization: bytes | None) -> bytes:
    """The key in the header: of a program as a bearer, of a browser as the password of any name."""
    scheme, _, rest = (authorization or b"").partition(b" ")
    if scheme.lower() == b"bearer":
        return rest.strip()
    if scheme.lower() == b"basic":
        try:
            return b64decode(rest.strip(), validate=True).partition(b":")[2]
        except ValueError:
            return b""
    return b""

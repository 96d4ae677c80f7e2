"""API keys: kept as hashes in a file, looked up with each request."""

import hashlib
import hmac
from base64 import b64decode
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import Field, TypeAdapter, ValidationError

from credit.common.errors import CreditError, Problem, list_problems
from credit.common.files import read_json
from credit.contract.frozen_model import FrozenModel

KeyRole = Literal["decide", "read", "review"]


class ApiKey(FrozenModel):
    """One key: its owner, its roles and its hash. 256 random bits need no slow hash: there is nothing to guess from."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")
    roles: tuple[KeyRole, ...] = Field(min_length=1)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    created: datetime


class KeyRing:
    """The accepted keys; with `None` everybody who reaches the service may do everything."""

    def __init__(self, keys: tuple[ApiKey, ...] | None) -> None:
        self._keys = keys

    def authenticate(self, authorization: bytes | None, role: KeyRole) -> str | None:
        """Name the owner of a key; None when it lacks the role. Raises LookupError when there is no accepted key.

        Takes as long whichever key it is.
        """
        if self._keys is None:
            return "anybody"
        presented = hashlib.sha256(_extract_token(authorization)).hexdigest()
        found = [key for key in self._keys if hmac.compare_digest(key.sha256, presented)]
        if not found:
            raise LookupError
        return found[0].name if role in found[0].roles else None


def read_keys(path: Path | None) -> KeyRing:
    """Load the key ring of the service. Raises CreditError when the file cannot be read or has no key."""
    if path is None:
        return KeyRing(None)
    if not (keys := load_keys(path)):
        raise CreditError(Problem(str(path), "no keys", "at least one", "python -m service key makes one"))
    return KeyRing(keys)


def load_keys(path: Path) -> tuple[ApiKey, ...]:
    """Load the keys of a file. Raises CreditError when they cannot be read."""
    try:
        return TypeAdapter(tuple[ApiKey, ...]).validate_python(read_json(path))
    except ValidationError as error:
        raise CreditError(list_problems(error, str(path))) from None


def _extract_token(authorization: bytes | None) -> bytes:
    """Extract the key from the header: a bearer token from programs, the password of any user name from browsers."""
    scheme, _, rest = (authorization or b"").partition(b" ")
    if scheme.lower() == b"bearer":
        return rest.strip()
    if scheme.lower() == b"basic":
        try:
            return b64decode(rest.strip(), validate=True).partition(b":")[2]
        except ValueError:
            return b""
    return b""

"""API keys: kept as hashes, each with its roles; looked up with each request."""

import hashlib
import hmac
from base64 import b64decode
from datetime import UTC, datetime
from typing import Literal

from pydantic import AwareDatetime, Field

from credit.contract.frozen_model import FrozenModel

KeyRole = Literal["decide", "look-up", "watch", "report", "review"]
KeyState = Literal["in use", "expired", "revoked"]
KeyFault = Literal["missing", "unknown", "expired", "revoked", "role"]
ROLE_WORDS: dict[KeyRole, str] = {
    "decide": "ask for decisions",
    "look-up": "read decisions of the log, with what is known of the applicants",
    "watch": "read figures, metrics and the page, which show no applicant",
    "report": "report outcomes",
    "review": "review decisions as an analyst",
}
"""What each role is good for."""

ANYBODY = "anybody"
"""Who asks where no keys are needed."""


class ApiKey(FrozenModel):
    """One key: its owner, its roles and its hash. 256 random bits need no slow hash: there is nothing to guess from.

    An owner may have several: a new one beside the one that it replaces, and those that are revoked.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")
    roles: tuple[KeyRole, ...] = Field(min_length=1)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    created: AwareDatetime
    expires: AwareDatetime | None = None
    revoked: AwareDatetime | None = None

    def find_state(self, now: datetime) -> KeyState:
        """Find whether the key is good at a moment."""
        if self.revoked is not None:
            return "revoked"
        return "expired" if self.expires is not None and self.expires <= now else "in use"


class KeyRefusedError(Exception):
    """A request without an accepted key. `owner`: whose key it is, where that is known."""

    def __init__(self, why: KeyFault, owner: str | None = None) -> None:
        super().__init__(why)
        self.why, self.owner = why, owner


class KeyRing:
    """The accepted keys; with `None` everybody who reaches the service may do everything."""

    def __init__(self, keys: tuple[ApiKey, ...] | None) -> None:
        self._keys = keys

    def authenticate(self, authorization: bytes | None, role: KeyRole | None) -> str:
        """Name the owner of a key that is good for a role, None: for any. Raises KeyRefusedError when none is.

        Takes as long whichever key it is.
        """
        if self._keys is None:
            return ANYBODY
        if authorization is None:
            raise KeyRefusedError("missing")
        presented = hashlib.sha256(_extract_token(authorization)).hexdigest()
        found = [key for key in self._keys if hmac.compare_digest(key.sha256, presented)]
        if not found:
            raise KeyRefusedError("unknown")
        key = found[0]
        if (state := key.find_state(datetime.now(UTC))) != "in use":
            raise KeyRefusedError(state, key.name)
        if role is not None and role not in key.roles:
            raise KeyRefusedError("role", key.name)
        return key.name


def _extract_token(authorization: bytes) -> bytes:
    """Extract the key from the header: a bearer token from programs, the password of any user name from browsers."""
    scheme, _, rest = authorization.partition(b" ")
    if scheme.lower() == b"bearer":
        return rest.strip()
    if scheme.lower() == b"basic":
        try:
            return b64decode(rest.strip(), validate=True).partition(b":")[2]
        except ValueError:
            return b""
    return b""

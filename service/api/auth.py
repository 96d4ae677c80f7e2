"""What stands before every route: who may ask, and the headers that every answer has."""

import hashlib
import hmac
import secrets
from base64 import b64decode
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from credit.common.errors import CreditError, Problem, list_problems, raise_if_any
from credit.common.files import read_json, write_json
from credit.contract.columns import FrozenModel
from service.api.responses import RefusalError, render_refusal

KeyRole = Literal["decide", "read"]


class ApiKey(FrozenModel):
    """One key. 256 random bits need no slow hash: there is nothing to guess from."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")
    roles: tuple[KeyRole, ...] = Field(min_length=1)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    created: datetime


class KeyRing:
    """The keys that are good. Without any, everybody who reaches the service may do everything."""

    def __init__(self, keys: tuple[ApiKey, ...] | None) -> None:
        self._keys = keys

    def authenticate(self, authorization: bytes | None, role: KeyRole) -> str | None:
        """Who asks, when their key has the role; None when it has not. Raises LookupError without a key that is good.

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
    """The keys of a file. Raises CreditError when it cannot be read or has none."""
    if path is None:
        return KeyRing(None)
    if not (keys := _load_keys(path)):
        raise CreditError(Problem(str(path), "no keys", "at least one", "python -m service key makes one"))
    return KeyRing(keys)


def make_key(path: Path, name: str, roles: tuple[KeyRole, ...]) -> str:
    """Add a key to a file; the key itself, which is nowhere else. Raises CreditError when the name is taken."""
    token = f"ck_{secrets.token_urlsafe(32)}"
    there = _load_keys(path) if path.exists() else ()
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


def _load_keys(path: Path) -> tuple[ApiKey, ...]:
    try:
        return TypeAdapter(tuple[ApiKey, ...]).validate_python(read_json(path))
    except ValidationError as error:
        raise CreditError(list_problems(error, str(path))) from None


def _extract_token(authorization: bytes | None) -> bytes:
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


Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

KEYLESS_PATHS = ("/health/live", "/health/ready")
"""What whoever watches over processes asks without a key."""

_SCRIPT_PATHS = ("/docs",)  # its page has a script, of this service's own
_SELF_INLINE = "'self' 'unsafe-inline'"
_CSP_BASE = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_CSP_PLAIN = f"{_CSP_BASE}; style-src 'unsafe-inline'; img-src data:"
_CSP_DOCS = (
    f"{_CSP_BASE}; script-src {_SELF_INLINE}; style-src {_SELF_INLINE}; img-src 'self' data:; connect-src 'self'"
)
_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"cross-origin-resource-policy", b"same-origin"),
]


class AuthMiddleware:
    """Plain ASGI, for it is in every request's way."""

    def __init__(self, app: ASGIApp, keys: KeyRing) -> None:
        self._app, self._keys = app, keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse who may not; add the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        policy = _CSP_DOCS if scope["path"].startswith(_SCRIPT_PATHS) else _CSP_PLAIN
        headers = [*_HEADERS, (b"content-security-policy", policy.encode())]

        async def send_with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *headers]
            await send(message)

        try:
            scope.setdefault("state", {})["caller"] = self._identify_caller(scope)
        except RefusalError as refused:
            await render_refusal(refused)(scope, receive, send_with_headers)
            return
        await self._app(scope, receive, send_with_headers)

    def _identify_caller(self, scope: Scope) -> str:
        if scope["path"] in KEYLESS_PATHS:
            return "anybody"
        role: KeyRole = "decide" if scope["method"] == "POST" else "read"
        given = next((value for name, value in scope["headers"] if name == b"authorization"), None)
        try:
            caller = self._keys.authenticate(given, role)
        except LookupError:
            raise RefusalError(401, "a key is needed", WWW_Authenticate='Basic realm="decisions", Bearer') from None
        if caller is None:
            raise RefusalError(403, f"this key may not {role}")
        return caller

"""What stands before every route: who may ask, and the headers that every answer has."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from service.answers import RefusedError, refusal
from service.keys import Keys, Role

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

OPEN = ("/health/live", "/health/ready")
"""What whoever watches over processes asks without a key."""

_SCRIPTS = ("/docs",)  # its page has a script, of this service's own
_OWN = "'self' 'unsafe-inline'"
_NONE = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_PLAIN = f"{_NONE}; style-src 'unsafe-inline'; img-src data:"
_DOCS = f"{_NONE}; script-src {_OWN}; style-src {_OWN}; img-src 'self' data:; connect-src 'self'"
_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"cross-origin-resource-policy", b"same-origin"),
]


class Guard:
    """Plain ASGI, for it is in every request's way."""

    def __init__(self, app: App, keys: Keys) -> None:
        self._app, self._keys = app, keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse who may not; add the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        policy = _DOCS if scope["path"].startswith(_SCRIPTS) else _PLAIN
        headers = [*_HEADERS, (b"content-security-policy", policy.encode())]

        async def guarded(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *headers]
            await send(message)

        try:
            scope.setdefault("state", {})["caller"] = self._caller(scope)
        except RefusedError as refused:
            await refusal(refused)(scope, receive, guarded)
            return
        await self._app(scope, receive, guarded)

    def _caller(self, scope: Scope) -> str:
        if scope["path"] in OPEN:
            return "anybody"
        role: Role = "decide" if scope["method"] == "POST" else "read"
        given = next((value for name, value in scope["headers"] if name == b"authorization"), None)
        try:
            caller = self._keys.caller(given, role)
        except LookupError:
            raise RefusedError(401, "a key is needed", WWW_Authenticate='Basic realm="decisions", Bearer') from None
        if caller is None:
            raise RefusedError(403, f"this key may not {role}")
        return caller

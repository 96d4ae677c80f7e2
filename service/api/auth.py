"""Authenticate every request by its API key, and add the security headers to every answer."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from service.access.hosts import is_known_host
from service.access.keys import ANYBODY, KeyRefusedError, KeyRing
from service.access.roles import KEYLESS_PATHS, find_role
from service.access.wrong_keys import WrongKeys
from service.api.equivalent_requests import unify_request
from service.api.request_headers import find_header
from service.api.responses import RefusalError, render_refusal
from service.metrics import KEY_REFUSAL_COUNT, REFUSAL_COUNT

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

_SCRIPT_PATHS = ("/docs",)  # its page has a script, of this service's own
_SELF_INLINE = "'self' 'unsafe-inline'"
_CSP_BASE = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_CSP_PLAIN = f"{_CSP_BASE}; style-src 'unsafe-inline'; img-src data:"
_CSP_DOCS = (
    f"{_CSP_BASE}; script-src {_SELF_INLINE}; style-src {_SELF_INLINE}; img-src 'self' data:; connect-src 'self'"
)
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
PLAIN_HEADERS = (*_HEADERS, (b"content-security-policy", _CSP_PLAIN.encode()))
_DOCS_HEADERS = (*_HEADERS, (b"content-security-policy", _CSP_DOCS.encode()))


class AuthMiddleware:
    """Authentication as plain ASGI, for it is in every request's way.

    `keys`, `hosts` and `most`, the requests of one caller at a time, may be replaced while it runs.
    """

    def __init__(self, app: ASGIApp, keys: KeyRing, hosts: frozenset[bytes] | None, most: int) -> None:
        self._app, self.keys, self.hosts, self.most = app, keys, hosts, most
        self.wrong_keys = WrongKeys()
        self._busy: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a caller without a key for the role; add the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = unify_request(scope)
        headers = _DOCS_HEADERS if scope["path"].startswith(_SCRIPT_PATHS) else PLAIN_HEADERS

        async def send_with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *headers]
            await send(message)

        try:
            try:
                owner = self.authenticate(scope)
            except KeyRefusedError as refused:
                raise await self._refuse_key(scope, refused) from None
            scope.setdefault("state", {})["caller"] = owner
            caller = self.admit(scope, owner)
        except RefusalError as refused:
            REFUSAL_COUNT.labels(str(refused.status)).inc()
            await render_refusal(refused)(scope, receive, send_with_headers)
            return
        try:
            await self._app(scope, receive, send_with_headers)
        finally:
            self.release(caller)

    def admit(self, scope: Scope, owner: str) -> str:
        """Count a request of a caller until it is `release`d. Raises RefusalError beyond the limit."""
        caller = self._find_busy_caller(scope, owner)
        self._busy[caller] += 1
        return caller

    def release(self, caller: str) -> None:
        """Note that a request of a caller, as `admit` named it, is answered."""
        self._busy[caller] -= 1
        if not self._busy[caller]:
            del self._busy[caller]

    def authenticate(self, scope: Scope) -> str:
        """Name the owner of the key. Raises RefusalError for another host, KeyRefusedError where the key is no good."""
        self._require_host(scope)
        if scope["path"] in KEYLESS_PATHS:
            return ANYBODY
        role = find_role(scope["method"], scope["path"])
        return self.keys.authenticate(find_header(scope["headers"], b"authorization"), role)

    async def _refuse_key(self, scope: Scope, refused: KeyRefusedError) -> RefusalError:
        """Count a key that is no good for a request, and tell its caller so; one that guesses waits for it."""
        KEY_REFUSAL_COUNT.labels(refused.why).inc()
        if refused.why == "role":
            return RefusalError(403, f"this key lacks the role {find_role(scope['method'], scope['path'])}")
        if refused.why != "missing":
            await self._slow_down(_find_address(scope), refused)
        return RefusalError(401, "an API key is required", WWW_Authenticate='Basic realm="decisions", Bearer')

    def _find_busy_caller(self, scope: Scope, owner: str) -> str:
        """Name whose requests are counted: who has no name has an address. Raises RefusalError beyond the limit."""
        caller = f"from {_find_address(scope)}" if owner == ANYBODY else owner
        if self._busy[caller] >= self.most and scope["path"] not in KEYLESS_PATHS:
            raise RefusalError(429, f"more than {self.most:,} requests at a time", Retry_After="1")
        return caller

    def _require_host(self, scope: Scope) -> None:
        given = find_header(scope["headers"], b"host")
        if given is not None and self.hosts is not None and not is_known_host(given, self.hosts):
            raise RefusalError(421, "a host that this service does not answer for; SERVICE_HOSTS names others")

    async def _slow_down(self, address: str, refused: KeyRefusedError) -> None:
        """Let a wrong key wait for its refusal. Raises RefusalError when too many of the address wait."""
        seconds = self.wrong_keys.note(address, refused)
        if seconds is None:
            raise RefusalError(429, "too many wrong keys", Retry_After="60")
        try:
            await asyncio.sleep(seconds)
        finally:
            self.wrong_keys.release(address)


def _find_address(scope: Scope) -> str:
    return str((scope.get("client") or ("",))[0])

"""Authenticate every request by its API key, and add the security headers to every answer."""

from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from service.api.keys import KeyRing, KeyRole
from service.api.responses import RefusalError, render_refusal
from service.metrics import REFUSAL_COUNT

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

KEYLESS_PATHS = ("/health/live", "/health/ready")
"""Health checks, which need no key."""

_REVIEW_PATH = "/review"
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
    """Authentication as plain ASGI, for it is in every request's way.

    `keys` and `most`, the requests of one caller at a time, may be replaced while it runs.
    """

    def __init__(self, app: ASGIApp, keys: KeyRing, most: int) -> None:
        self._app, self.keys, self.most = app, keys, most
        self._busy: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a caller without a key for the role; add the headers."""
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
            scope.setdefault("state", {})["caller"] = caller = self._identify_caller(scope)
            if caller == "anybody":  # who has no name has an address
                caller = f"from {(scope.get('client') or ('',))[0]}"
            if self._busy[caller] >= self.most and scope["path"] not in KEYLESS_PATHS:
                raise RefusalError(429, f"more than {self.most:,} requests at a time", Retry_After="1")
        except RefusalError as refused:
            REFUSAL_COUNT.labels(str(refused.status)).inc()
            await render_refusal(refused)(scope, receive, send_with_headers)
            return
        self._busy[caller] += 1
        try:
            await self._app(scope, receive, send_with_headers)
        finally:
            self._busy[caller] -= 1
            if not self._busy[caller]:
                del self._busy[caller]

    def _identify_caller(self, scope: Scope) -> str:
        if scope["path"] in KEYLESS_PATHS:
            return "anybody"
        role = _find_role(scope["method"], scope["path"])
        given = next((value for name, value in scope["headers"] if name == b"authorization"), None)
        try:
            caller = self.keys.authenticate(given, role)
        except LookupError:
            raise RefusalError(
                401, "an API key is required", WWW_Authenticate='Basic realm="decisions", Bearer'
            ) from None
        if caller is None:
            raise RefusalError(403, f"this key lacks the role {role}")
        return caller


def _find_role(method: str, path: str) -> KeyRole:
    """Find the role that a request needs: who asks for decisions does not review them."""
    if method != "POST":
        return "read"
    return "review" if path.endswith(_REVIEW_PATH) else "decide"

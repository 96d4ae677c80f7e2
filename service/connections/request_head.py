"""Refuse the head of a request that a proxy in front may read as another one than this service does (RFC 9112)."""

from collections.abc import Sequence
from urllib.parse import urlsplit

_VERSIONS = ("1.0", "1.1")
_ONCE = ((b"host", "Host"), (b"authorization", "Authorization"), (b"content-type", "Content-Type"))
"""Headers of which one that passes a check could hide another that is heeded."""


class RequestHeadError(ValueError):
    """A head that is refused, and why."""


def require_plain_head(version: str, target: bytes, headers: Sequence[tuple[bytes, bytes]]) -> None:
    """Check what the parser lets pass. Raises RequestHeadError."""
    if version not in _VERSIONS:
        raise RequestHeadError("the version of HTTP must be 1.0 or 1.1")
    names = [name for name, _ in headers]
    for name, shown in _ONCE:
        if names.count(name) > 1:
            raise RequestHeadError(f"more than one {shown} header")
    if version == "1.1" and b"host" not in names:
        raise RequestHeadError("no Host header")
    if b"transfer-encoding" in names:
        coding = dict(headers)[b"transfer-encoding"].strip().lower()
        if version == "1.0" or names.count(b"transfer-encoding") > 1 or coding != b"chunked":
            raise RequestHeadError("the only transfer coding is chunked, in HTTP/1.1")
    if b"://" in target and not target.startswith(b"/"):
        host = urlsplit(target).netloc.lower()
        if host != dict(headers).get(b"host", host).strip().lower():
            raise RequestHeadError("the target names another host than the Host header")

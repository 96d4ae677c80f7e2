"""Read a request: its body, its idempotency key, and the version that answers it."""

import re

from fastapi import Request
from starlette.requests import ClientDisconnect

from credit.common.errors import Problem
from service.api.responses import RefusalError
from service.api.state import Parts
from service.engine.live_version import LiveVersion

_KEY_PATTERN = re.compile(rb"[\x21-\x7e]{1,200}")


def read_idempotency_key(request: Request) -> str | None:
    """Read the idempotency key, None without one; by hand, for FastAPI takes long to read a header."""
    given = [value for name, value in request.scope["headers"] if name == b"idempotency-key"]
    if not given:
        return None
    if len(given) > 1 or not _KEY_PATTERN.fullmatch(given[0]):
        found = f"{len(given)} headers" if len(given) > 1 else repr(given[0].decode("latin-1"))[:80]
        problem = Problem("Idempotency-Key", found, "one of 1 to 200 visible ASCII characters")
        raise RefusalError(422, "invalid idempotency key", [problem])
    return str(given[0], "ascii")


async def read_body(request: Request, largest: int | None = None) -> bytes:
    """Read the body. Raises RefusalError when it is too large, without reading the rest, or breaks off."""
    kind, most = request.headers.get("content-type", ""), read_parts(request).settings.max_body_bytes
    most = min(most, largest or most)
    if kind.partition(";")[0].strip().lower() != "application/json":
        raise RefusalError(415, "the content type must be application/json")
    content = bytearray()
    try:
        async for part in request.stream():
            content += part
            if len(content) > most:
                raise RefusalError(413, f"the body is larger than {most:,} bytes")
    except ClientDisconnect:
        raise RefusalError(400, "the body is incomplete") from None  # nobody hears it; it is no failure of the service
    return bytes(content)


def read_parts(request: Request) -> Parts:
    """Get the parts of the service that answers."""
    parts: Parts = request.app.state.parts
    return parts


def require_serving(request: Request) -> LiveVersion:
    """Get the version that decides. Raises RefusalError when none is live."""
    serving = read_parts(request).follower.serving
    if serving is None:
        raise RefusalError(503, "no version is live, and there is no rule to fall back to", Retry_After="1")
    return serving

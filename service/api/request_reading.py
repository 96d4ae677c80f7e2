"""Read a request: its body, its idempotency key, and the version that answers it."""

import re
from collections.abc import Iterator, Sequence, Sized

from fastapi import Request

from credit.common.errors import Problem
from service.api.auth import Receive
from service.api.request_headers import Headers, find_header
from service.api.responses import RefusalError
from service.api.state import Parts
from service.engine.live_version import LiveVersion

_KEY_PATTERN = re.compile(rb"[\x21-\x7e]{1,200}")


def read_idempotency_key(headers: Headers) -> str | None:
    """Read the idempotency key, None without one; by hand, for FastAPI takes long to read a header."""
    given = [value for name, value in headers if name == b"idempotency-key"]
    if not given:
        return None
    if len(given) > 1 or not _KEY_PATTERN.fullmatch(given[0]):
        found = f"{len(given)} headers" if len(given) > 1 else repr(given[0].decode("latin-1"))[:80]
        problem = Problem("Idempotency-Key", found, "one of 1 to 200 visible ASCII characters")
        raise RefusalError(422, "invalid idempotency key", [problem])
    return str(given[0], "ascii")


def read_language(headers: Headers, languages: Sequence[str]) -> str:
    """Read the language that the caller prefers among some; the first of them where they name none (RFC 9110, 12.5.4).

    By hand, as the idempotency key. A part that cannot be read names no language.
    """
    if len(languages) == 1:
        return languages[0]
    given = b",".join([value for name, value in headers if name == b"accept-language"])
    if not given:
        return languages[0]
    wanted = sorted(_parse_ranges(given.decode("latin-1")), key=lambda one: -one[1])
    for name, weight in wanted:
        for language in languages:
            if weight > 0 and (language.lower() == name or language.lower() == name.partition("-")[0]):
                return language
    return languages[0]


def _parse_ranges(header: str) -> Iterator[tuple[str, float]]:
    """Parse language ranges and their weights, a few: nobody reads a hundred languages."""
    for part in header.split(",")[:20]:
        name, _, weight = part.partition(";")
        try:
            yield name.strip().lower(), float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            continue


async def read_body(request: Request, largest: int | None = None) -> bytes:
    """Read the body. Raises RefusalError as `receive_body` does."""
    most = read_parts(request).settings.max_body_bytes
    return await receive_body(request.scope["headers"], request.receive, min(most, largest or most))


async def receive_body(headers: Headers, receive: Receive, largest: int) -> bytes:
    """Receive a body of JSON. Raises RefusalError when it is too large, without reading the rest, or breaks off."""
    require_json(headers)
    content, is_whole = bytearray(), False
    while not is_whole:
        message = await receive()
        if message["type"] == "http.disconnect":  # nobody hears it; it is no failure of the service
            raise RefusalError(400, "the body is incomplete")
        content += message.get("body", b"")
        require_size(content, largest)
        is_whole = not message.get("more_body", False)
    return bytes(content)


def require_json(headers: Headers) -> None:
    """Check that the body is said to be JSON. Raises RefusalError when it is not."""
    kind = find_header(headers, b"content-type")
    if kind != b"application/json" and (kind or b"").partition(b";")[0].strip().lower() != b"application/json":
        raise RefusalError(415, "the content type must be application/json")


def require_size(body: Sized, largest: int) -> None:
    """Check that a body is not too large. Raises RefusalError when it is."""
    if len(body) > largest:
        raise RefusalError(413, f"the body is larger than {largest:,} bytes")


def read_parts(request: Request) -> Parts:
    """Get the parts of the service that answers."""
    parts: Parts = request.app.state.parts
    return parts


def require_serving(request: Request) -> LiveVersion:
    """Get the version that decides. Raises RefusalError when none is live."""
    return find_serving(read_parts(request))


def find_serving(parts: Parts) -> LiveVersion:
    """Find the version that decides. Raises RefusalError when none is live."""
    serving = parts.follower.serving
    if serving is None:
        raise RefusalError(503, "no version is live, and there is no rule to fall back to", Retry_After="1")
    return serving

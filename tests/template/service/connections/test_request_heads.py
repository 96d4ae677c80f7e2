"""A head that a proxy in front may read as another one than the service does is refused, and nothing is decided."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from unittest.mock import Mock

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState

from service.connections.open_connections import ConnectionLimits, OpenConnections
from service.connections.protocol import STATE_KEY, LimitedProtocol

HOST, CHUNKED = b"Host: localhost\r\n", b"Transfer-Encoding: chunked\r\n"
LIMITS = ConnectionLimits(
    header_bytes=4_096, header_seconds=60, body_bytes=4_096, body_seconds=60, connections=9, address_connections=9
)
Headers = list[tuple[bytes, bytes]]


def ask(request: bytes) -> tuple[bytes, list[Headers], list[str]]:
    """Send bytes on a connection; return what is answered, the headers that reach the application, and the counts."""
    seen: list[Headers] = []
    counted: list[str] = []

    async def answer(
        scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        seen.append(list(scope["headers"]))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"{}"})

    async def go() -> bytes:
        config = Config(answer, http="httptools", ws="none", log_config=None)  # type: ignore[arg-type]
        state = {STATE_KEY: OpenConnections(LIMITS, counted.append)}
        protocol, transport = LimitedProtocol(config, ServerState(), state), Mock()
        transport.get_extra_info.return_value = None
        transport.is_closing.return_value = False
        protocol.connection_made(transport)
        protocol.data_received(request)
        await asyncio.gather(*protocol.tasks)
        protocol.connection_lost(None)
        return b"".join(call.args[0] for call in transport.write.call_args_list)

    return asyncio.run(go()), seen, counted


@pytest.mark.parametrize(
    ("request_", "because"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", b"no Host header"),
        (b"GET / HTTP/1.1\r\n" + HOST + b"Host: evil.example\r\n\r\n", b"more than one Host header"),
        (b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n", b"more than one Host header"),
        (b"GET / HTTP/1.0\r\n" + HOST + HOST + b"\r\n", b"more than one Host header"),
        (b"GET / HTTP/1.1\r\n" + HOST + b"Authorization: a\r\nauthorization: b\r\n\r\n", b"Authorization"),
        (b"GET / HTTP/1.1\r\n" + HOST + 2 * b"Content-Type: application/json\r\n" + b"\r\n", b"Content-Type"),
        (b"GET http://evil.example/ HTTP/1.1\r\n" + HOST + b"\r\n", b"another host"),
        (b"GET / HTTP/2.0\r\n" + HOST + b"\r\n", b"1.0 or 1.1"),
        (b"GET / HTTP/0.9\r\n\r\n", b"1.0 or 1.1"),
        (b"POST / HTTP/1.0\r\n" + HOST + CHUNKED + b"\r\n0\r\n\r\n", b"transfer coding"),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", b"transfer coding"),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip\r\n" + CHUNKED + b"\r\n0\r\n\r\n", b"coding"),
        (b"POST / HTTP/1.1\r\n" + HOST + 2 * CHUNKED + b"\r\n0\r\n\r\n", b"Invalid HTTP"),
        (b"POST / HTTP/1.1\r\n" + HOST + 2 * b"Content-Length: 2\r\n" + b"\r\n{}", b"Invalid HTTP"),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 2, 2\r\n\r\n{}", b"Invalid HTTP"),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 7\r\n" + CHUNKED + b"\r\n2\r\n{}\r\n0\r\n\r\n", b"Invalid"),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length : 2\r\n\r\n{}", b"Invalid HTTP"),
    ],
)
def test_a_head_with_two_meanings_is_refused_and_reaches_nobody(request_: bytes, because: bytes) -> None:
    answer, seen, counted = ask(request_)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert because in answer
    assert seen == []
    assert counted == ["malformed"]


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
        b"GET http://LOCALHOST/ HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET /?next=http://evil.example/ HTTP/1.1\r\n" + HOST + b"\r\n",
        b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 2\r\n\r\n{}",
        b"POST / HTTP/1.1\r\n" + HOST + b"transfer-encoding: Chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    ],
)
def test_a_plain_head_is_answered(request_: bytes) -> None:
    answer, seen, counted = ask(request_)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert len(seen) == 1
    assert counted == []


def test_trailers_are_no_headers() -> None:
    """A proxy checks the headers; behind the body it looks for nothing."""
    trailers = b"Host: evil.example\r\nAuthorization: Bearer a\r\nIdempotency-Key: 1\r\n"
    answer, seen, _ = ask(b"POST / HTTP/1.1\r\n" + HOST + CHUNKED + b"\r\n2\r\n{}\r\n0\r\n" + trailers + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert [name for name, _ in seen[0]] == [b"host", b"transfer-encoding"]

"""Write an answer that is whole, as nearly all are, in one piece.

uvicorn checks and joins each header of each answer anew; nearly all of them are the same every time.
"""

from collections.abc import MutableMapping
from functools import lru_cache
from typing import Any

from uvicorn.protocols.http.httptools_impl import HEADER_RE, HEADER_VALUE_RE, STATUS_LINE, RequestResponseCycle

Header = tuple[bytes, bytes]

_UNUSUAL = (b"connection", b"transfer-encoding")
_BODILESS = (204, 304)


class WholeAnswer:
    """The `send` of one request: it keeps the start of an answer until its body comes.

    It leaves to uvicorn an answer in pieces, or an unusual one.
    """

    __slots__ = ("_cycle", "_leave", "_start")

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle, self._leave = cycle, cycle.send
        self._start: MutableMapping[str, Any] | None = None

    async def send(self, message: Any) -> None:
        """Send a part of the answer, as an ASGI application does; nothing to a connection that was given up.

        uvicorn tells only the newest of pipelined requests that its client is gone.
        """
        cycle = self._cycle
        if cycle.flow.write_paused and not cycle.disconnected:
            await cycle.flow.drain()
        if cycle.disconnected or cycle.transport.is_closing():
            cycle.disconnected = True
            return
        if message["type"] == "http.response.start" and not cycle.response_started:
            self._start = message  # also in place of one that came before the application failed
            return
        start, self._start = self._start, None
        if start is not None:
            headers, body = tuple(start.get("headers", ())), message.get("body", b"")
            if not message.get("more_body", False) and write_whole(cycle, start["status"], headers, body):
                return
            await self._leave(start)  # type: ignore[arg-type]
        await self._leave(message)


def write_whole(cycle: RequestResponseCycle, status: int, headers: tuple[Header, ...], body: bytes) -> bool:
    """Write what uvicorn would, and leave the request as it does; False where there is more to it than one piece."""
    if not cycle.keep_alive or cycle.scope["method"] == "HEAD":
        return False
    head, length = build_head(status, (*cycle.default_headers, *headers))
    if length != len(body):
        return False
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    cycle.transport.write(head + body)
    cycle.message_event.set()
    cycle.on_response()
    return True


@lru_cache(maxsize=256)
def build_head(status: int, headers: tuple[Header, ...]) -> tuple[bytes, int]:
    """Build the head of an answer, and tell the length of its body; -1: it is not a usual one."""
    length, lines = -1, [STATUS_LINE[status]]
    for name, value in headers:
        if HEADER_RE.search(name) or HEADER_VALUE_RE.search(value) or name.lower() in _UNUSUAL:
            return b"", -1
        if name.lower() == b"content-length":
            length = int(value)
        lines += [name.lower(), b": ", value, b"\r\n"]
    return (b"", -1) if status in _BODILESS or status < 200 else (b"".join([*lines, b"\r\n"]), length)

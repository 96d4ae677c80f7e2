"""HTTP of uvicorn and httptools, with limits that neither of them has: on headers, bodies, time and connections."""

import asyncio
import sys
from typing import Literal

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from service.connections.direct_protocol import DirectProtocol
from service.connections.known_head import KnownHead
from service.connections.open_connections import OpenConnections
from service.connections.request_head import RequestHeadError, require_plain_head

STATE_KEY = "connections"
"""Where the lifespan's state has the OpenConnections of the process."""

_MAX_PIPELINED = 20
"""Requests that a client may send before the answer to the first."""

_REASONS = {
    408: "the request took too long",
    413: "the body is too large",
    431: "the headers are too large",
    503: "too many connections",
}


class LimitedProtocol(DirectProtocol):
    """One connection.

    `_stage`: what the client has to send next: a request (idle), the rest of its headers or of its body. A request
    that comes in one piece, as nearly all do, needs no timer.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Admit the connection or refuse it."""
        super().connection_made(transport)
        self.address = self.client[0] if self.client else ""
        self._open: OpenConnections = self.app_state[STATE_KEY]
        self._stage: Literal["idle", "headers", "body"] = "headers"  # they must come in time from the very beginning
        self._begun = self._header_bytes = self._body_bytes = 0
        self._timer: tuple[str, asyncio.TimerHandle] | None = None
        self._unread: asyncio.TimerHandle | None = None
        self._is_admitted = self._open.admit(self)
        if self._is_admitted:
            self._set_timer()
        else:
            self._refuse(503)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        if self._is_admitted:
            self._is_admitted = False
            self._open.remove(self)
        self._stage = "idle"
        self._set_timer()
        self.resume_writing()
        super().connection_lost(exc)

    def abort(self) -> None:
        """Close it at once, whatever is unsent."""
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Parse what came, in pieces no larger than headers may be: the parser itself has no limit."""
        size = self._open.limits.header_bytes
        for start in range(0, len(data), size):
            if self.transport.is_closing():
                return
            piece, begun = data[start : start + size], self._begun
            super().data_received(piece)
            if self._stage == "headers":
                self._header_bytes = len(piece) + (self._header_bytes if self._begun == begun else 0)
                if self._header_bytes > size:
                    self._open.count("header_bytes")
                    self._refuse(431)
            elif self._stage == "body":
                self._body_bytes += len(piece)
                if self._body_bytes > 2 * self._open.limits.body_bytes + size:  # chunks of one byte take six
                    self._open.count("body_bytes")
                    self._refuse(413)
            if len(self.pipeline) > _MAX_PIPELINED:
                self._open.count("pipelined")
                self.abort()
        self._set_timer()

    def on_message_begin(self) -> None:
        """Note that a request begins."""
        super().on_message_begin()
        self._begun += 1
        self._stage = "headers"

    def on_headers_complete(self) -> None:
        """Note that the headers are whole. Whatever the body is wrapped in, trailers included, is counted with it.

        The parser adds trailers to the headers, of which the application must see none: nobody in front looks at them.
        An error is one of the request, to the parser.
        """
        self._stage = "body"
        self._body_bytes = 0
        require_plain_head(self.parser.get_http_version(), self.url, self.headers)
        self.scope["headers"] = self.headers.copy()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Tell what is wrong with a request that is none, as far as that is known, and close."""
        error = sys.exception()
        cause = error.__context__ if error is not None else None
        self._open.count("malformed")
        super().send_400_response(str(cause) if isinstance(cause, RequestHeadError) else msg)

    def on_message_complete(self) -> None:
        """Note that the request is whole."""
        self._stage = "idle"
        if self._is_admitted:
            self._open.note_busy(self)
        super().on_message_complete()

    def take_known(self, known: KnownHead, body: bytes) -> None:
        """Note a request that is whole from its begin."""
        self._begun += 1
        if self._is_admitted:
            self._open.note_busy(self)
        super().take_known(known, body)

    def on_response_complete(self) -> None:
        """Note that nothing is to be answered, unless another request came meanwhile."""
        is_last = not self.pipeline
        super().on_response_complete()
        if is_last and self._is_admitted:
            self._open.note_waiting(self)

    def pause_writing(self) -> None:
        """Give a client that does not read its answer some time."""
        super().pause_writing()
        if self._unread is None:
            self._unread = self.loop.call_later(self._open.limits.body_seconds, self._give_up)

    def resume_writing(self) -> None:
        """Note that the client reads."""
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _set_timer(self) -> None:
        """Set the timer for what has to come next, if that is not the one that runs."""
        if self._timer is not None and self._timer[0] == self._stage:
            return
        if self._timer is not None:
            self._timer[1].cancel()
            self._timer = None
        if self._stage != "idle":
            limits = self._open.limits
            seconds = limits.header_seconds if self._stage == "headers" else limits.body_seconds
            self._timer = self._stage, self.loop.call_later(seconds, self._expire)

    def _expire(self) -> None:
        self._open.count(f"{self._stage}_time")
        if self._begun:
            self._refuse(408)
        else:
            self.transport.close()  # nobody asked anything: browsers open connections in advance

    def _give_up(self) -> None:
        self._open.count("unread")
        self.abort()

    def _refuse(self, status: int) -> None:
        """Answer by a status and close; where an answer has begun already, only close."""
        if self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete:
            self.abort()
            return
        said = _REASONS[status].encode()
        head = [STATUS_LINE[status], b"content-type: text/plain; charset=utf-8\r\nconnection: close\r\n"]
        self.transport.write(b"".join([*head, b"content-length: %d\r\n\r\n" % len(said), said]))
        self.transport.close()

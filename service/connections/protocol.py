"""HTTP of uvicorn and httptools, with limits that neither of them has: on headers, bodies, time and connections."""

import asyncio
import functools
import sys
from typing import Any, Literal

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from service.connections.direct_answer import DirectAnswer, DirectAnswerer, PendingAnswer
from service.connections.known_head import KnownHead, learn_head
from service.connections.open_connections import OpenConnections
from service.connections.request_head import RequestHeadError, require_plain_head
from service.connections.whole_answer import WholeAnswer

STATE_KEY = "connections"
"""Where the lifespan's state has the OpenConnections of the process."""

DIRECT_KEY = "direct"
"""Where the lifespan's state has the DirectAnswerer of the process; not there: uvicorn answers every request."""

_MAX_PIPELINED = 20
"""Requests that a client may send before the answer to the first."""

_REASONS = {
    408: "the request took too long",
    413: "the body is too large",
    431: "the headers are too large",
    503: "too many connections",
}


class LimitedProtocol(HttpToolsProtocol):
    """One connection.

    `_stage`: what the client has to send next: a request (idle), the rest of its headers or of its body. A request
    that comes in one piece, as nearly all do, needs no timer.
    `_held`: a request that may be answered directly once it is whole; not one that waits for the answer to another.
    `_known`: the head of this client's requests, which is not parsed again; `_lesson`: what may have one to be learnt.
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
        self._direct: DirectAnswerer | None = self.app_state.get(DIRECT_KEY)
        self._held: tuple[RequestResponseCycle, Any] | None = None
        self._is_at_head, self._lesson = False, b""
        self._known: KnownHead | None = None
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
        if len(data) <= size and self._is_between_requests():
            if self._known is None:
                self._lesson = data
            elif (body := self._known.find_body(data)) is not None:
                self._take_known(self._known, body)
                return
        for start in range(0, len(data), size):
            if self.transport.is_closing():
                return
            piece, begun = data[start : start + size], self._begun
            super().data_received(piece)
            self._release_held()
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
        self._lesson = b""
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
        self._is_at_head = True
        super().on_headers_complete()
        self._is_at_head = False

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
        if self._held is not None:
            cycle, _ = self._held
            if self._lesson:
                self._known = learn_head(self._lesson, dict(cycle.scope), bytes(cycle.body))
            self._answer_directly(cycle)

    def on_response_complete(self) -> None:
        """Note that nothing is to be answered, unless another request came meanwhile."""
        is_last = not self.pipeline
        super().on_response_complete()
        if is_last and self._is_admitted:
            self._open.note_waiting(self)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Start to answer a request, or hold it until what came with its head is read."""
        if self._is_at_head and self._direct is not None and self._direct.takes(cycle.scope):
            self._held = cycle, app
            return
        cycle.send = WholeAnswer(cycle).send  # type: ignore[method-assign]
        super()._start_asgi_task(cycle, app)

    def _is_between_requests(self) -> bool:
        """Tell whether what comes next is the begin of a request, and every one before is answered."""
        is_answered = self.cycle is not None and self.cycle.response_complete
        return is_answered and self._stage == "idle" and not self.transport.is_closing()

    def _take_known(self, known: KnownHead, body: bytes) -> None:
        """Take a whole request whose head is known as the parser would, which hears nothing of it."""
        self._unset_keepalive_if_required()
        self._begun += 1
        self.scope = known.build_scope(len(body), self.app_state.copy())  # type: ignore[assignment]
        self.cycle = RequestResponseCycle(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=True,
            on_response=self.on_response_complete,
        )
        self.cycle.body += body
        self.cycle.more_body = False
        self.cycle.message_event.set()
        if self._is_admitted:
            self._open.note_busy(self)
        self._held = self.cycle, self.app
        self._answer_directly(self.cycle)

    def _release_held(self) -> None:
        """Leave a request to uvicorn that is not whole yet: it may be refused before it is, or take long."""
        if self._held is not None:
            held, self._held = self._held, None
            self._start_asgi_task(*held)

    def _answer_directly(self, cycle: RequestResponseCycle) -> None:
        """Begin to answer the held request; while it waits, it is a task of the server's, which ends after it."""
        assert self._direct is not None  # noqa: S101 - for mypy: nothing is held without
        pending = self._direct.begin(cycle.scope, bytes(cycle.body))
        if pending is None:
            self._release_held()
            return
        self._held = None
        self.tasks.add(pending.waiting)  # type: ignore[arg-type]  # it counts them, and cancels them in the end
        pending.waiting.add_done_callback(functools.partial(self._finish_directly, cycle, pending))

    def _finish_directly(
        self, cycle: RequestResponseCycle, pending: PendingAnswer, waiting: asyncio.Future[Any]
    ) -> None:
        self.tasks.discard(waiting)
        answer = DirectAnswer(*pending.finish())
        if not answer.write(cycle):
            self._start_asgi_task(cycle, answer.send)

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

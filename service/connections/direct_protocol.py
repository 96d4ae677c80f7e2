"""HTTP of uvicorn and httptools, beside which requests that come in one piece are answered directly."""

import asyncio
import functools
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from service.connections.direct_answer import DirectAnswer, DirectAnswerer, PendingAnswer
from service.connections.known_head import KnownHead, learn_head
from service.connections.whole_answer import WholeAnswer

DIRECT_KEY = "direct"
"""Where the lifespan's state has the DirectAnswerer of the process; not there: uvicorn answers every request."""


class DirectProtocol(HttpToolsProtocol):
    """One connection.

    `_is_within`: a request has begun and is not whole. `_held`: one that may be answered directly once it is whole; not
    one that waits for the answer to another. `_known`: the head of this client's requests, which is not parsed again;
    `_lesson`: what may have one to be learnt.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin with nothing known."""
        super().connection_made(transport)
        self._direct: DirectAnswerer | None = self.app_state.get(DIRECT_KEY)
        self._held: tuple[RequestResponseCycle, Any] | None = None
        self._known: KnownHead | None = None
        self._is_within = self._is_at_head = False
        self._lesson = b""

    def data_received(self, data: bytes) -> None:
        """Parse what came, unless it is a request whose head is known."""
        if not self._is_within and (self.cycle is None or self.cycle.response_complete):
            if self._known is None:
                self._lesson = data
            elif (body := self._known.find_body(data)) is not None:
                self.take_known(self._known, body)
                return
        super().data_received(data)
        self._lesson = b""
        self._release_held()

    def on_message_begin(self) -> None:
        """Note that a request begins."""
        super().on_message_begin()
        self._is_within = True

    def on_headers_complete(self) -> None:
        """Note that the request is one that nobody waits for, if it is."""
        self._is_at_head = True
        try:
            super().on_headers_complete()
        finally:
            self._is_at_head = False

    def on_message_complete(self) -> None:
        """Begin to answer a request that was held, for it is whole."""
        self._is_within = False
        super().on_message_complete()
        if self._held is not None:
            cycle, _ = self._held
            if self._lesson:
                self._known = learn_head(self._lesson, dict(cycle.scope), bytes(cycle.body))
            self._answer_directly(cycle)

    def take_known(self, known: KnownHead, body: bytes) -> None:
        """Take a whole request whose head is known as the parser would, which hears nothing of it."""
        self._unset_keepalive_if_required()
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
        self._held = self.cycle, self.app
        self._answer_directly(self.cycle)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Start to answer a request, or hold it until what came with its head is read."""
        if self._is_at_head and self._direct is not None and self._direct.takes(cycle.scope):
            self._held = cycle, app
            return
        cycle.send = WholeAnswer(cycle).send  # type: ignore[method-assign]
        super()._start_asgi_task(cycle, app)

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

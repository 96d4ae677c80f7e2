"""Answer a request that came in one piece without a task of asyncio and without the messages of ASGI.

Nearly every request for a decision does. All else is left to uvicorn, and so is an answer that cannot be written at
once.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, Protocol

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from service.connections.whole_answer import Header, write_whole

Application = Callable[[Any, Any, Any], Awaitable[None]]
"""An application of ASGI."""


AnswerParts = tuple[int, tuple[Header, ...], bytes]
"""A whole answer: its status, its headers, which have the length of the body, and its body."""


class DirectAnswer(NamedTuple):
    """A whole answer on its way to the client."""

    status: int
    headers: tuple[Header, ...]
    body: bytes

    def write(self, cycle: RequestResponseCycle) -> bool:
        """Write it, nothing to a client that is gone; False where it must wait, or there is more to it."""
        if cycle.disconnected or cycle.transport.is_closing():
            cycle.disconnected = True
            return True
        return not cycle.flow.write_paused and write_whole(cycle, *self)

    async def send(self, _: Any, __: Any, send: Callable[[Any], Awaitable[None]]) -> None:
        """Send it as an application of ASGI does."""
        await send({"type": "http.response.start", "status": self.status, "headers": [*self.headers]})
        await send({"type": "http.response.body", "body": self.body})


class PendingAnswer(Protocol):
    """An answer that is not there yet. `waiting` ends when it is; then `finish` gives it, and is called once."""

    @property
    def waiting(self) -> asyncio.Future[Any]:
        """What ends when the answer is there."""

    def finish(self) -> AnswerParts:
        """Give the answer."""


class DirectAnswerer(Protocol):
    """Answers some requests directly."""

    def takes(self, scope: Any) -> bool:
        """Tell whether requests of this kind may be answered directly."""

    def begin(self, scope: Any, body: bytes) -> PendingAnswer | None:
        """Begin to answer a whole request; None leaves it to the application, as if nothing had been asked."""

"""Lanes: threads in which the model decides, so that the rule can take over from a model that fails or is too slow."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from queue import SimpleQueue

from credit.errors import CreditError
from service.applications import Asked
from service.serving import Decided, Serving

_PATIENCE = 8
"""How many times its budget an application may wait in line behind others before the rule decides it."""

Finished = Callable[[list[Decided] | CreditError], None]


class Ticket:
    """Applications that are decided together, each by the same version. Finished once, by the model or by the rule."""

    def __init__(self, serving: Serving, asked: Sequence[Asked], finished: Finished) -> None:
        self.serving, self.asked = serving, asked
        self.made = time.monotonic()
        self.watch: asyncio.TimerHandle | None = None
        self._finished = finished
        self._decided: list[Decided] = []
        self._closed = False
        self._lock = threading.Lock()

    def decide(self, running: Callable[[float | None], None]) -> None:
        """Decide one after another, unless the rule takes over; `running` is told since when the model is at one."""
        try:
            for asked in self.asked:
                running(time.monotonic())
                decided = self.serving.decide(asked.application)
                running(None)
                with self._lock:
                    if self._closed:
                        return
                    self._decided.append(decided)
        except CreditError as error:
            self._finish(error)
            return
        self._finish(self._decided)

    def decide_by_rule(self, because: str) -> None:
        """Let the rule decide all that the model has not decided yet; nothing when it has decided all."""
        with self._lock:
            if self._closed or len(self._decided) == len(self.asked):
                return
            self._closed = True
        rest = self.asked[len(self._decided) :]
        try:
            ruled = [self.serving.decide_by_rule(asked.application, because) for asked in rest]
        except CreditError as error:
            self._finished(error)
            return
        self._finished([*self._decided, *ruled])

    def _finish(self, result: list[Decided] | CreditError) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._finished(result)


class Lane:
    """One thread in which applications are decided in turn."""

    def __init__(self, name: str, seconds: float) -> None:
        self._seconds = seconds
        self._queue: SimpleQueue[Ticket | None] = SimpleQueue()
        self._since: float | None = None
        self._thread = threading.Thread(target=self._run, name=f"lane-{name}", daemon=True)
        self._thread.start()

    def put(self, ticket: Ticket, loop: asyncio.AbstractEventLoop) -> None:
        """Let the model decide. Cancel the ticket's `watch` when it is finished."""
        if self.is_stuck():
            ticket.decide_by_rule(self._because)
            return
        self._queue.put(ticket)
        ticket.watch = loop.call_later(self._seconds, self._watch, ticket, loop)

    def close(self) -> None:
        """End when what is queued is decided."""
        self._queue.put(None)

    def _run(self) -> None:
        while (ticket := self._queue.get()) is not None:
            try:
                ticket.decide(self._running)
            except Exception:  # noqa: BLE001 - the lane goes on; the rule decides this one
                ticket.decide_by_rule("the model failed")
            self._since = None

    def _running(self, since: float | None) -> None:
        self._since = since

    def is_stuck(self) -> bool:
        """Whether the model has been at one application for longer than it may."""
        since = self._since
        return since is not None and time.monotonic() - since > self._seconds

    def _watch(self, ticket: Ticket, loop: asyncio.AbstractEventLoop) -> None:
        waited = time.monotonic() - ticket.made
        if self.is_stuck() or waited > _PATIENCE * self._seconds * len(ticket.asked):
            ticket.decide_by_rule(self._because)
        else:
            ticket.watch = loop.call_later(self._seconds / 4, self._watch, ticket, loop)

    @property
    def _because(self) -> str:
        return f"the model took longer than {self._seconds:g} s"

"""Clients of the service that ask as fast as they are answered, for as long as a block lasts."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any, Protocol

import requests

from testing.parts.servers import wait_until


class Decides(Protocol):
    """Whom clients ask: a service, or what is in front of several."""

    def decide(self, body: Any) -> requests.Response:
        """Ask for a decision."""


class Load:
    """The answers that the clients got.

    `answers`: decisions, each behind the number of the application that it is about; `refused`: status codes of other
    answers; `lost`: requests without an answer.
    """

    def __init__(self, service: Decides, bodies: Sequence[Any]) -> None:
        self._service, self._bodies = service, bodies
        self._ended = threading.Event()
        self.answers: list[tuple[int, dict[str, Any]]] = []
        self.refused: list[int] = []
        self.lost = 0

    def wait_for(self, more: int) -> None:
        """Wait until so many more decisions were answered."""
        wanted = len(self.answers) + more
        wait_until(lambda: len(self.answers) >= wanted, f"{more} more decisions")

    @contextmanager
    def run_clients(self, clients: int) -> Iterator["Load"]:
        """Run so many clients at once."""
        threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(clients)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._ended.set()
            for thread in threads:
                thread.join()

    def _ask(self, client: int) -> None:
        for number in count():
            if self._ended.is_set():
                return
            which = (client + number) % len(self._bodies)
            try:
                answer = self._service.decide(self._bodies[which])
            except requests.RequestException:
                self.lost += 1
                self._ended.wait(0.05)
                continue
            if answer.status_code == 200:
                self.answers.append((which, answer.json()))
            else:
                self.refused.append(answer.status_code)

"""Run until a signal ends the process, and listen where the figures are asked for."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

from credit.common.errors import CreditError, Problem

_Server = TypeVar("_Server")


@contextmanager
def end_by_signal() -> Iterator[threading.Event]:
    """Yield an event that SIGTERM and SIGINT set, so that a round that has begun is finished."""
    ended = threading.Event()

    def end(_: int, __: FrameType | None) -> None:
        ended.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield ended
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def listen(host: str, port: int, start: Callable[[], _Server]) -> _Server:
    """Start a server. Raises CreditError when its port is taken, or its host is not here."""
    try:
        return start()
    except OSError as error:
        expected = "an address of this machine, and a port that nobody has"
        raise CreditError(Problem(f"--host {host} --port {port}", f"{error.strerror}", expected)) from None

"""An answer that is good for some seconds, so that many who look cost no more than one."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class ValueCache(Generic[T]):
    """Asks again after `seconds`, or for another key. While one asks, the others get what was answered last."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._turn = threading.Lock()
        self._last: tuple[float, object, T] | None = None

    def get(self, key: object, ask: Callable[[], T]) -> T:
        """The answer of `ask`, or that of a moment ago. `ask` must not raise."""
        last = self._last
        if not self._turn.acquire(blocking=last is None):
            assert last is not None  # noqa: S101 - for mypy: otherwise this waited
            return last[2]
        try:
            last = self._last
            if last is None or last[1] != key or time.monotonic() - last[0] >= self._seconds:
                answer = ask()
                self._last = last = (time.monotonic(), key, answer)
            return last[2]
        finally:
            self._turn.release()

"""Cache a value briefly; concurrent readers share one refresh."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class ValueCache(Generic[T]):
    """A value that is refreshed after `seconds`, or for another key. Meanwhile other readers get the old one."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._turn = threading.Lock()
        self._last: tuple[float, object, T] | None = None

    def get(self, key: object, ask: Callable[[], T]) -> T:
        """Return the cached value, refreshed by `ask` when it is too old or for another key. `ask` must not raise."""
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

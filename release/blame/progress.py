"""Tell on stderr which pipeline runs, how long it took, and about how long the rest takes."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Progress:
    """Lines for people who wait. `expect` says how many runs are to come; those that are kept take no time."""

    def __init__(self) -> None:
        self._left = 0
        self._seconds: list[float] = []

    def expect(self, runs: int) -> None:
        """Say how many runs are to come, from here on."""
        self._left = runs

    @contextmanager
    def follow(self, name: str) -> Iterator[None]:
        """Follow one run from its start to its end."""
        start = time.monotonic()
        self._print(f"{name} ...{self._describe_rest()}")
        try:
            yield
        finally:
            self._seconds.append(time.monotonic() - start)
            self._left = max(0, self._left - 1)

    def _describe_rest(self) -> str:
        if not self._left:
            return ""
        if not self._seconds:
            return f" ({self._left} to go)"
        rest = self._left * sum(self._seconds) / len(self._seconds)
        words = f"{rest:.0f} s" if rest < 90 else f"{rest / 60:.0f} min"
        return f" ({self._left} to go, about {words})"

    def _print(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)

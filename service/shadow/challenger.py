"""The process of a challenger, as the service sees it: batches of applications go in, decisions come out in time."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple, TypeVar

from pydantic_core import from_json, to_json

from credit.registry.challenges import Challenge
from credit.scoring.row_encoder import ApplicationRow
from service.shadow.scoring import READY

_LOAD_SECONDS = 120.0
_BATCH_SECONDS = 30.0
"""How long a batch may take before the process is ended: a model that hangs would be waited for without an end."""

T = TypeVar("T")


class ChallengerError(Exception):
    """A challenger whose process ended, or had to be ended."""


class ShadowDecision(NamedTuple):
    """A decision of a challenger; without a `decision` it could make none. `has_failed`: its model did."""

    decision: str | None
    score: float | None
    decided_by: str | None
    rule_because: str | None
    has_failed: bool


class Challenger:
    """A challenge, and the process that decides for it. One thread at a time asks it."""

    def __init__(self, challenge: Challenge, folder: Path, batch_seconds: float = _BATCH_SECONDS) -> None:
        """Start the process with the bundle in a folder, which it reads before this returns.

        Raises ChallengerError when it cannot be loaded.
        """
        self.challenge, self._seconds = challenge, batch_seconds
        command = [sys.executable, "-m", "service.shadow.scoring", str(folder)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, process_group=0)  # Ctrl-C is the service's
        if self._ask(self._read_line, _LOAD_SECONDS) != READY:
            self.close()
            raise ChallengerError("its process ended before it was ready")

    def decide(self, applications: Sequence[ApplicationRow]) -> list[ShadowDecision]:
        """Decide applications. Raises ChallengerError when it ended, or took too long and was ended."""
        content = to_json(applications) + b"\n"
        answer = self._ask(lambda: self._exchange(content), self._seconds)
        if not answer.endswith(b"\n"):
            raise ChallengerError("its process ended")
        return [ShadowDecision(*one) for one in from_json(answer)]

    def close(self) -> None:
        """End the process; without its pipe it ends by itself, if it is not at something."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()

    def _exchange(self, content: bytes) -> bytes:
        assert self._process.stdin is not None  # noqa: S101 - for mypy: it is a pipe
        self._process.stdin.write(content)
        self._process.stdin.flush()
        return self._read_line()

    def _read_line(self) -> bytes:
        assert self._process.stdout is not None  # noqa: S101 - for mypy: it is a pipe
        return self._process.stdout.readline()

    def _ask(self, work: Callable[[], T], seconds: float) -> T:
        with self._end_after(seconds):
            try:
                return work()
            except (OSError, ValueError) as error:  # a pipe that broke, or that `close` has closed meanwhile
                raise ChallengerError(f"its process ended: {type(error).__name__}") from None

    @contextmanager
    def _end_after(self, seconds: float) -> Iterator[None]:
        """End the process when it takes longer, which ends the wait for it too."""
        timer = threading.Timer(seconds, self._process.kill)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

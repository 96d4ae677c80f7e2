"""The process of a challenger, as the service sees it: applications go in, and counts come out in time."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from pydantic_core import from_json, to_json

from credit.decision_log.integrity.chain import Head
from credit.registry.challenges import Challenge
from service.shadow.recorder import AnsweredApplication, RecordedShadows
from service.shadow.scoring import READY

_LOAD_SECONDS = 120.0
_BATCH_SECONDS = 30.0
"""How long a batch may take before the process is ended: a model that hangs would be waited for without an end."""

_CHUNK_ROWS = 10
"""Applications in a line: to write one down holds the interpreter, and so everybody, for some microseconds."""

_CHUNK_SECONDS = 0.002
"""Between two lines: who is answered meanwhile waits for one of them, and not for a whole batch."""


class ChallengerError(Exception):
    """A challenger whose process ended, or had to be ended."""


class LogPlace(NamedTuple):
    """The URLs of the database and the spool, of which the first may have a secret."""

    database: str
    spool: str


class Challenger:
    """A challenge, and the process that decides for it. One thread at a time asks it."""

    def __init__(
        self, challenge: Challenge, folder: Path, log: LogPlace, batch_seconds: float = _BATCH_SECONDS
    ) -> None:
        """Start the process with the bundle in a folder, which it reads before this returns.

        Raises ChallengerError when it cannot be loaded.
        """
        self.challenge, self._seconds = challenge, batch_seconds
        command, pipe = [sys.executable, "-m", "service.shadow.scoring"], subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, process_group=0)  # Ctrl-C is the service's
        try:
            begin = [str(folder.absolute()), *log, challenge.serialize().decode()]
            if self._ask([begin], _LOAD_SECONDS) != READY:
                raise ChallengerError("its process ended before it was ready")
        except ChallengerError:
            self.close()
            raise

    def shadow(self, batch: Sequence[AnsweredApplication], may_use_database: bool) -> RecordedShadows:
        """Decide applications and record it. Raises ChallengerError when it ended, or took too long and was ended."""
        chunks = (batch[start : start + _CHUNK_ROWS] for start in range(0, len(batch), _CHUNK_ROWS))
        answer = self._ask([*chunks, may_use_database], self._seconds)
        if not answer.endswith(b"\n"):
            raise ChallengerError("its process ended")
        scored, failed, unrecorded, head = from_json(answer)
        return RecordedShadows(scored, failed, unrecorded, Head(*head))

    def close(self) -> None:
        """End the process. A write that it is at is made durable, or not at all."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError, ValueError):
                    stream.close()

    def _ask(self, lines: Sequence[object], seconds: float) -> bytes:
        """Send lines and read the answer to the last one; nothing when the process ended."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None  # noqa: S101 - for mypy: it is a pipe
        assert stdout is not None  # noqa: S101 - for mypy: it is a pipe
        with self._end_after(seconds):
            try:
                for place, line in enumerate(lines):
                    if place:
                        time.sleep(_CHUNK_SECONDS)
                    stdin.write(to_json(line) + b"\n")
                stdin.flush()
                return stdout.readline()
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

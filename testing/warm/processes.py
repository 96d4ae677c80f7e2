"""A process that a test starts warm and treats like one of `subprocess`."""

import os
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from testing.warm.client import ask
from testing.warm.commands import find_warm_socket


class WarmProcess:
    """`python ARGUMENTS`, such as `-m service serve`, in a fork of the warm process.

    It has the methods of `subprocess.Popen` that tests use; its exit code is known when nothing of it is left.
    """

    returncode: int | None = None

    def __init__(self, arguments: Sequence[str], folder: Path, env: Mapping[str, str], output: IO[Any]) -> None:
        self.args = list(arguments)
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(str(find_warm_socket()))
        with Path(os.devnull).open("rb") as nothing:
            streams = [nothing.fileno(), output.fileno(), output.fileno()]
            ask(self._connection, self.args, str(folder), dict(env), streams)
            self.pid = int(b"".join(iter(lambda: self._connection.recv(1), b"\n")))  # not a byte of the next line

    def poll(self) -> int | None:
        """Return the exit code, the negative number of the signal that ended it, or None while it runs."""
        return self._read_code(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; return the exit code. Raises subprocess.TimeoutExpired."""
        code = self._read_code(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it."""
        self.send_signal(signal.SIGKILL)

    def _read_code(self, timeout: float | None) -> int | None:
        if self.returncode is None:
            self._connection.settimeout(timeout)
            try:
                line = self._connection.recv(16)
            except (BlockingIOError, TimeoutError):
                return None
            self.returncode = int(line or -signal.SIGKILL)
            self._connection.close()
        return self.returncode

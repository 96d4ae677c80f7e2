"""One warm process for all processes of a run of the tests, started when one of them first wants it.

The process that begins the run holds a pipe open that is the stdin of the warm one: however the run ends, so does that.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from filelock import FileLock

FOLDER = "WARM_FOLDER"
"""The variable with the folder that those who share the warm process know of it by."""

_PATIENCE = 60
"""Seconds after which the folder goes without it."""

_started: list["subprocess.Popen[str]"] = []
"""Kept, as a process that nobody holds any more is complained about."""


def share_warm_process() -> Callable[[], None]:
    """Let this process and those that it starts share a warm process; return what ends that."""
    folder = make_folder()
    os.mkfifo(f"{folder.name}/life")
    held = os.open(f"{folder.name}/life", os.O_RDWR)
    os.environ[FOLDER] = folder.name

    def end() -> None:
        os.environ.pop(FOLDER, None)
        os.close(held)
        deadline = time.monotonic() + _PATIENCE
        while _is_read(f"{folder.name}/life") and time.monotonic() < deadline:  # it may be a child of another process
            time.sleep(0.01)
        folder.cleanup()

    return end


def _is_read(pipe: str) -> bool:
    """Tell whether a process reads a named pipe."""
    try:
        os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
    except OSError:
        return False
    return True


def make_folder() -> "tempfile.TemporaryDirectory[str]":
    """Make a folder for a socket, whose path has at most 107 bytes."""
    # a command that runs on while the folder goes may write to it
    return tempfile.TemporaryDirectory(prefix="warm-", dir="/tmp", ignore_cleanup_errors=True)


def find_shared_socket(environment: Mapping[str, str]) -> Path | None:
    """Find where the shared process is asked; start it in an environment if nobody has; None where none is shared."""
    if FOLDER not in os.environ:
        return None
    folder = Path(os.environ[FOLDER])
    told = folder / "socket.txt"
    with FileLock(folder / "lock"):
        if not told.exists():
            # a folder for each attempt, as one that failed leaves files
            socket = Path(tempfile.mkdtemp(dir=folder)) / "socket"
            with (folder / "life").open("rb") as life:
                _started.append(start_warm_process(socket, life, environment))
            told.write_text(str(socket))
    return Path(told.read_text())


def start_warm_process(socket: Path, life: "IO[Any] | int", environment: Mapping[str, str]) -> "subprocess.Popen[str]":
    """Start a warm process and wait until it can be asked. It ends with its stdin."""
    server = subprocess.Popen(
        [f"{sys.prefix}/bin/python", str(Path(__file__).with_name("server.py")), str(socket)],
        env=environment,
        stdin=life,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert server.stdout
    assert server.stdout.readline() == "ready\n"
    return server

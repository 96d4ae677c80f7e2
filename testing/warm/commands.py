"""The folder of commands that a clone has in its `.venv/bin`: those of the environment, warm where it pays."""

import atexit
import os
import shlex
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from testing.warm.client import PROGRAMS

ONE_CORE = {"LOKY_MAX_CPU_COUNT": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""For a command that shares the cores with other tests: workers and threads would only wait for each other."""

_BIN = Path(sys.prefix) / "bin"
_HERE = Path(__file__).parent


@cache
def find_warm_commands() -> Path:
    """Make the folder of commands, which is gone when this process ends."""
    socket = find_warm_socket()
    bin_folder = socket.parent / "bin"
    bin_folder.mkdir()
    for program in _BIN.iterdir():
        (bin_folder / program.name).symlink_to(program)
    for name in ("python", "python3", *PROGRAMS):
        command = [str(_BIN / "python"), "-IS", str(_HERE / "client.py"), str(socket), str(_BIN), name]
        (bin_folder / name).unlink()
        (bin_folder / name).write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
        (bin_folder / name).chmod(0o755)
    (bin_folder / "release").unlink()
    (bin_folder / "release").write_text((_BIN / "release").read_text())  # it asks the `python` beside it
    (bin_folder / "release").chmod(0o755)
    return bin_folder


@cache
def find_warm_socket() -> Path:
    """Start the warm process of this one; return where it is asked. Its folder is gone when this process ends."""
    # the path of a socket has at most 107 bytes; a command that runs on while the folder goes may write to it
    folder = tempfile.TemporaryDirectory(prefix="warm-", dir="/tmp", ignore_cleanup_errors=True)
    socket = Path(folder.name) / "socket"
    server = subprocess.Popen(
        [str(_BIN / "python"), str(_HERE / "server.py"), str(socket)],
        env=os.environ | ONE_CORE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert server.stdout
    assert server.stdout.readline() == "ready\n"

    def end() -> None:
        server.communicate()  # closes its stdin, which ends it
        folder.cleanup()

    atexit.register(end)
    return socket

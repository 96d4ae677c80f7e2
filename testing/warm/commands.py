"""The folder of commands that a clone has in its `.venv/bin`: those of the environment, `python` and `dvc` warm."""

import atexit
import os
import shlex
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

ONE_CORE = {"LOKY_MAX_CPU_COUNT": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""For a command that shares the cores with other tests: workers and threads would only wait for each other."""

_BIN = Path(sys.prefix) / "bin"
_HERE = Path(__file__).parent


@cache
def find_warm_commands() -> Path:
    """Start the warm process of this one, and make the folder; both are gone when this process ends."""
    folder = tempfile.TemporaryDirectory(prefix="warm-", dir="/tmp")  # the path of a socket has at most 107 bytes
    bin_folder, socket = Path(folder.name) / "bin", Path(folder.name) / "socket"
    bin_folder.mkdir()
    for program in _BIN.iterdir():
        (bin_folder / program.name).symlink_to(program)
    for name in ("python", "python3", "dvc"):
        command = [str(_BIN / "python"), "-IS", str(_HERE / "client.py"), str(socket), str(_BIN), name]
        (bin_folder / name).unlink()
        (bin_folder / name).write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
        (bin_folder / name).chmod(0o755)
    (bin_folder / "release").unlink()
    (bin_folder / "release").write_text((_BIN / "release").read_text())  # it asks the `python` beside it
    (bin_folder / "release").chmod(0o755)
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
    return bin_folder

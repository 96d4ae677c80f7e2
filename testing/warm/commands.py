"""The folder of commands that a clone has in its `.venv/bin`: those of the environment, warm where it pays."""

import atexit
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from testing.warm.client import PROGRAMS
from testing.warm.shared import find_shared_socket, make_folder, share_warm_process, start_warm_process

ONE_CORE = {"LOKY_MAX_CPU_COUNT": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""For a command that shares the cores with other tests: workers and threads would only wait for each other."""

_BIN = Path(sys.prefix) / "bin"
_HERE = Path(__file__).parent


@cache
def find_warm_commands() -> Path:
    """Make the folder of commands, which is gone when this process ends."""
    folder = make_folder()
    atexit.register(folder.cleanup)
    return _link_commands(Path(folder.name), find_warm_socket())


@cache
def find_warm_socket() -> Path:
    """Find where the warm process is asked: the one of all processes of a run of the tests, or one of this process."""
    if (shared := find_shared_socket(os.environ | ONE_CORE)) is None:
        atexit.register(share_warm_process())
        shared = find_shared_socket(os.environ | ONE_CORE)
    assert shared
    return shared


@contextmanager
def warm_up(environment: Mapping[str, str]) -> Iterator[Path]:
    """Have a folder of commands that run in forks of a warm process of their own, which began in this environment.

    Some of it an interpreter reads once: the seed of its hashes, its language and time zone.
    """
    with make_folder() as folder:
        server = start_warm_process(Path(folder) / "socket", subprocess.PIPE, environment)
        try:
            yield _link_commands(Path(folder), Path(folder) / "socket")
        finally:
            server.communicate()  # closes its stdin, which ends it


def _link_commands(folder: Path, socket: Path) -> Path:
    bin_folder = folder / "bin"
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

"""Commands as processes of their own: how long they take and how much memory they need."""

import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from credit.common.errors import CreditError, Problem

_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss


class Usage(NamedTuple):
    """Wall clock seconds, the peak memory in bytes of the command or of one of its children, and processor seconds."""

    seconds: float
    peak: int
    cpu: float = 0.0
    """Of the command and of all that it started and waited for, in the system as well."""

    @property
    def mebibytes(self) -> str:
        """The peak for a table."""
        return f"{self.peak / 2**20:,.0f}"


def run_timed(command: Sequence[str], folder: Path, env: Mapping[str, str]) -> Usage:
    """Run a command. Raises CreditError with its last line when it fails.

    The system counts the memory of the process that starts a command as the command's too, so nothing large is
    imported here.
    """
    print(f"  {_shorten(command)} … ", end="", file=sys.stderr, flush=True)
    with tempfile.TemporaryFile("w+") as output:
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        lines = output.read().strip().splitlines()
    print(f"{seconds:.2f} s", file=sys.stderr)
    if process.returncode:
        last = lines[-1] if lines else "no output"
        raise CreditError(Problem(_shorten(command), f"exit code {process.returncode}: {last}", "0"))
    return Usage(seconds, usage.ru_maxrss * _MAXRSS_UNIT, usage.ru_utime + usage.ru_stime)


def measure_medians(times: int, *runs: Callable[[], Usage]) -> list[float]:
    """Measure median seconds of each run; every second round goes backwards, so that no run is always the first."""
    seconds: list[list[float]] = [[] for _ in runs]
    for round_ in range(times):
        for index in range(len(runs))[:: -1 if round_ % 2 else 1]:
            seconds[index].append(runs[index]().seconds)
    return [median(taken) for taken in seconds]


def _shorten(command: Sequence[str]) -> str:
    text = shlex.join(command)
    return text if len(text) <= 100 else text[:99] + "…"

"""Run commands that do not outlive this process: they and their children end with it, whatever ends it.

A killed process cannot end anybody. So each command has a process group of its own, and beside it waits a shell on a
pipe whose other end this process holds: when that closes, the shell kills the group. The command begins when that
shell is there and whoever ends commands knows of it, and not before.
"""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

_BEGIN_WHEN_TOLD = 'read -r _ && exec "$@" </dev/null'
_WAIT_AND_KILL = 'read -r _; kill -s KILL -- "-$0"'

_running: set[int] = set()
"""The process groups that run now; of threads, too."""


def run_bound(
    command: Sequence[str], folder: Path | None = None, env: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end, without input, and return what it printed; 127 for one that is not there."""
    process = subprocess.Popen(
        ["sh", "-c", _BEGIN_WHEN_TOLD, "sh", *command],
        cwd=folder,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,  # without a terminal: it cannot wait for a password that nobody sees asked for
    )
    with process, _end_with_this_process(process.pid):
        stdout, stderr = process.communicate("\n")
    return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)


def end_bound_commands() -> None:
    """End all that runs: Ctrl-C comes to this process only, and to no thread that waits for a command."""
    for group in list(_running):
        _kill(group)


@contextmanager
def _end_with_this_process(group: int) -> Iterator[None]:
    """Have a process group killed if this process ends before the block does, or the block is left by an error."""
    shell = subprocess.Popen(
        ["sh", "-c", _WAIT_AND_KILL, str(group)],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    _running.add(group)
    try:
        yield
    except BaseException:
        _kill(group)
        raise
    finally:
        _running.discard(group)
        shell.kill()  # before its pipe closes
        shell.communicate()


def _kill(group: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)

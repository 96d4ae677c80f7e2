"""Commands that are bound to this process: a real kill -9 of it ends them and their children."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import pytest

from release.running import bound_commands
from release.running.bound_commands import end_bound_commands, run_bound
from testing.lenders.frozen import ROOT
from testing.parts.servers import PATIENCE

TREE = 'sleep 1000 & echo $! > "$0.part"; mv "$0.part" "$0"; wait'
"""A command with a child, as DVC and its stage; the child's number is in a file."""


def wait_for(file: Path) -> int:
    """Wait for the number of the child."""
    end = time.monotonic() + PATIENCE
    while not file.exists():
        assert time.monotonic() < end, "the command does not start"
        time.sleep(0.01)
    return int(file.read_text())


def wait_for_end(pid: int) -> None:
    """Wait until a process is gone, or dead and not yet waited for."""
    end = time.monotonic() + PATIENCE
    while (stat := Path(f"/proc/{pid}/stat")).exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < end, "it outlives the one that started it"
        time.sleep(0.01)


def list_children() -> set[str]:
    """List the processes that this one started and has not waited for; its threads start some too."""
    return {number for file in Path("/proc/self/task").glob("*/children") for number in file.read_text().split()}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_whatever_ends_a_process_its_command_and_the_children_of_that_end_too(tmp_path: Path, number: int) -> None:
    file = tmp_path / "child"
    code = f"from release.running.bound_commands import run_bound; run_bound(['sh', '-c', {TREE!r}, {str(file)!r}])"
    usual = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    usual += "signal.signal(signal.SIGHUP, signal.SIG_DFL); "  # which a run under nohup ignores, and hands on
    command = [sys.executable, "-c", usual + code]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as parent:
        child = wait_for(file)
        os.kill(parent.pid, number)
        assert parent.wait(PATIENCE) != 0
    wait_for_end(child)


def test_commands_of_threads_are_ended_from_outside(tmp_path: Path) -> None:
    codes: list[int] = []
    files = [tmp_path / "one", tmp_path / "two"]
    threads = [
        Thread(target=lambda file=file: codes.append(run_bound(["sh", "-c", TREE, str(file)]).returncode))
        for file in files
    ]
    for thread in threads:
        thread.start()
    children = [wait_for(file) for file in files]
    end_bound_commands()
    for thread in threads:
        thread.join()
    assert codes == [-signal.SIGKILL, -signal.SIGKILL]
    for child in children:
        wait_for_end(child)


def test_no_command_begins_before_whoever_ends_it_knows_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[bool] = []

    class Noticing(set[int]):
        def add(self, group: int) -> None:
            time.sleep(0.2)
            begun.append((tmp_path / "begun").exists())
            super().add(group)

    monkeypatch.setattr(bound_commands, "_running", Noticing())
    run_bound(["touch", str(tmp_path / "begun")])
    assert begun == [False]
    assert (tmp_path / "begun").exists()


def test_a_command_that_is_not_there_is_told_by_its_code() -> None:
    done = run_bound(["no-such-command"])
    assert done.returncode == 127
    assert "no-such-command" in done.stderr


def test_a_command_that_ends_by_itself_is_told_as_it_is_and_leaves_nobody_waiting(tmp_path: Path) -> None:
    before = list_children()
    done = run_bound(["sh", "-c", 'echo "$NAME"; pwd; cat; echo bad >&2; exit 3'], tmp_path, os.environ | {"NAME": "x"})
    assert (done.returncode, done.stdout, done.stderr) == (3, f"x\n{tmp_path}\n", "bad\n")
    assert list_children() == before

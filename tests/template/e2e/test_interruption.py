"""A stage that is ended in the middle leaves nothing half done; `dvc repro` afterwards gives the right result."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from credit.common.files import is_running
from testing.parts.servers import PATIENCE, wait_until
from testing.projects import Project


def children(of: int) -> dict[int, str]:
    """The processes below one, with their command lines."""
    parents, commands = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                commands[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
    below = {of}
    while more := {pid for pid, parent in parents.items() if parent in below} - below:
        below |= more
    return {pid: commands[pid] for pid in below - {of}}


def find_stage(stage: str, below: int) -> list[int]:
    """The Python of a stage that DVC has started, and its shell; none before there is a Python.

    A shell that is ended alone leaves its Python at work.
    """
    found = {pid: line for pid, line in children(below).items() if f"stages {stage}" in line}
    return list(found) if any("python" in line.split()[0] for line in found.values()) else []


def interrupt(project: Project, stage: str, after: float, how: signal.Signals, whom: str) -> None:
    """Start `dvc repro` and end it `after` seconds into a stage: the stage alone, or the whole group as Ctrl-C does."""
    process = project.start("dvc", "repro")
    deadline = time.monotonic() + PATIENCE
    while not (found := find_stage(stage, process.pid)):
        assert process.poll() is None, f"{stage} did not run"
        assert time.monotonic() < deadline
        time.sleep(0.02)  # to look takes as long: without it a core does nothing else
    time.sleep(after)
    if whom == "group":
        os.killpg(process.pid, how)
    else:
        for pid in found:
            with suppress(ProcessLookupError):  # it has ended by itself
                os.kill(pid, how)
    process.wait(timeout=PATIENCE)
    wait_until(lambda: not any(map(is_running, found)), f"the end of {stage}")


@pytest.mark.parametrize(
    ("stage", "after", "how", "whom"),
    [
        ("validate", 0.5, signal.SIGKILL, "stage"),
        ("validate", 1.0, signal.SIGKILL, "stage"),
        ("train random_forest", 0.8, signal.SIGINT, "group"),
        ("train random_forest", 1.2, signal.SIGKILL, "group"),
        ("evaluate", 1.0, signal.SIGKILL, "stage"),
    ],
)
def test_after_an_interruption_the_next_run_gives_the_right_result(
    finished: Project, stage: str, after: float, how: signal.Signals, whom: str
) -> None:
    before = finished.read_results()
    # the stage must run again: forget what it wrote
    outputs = {"validate": "data/accepted.parquet", "train random_forest": "models/candidates/random_forest.skops"}
    (finished.folder / outputs.get(stage, "reports/metrics.json")).unlink()
    interrupt(finished, stage, after, how, whom)
    again = finished.run("dvc", "repro", check=False)
    assert again.returncode == 0, again.stdout + again.stderr
    assert finished.read_results() == before
    assert finished.run("git", "status", "--porcelain").stdout == ""

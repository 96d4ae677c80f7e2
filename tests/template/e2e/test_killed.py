"""Ctrl-C, `kill -9` and what they leave behind: one line for the person, and nothing for the next run to stumble on."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from test_interruption import find_stage

from credit.common.files import is_running
from testing.parts.servers import PATIENCE, wait_until
from testing.projects import Project


def started(project: Project, *command: str) -> "subprocess.Popen[str]":
    return project.start(*command, stderr=subprocess.PIPE)


@pytest.mark.parametrize("library", ["pydantic_core", "pyarrow", "the pipe"])
@pytest.mark.parametrize("stage", ["validate", "train"])
def test_ctrl_c_ends_a_stage_with_one_line_even_while_it_loads_libraries(
    project: Project, stage: str, library: str
) -> None:
    paths = ["a.yaml", "b.json", "c.parquet", "d.skops", "e.json"]
    arguments = ["logistic", *paths] if stage == "train" else paths
    pipe = project.folder / "a.yaml"
    os.mkfifo(pipe)  # whose writer says nothing, so that the stage cannot come to an end by itself
    process = started(project, "python", "-m", "stages", stage, *arguments)
    if library == "the pipe":
        wait_until(lambda: opens_for_writing(pipe), "the stage", process)
        wait_until(lambda: waits_in(pipe, process.pid), "the stage", process)
    else:
        wait_until(lambda: library in Path(f"/proc/{process.pid}/maps").read_text(), library, process)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert told == "interrupted: nothing was written; run the same command again\n"


def opens_for_writing(pipe: Path) -> bool:
    """Whether a process reads from the pipe, which from then on waits for what this process never writes."""
    try:
        os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return False
    return True


def waits_in(pipe: Path, pid: int) -> bool:
    """Whether the process sleeps with the pipe open.

    Python forgets a signal that arrives after its last look at them and before a read that never returns: between
    two steps that take microseconds, of which the first has just been let go on by this process.
    """
    opened = any(file.resolve() == pipe for file in Path(f"/proc/{pid}/fd").iterdir())
    state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return opened and state == "S"


def test_a_run_after_dvc_alone_was_killed_gives_the_right_result(finished: Project) -> None:
    """The stage lives on without DVC, holds no lock, and writes what the next run writes too."""
    before = finished.read_results()
    (finished.folder / "models/candidates/random_forest.skops").unlink()
    process = started(finished, "dvc", "repro", "evaluate")
    deadline = time.monotonic() + PATIENCE
    while not (found := find_stage("train random_forest", process.pid)):
        assert process.poll() is None, "the stage did not run"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(0.5)
    process.kill()
    process.communicate(timeout=PATIENCE)
    again = finished.run("dvc", "repro", "evaluate", check=False)
    wait_until(lambda: not any(map(is_running, found)), "the end of the orphan")
    assert again.returncode == 0, again.stdout + again.stderr
    assert finished.read_results() == before


def test_half_a_file_of_a_killed_stage_is_not_taken_for_a_result(finished: Project) -> None:
    """As a stage leaves it that is killed while it writes: in a folder that is an output, and among the data."""
    before = finished.read_results()
    halves = ["reports/plots/.roc.csv.999999999.part", "data/.typed.parquet.999999999.part"]
    for half in halves:
        (finished.folder / half).write_bytes(b"half")
    assert finished.run("git", "status", "--porcelain").stdout == ""
    assert finished.run("dvc", "status").stdout.strip().endswith("up to date.")
    finished.run("dvc", "repro", "--force", "--single-item", "evaluate", "ingest")
    assert finished.read_results() == before

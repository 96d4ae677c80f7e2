"""A scheduler and two workers on loopback, as `make cluster` starts them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def run_dask_cluster(folder: Path, path: str = "") -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run them in a folder, which has the code; yield the scheduler's address and their process.

    path: another folder that has functions for them.
    """
    command = [sys.executable, "-m", "credit.engine", "--port", "0", "--until-eof"]
    surroundings = os.environ | {
        "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
        "DASK_DISTRIBUTED__DEPLOY__LOST_WORKER_TIMEOUT": "100ms",  # to which a cluster must not listen, however short
        "PYTHONPATH": path,
    }
    process = subprocess.Popen(
        command, cwd=folder, env=surroundings, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        said = process.stdout.readline()
        assert "CREDIT_ENGINE=" in said, f"no address: {said}"
        yield said.strip().partition("CREDIT_ENGINE=")[2], process
    finally:
        if process.poll() is None:
            process.terminate()  # SIGINT is ignored by what a shell started in the background
            assert process.wait() == 130, "ended as by Ctrl-C, whether standard input has ended or not"
        process.communicate()

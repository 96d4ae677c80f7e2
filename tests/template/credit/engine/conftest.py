"""One scheduler with two workers for all tests of a process, started again when they ended."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from testing.lenders.frozen import ROOT
from testing.parts.dask_cluster import run_dask_cluster


@pytest.fixture(scope="session")
def _find_cluster() -> Iterator[Callable[[], str]]:
    running: list[tuple[str, subprocess.Popen[str]]] = []

    def find() -> str:
        if not running or running[-1][1].poll() is not None:
            running.append(stack.enter_context(run_dask_cluster(ROOT, str(Path(__file__).parent))))
        return running[-1][0]

    with ExitStack() as stack:
        yield find


@pytest.fixture
def cluster(_find_cluster: Callable[[], str]) -> str:
    """The address of a scheduler with two workers."""
    return _find_cluster()

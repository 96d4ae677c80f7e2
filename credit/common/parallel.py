"""Threads: many for what waits, one for linear algebra. `credit/engine` has what computes in processes and beyond."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_THREADS = 16

_T = TypeVar("_T")
_R = TypeVar("_R")


def keep_blas_to_one_thread() -> None:
    """Let numpy's linear algebra use one thread; called before numpy is imported, and left alone where it is set.

    The threads of a regression on some thousands of rows wait for each other, which is a third of its time; and sums
    that are cut for threads have other last bits on a machine with more cores.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def run_in_threads(work: Callable[[_T], _R], items: list[_T]) -> list[_R]:
    """Call `work` on each item in threads, for work that mostly waits for a store; results in order."""
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(work, items))

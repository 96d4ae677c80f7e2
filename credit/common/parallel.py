"""Run many tasks at once, in threads or in processes; results keep the order of their tasks."""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from credit.common.errors import CreditError, Problem
from credit.common.garbage import collect_rarely

_THREADS = 16
_IMPORTS = 2.0
"""Seconds of CPU that a process imports before it works: scikit-learn and pandas."""
_WORTH_PROCESSES = 20.0
"""Seconds of CPU that are worth starting processes."""

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


def run_tasks(tasks: list[Any], bar: str, worth: float = _WORTH_PROCESSES, threaded: bool = False) -> list[Any]:
    """Run joblib's delayed tasks one by one, the rest in processes once that is worth it; results in order.

    worth: the seconds of CPU that are to be left, as the tasks until then took besides imports. threaded:
    each task is on all cores already, so that processes would gain nothing.
    """
    from tqdm import tqdm

    results = _run_one_by_one(tasks, bar, float("inf") if threaded else worth)
    return list(tqdm(results, bar, len(tasks), unit="model", disable=None))


def _run_one_by_one(tasks: list[Any], bar: str, worth: float) -> Iterator[Any]:
    start = time.process_time() + _IMPORTS
    for done, (work, args, options) in enumerate(tasks):
        if done and (time.process_time() - start) / done * (len(tasks) - done) > worth:
            yield from run_in_processes(tasks[done:], bar)
            return
        yield work(*args, **options)


def run_in_processes(tasks: list[Any], bar: str) -> Iterator[Any]:
    """Run joblib's delayed tasks in as many processes as there are cores; yield results in order.

    Processes, not threads: small models are mostly Python, of which a process runs one thread at a time. `bar` names
    the work in errors.
    """
    from concurrent.futures.process import BrokenProcessPool

    from joblib import Parallel

    try:
        yield from Parallel(-1, return_as="generator", initializer=collect_rarely)(tasks)
    except BrokenProcessPool:
        raise CreditError(Problem(bar, "a worker was killed", fix="is there enough memory?")) from None

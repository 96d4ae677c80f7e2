"""Run many tasks at once, in threads or in processes; results keep the order of their tasks."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from credit.common.errors import CreditError, Problem
from credit.common.garbage import collect_rarely

_THREADS = 16
_T = TypeVar("_T")
_R = TypeVar("_R")


def run_in_threads(work: Callable[[_T], _R], items: list[_T]) -> list[_R]:
    """Call `work` on each item in threads, for work that mostly waits for a store; results in order."""
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(work, items))


def run_in_processes(tasks: list[Any], bar: str) -> list[Any]:
    """Run joblib's delayed tasks in as many processes as there are cores; results in order.

    Processes, not threads: small trees are mostly Python, of which a process runs one thread at a time.
    """
    from concurrent.futures.process import BrokenProcessPool

    from joblib import Parallel
    from tqdm import tqdm

    try:
        results = Parallel(-1, return_as="generator", initializer=collect_rarely)(tasks)
        return list(tqdm(results, bar, len(tasks), unit="model", disable=None))
    except BrokenProcessPool:
        raise CreditError(Problem(bar, "a worker was killed", fix="is there enough memory?")) from None

"""Run work on this machine: here while it is little, in a process per core once that is worth it."""

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from credit.common.errors import CreditError, Problem
from credit.common.garbage import collect_rarely

WORTH_PROCESSES = 20.0
"""Seconds of CPU that are worth starting processes."""

_IMPORTS = 2.0
"""Seconds of CPU that a process imports before it works: scikit-learn and pandas."""
_AHEAD = 4
"""Parts per core that are computed before their results are taken, so that these do not fill the memory."""

_P = TypeVar("_P")
_R = TypeVar("_R")


def map_locally(work: Callable[[_P], _R], parts: Iterator[_P], total: int, bar: str, worth: float) -> Iterator[_R]:
    """Call `work` on each of `total` parts; yield results in order.

    worth: the seconds of CPU that are to be left before processes start, as the parts until then took besides imports.
    """
    from joblib import cpu_count, delayed

    spent, done = -_IMPORTS, 0
    for part in parts:
        start = time.process_time()
        result = work(part)
        spent, done = spent + time.process_time() - start, done + 1
        yield result
        if done < total and spent / done * (total - done) > worth:
            break
    while some := list(islice(parts, _AHEAD * cpu_count())):
        yield from run_in_processes([delayed(work)(part) for part in some], bar)


def run_in_processes(tasks: Sequence[Any], bar: str) -> Iterator[Any]:
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

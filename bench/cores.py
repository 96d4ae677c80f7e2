"""Cores of a measure in which one process works beside another, as it would on one more core.

The measured process shares one core with its load, whether or not the other process works, which has the other cores.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from credit.common.errors import CreditError, Problem


@contextmanager
def share_one_core() -> Iterator[set[int]]:
    """Let this process and those that it starts have one core until the block ends; yields the other cores.

    Raises CreditError where there are none.
    """
    there = os.sched_getaffinity(0)
    first, *others = sorted(there)
    if not others:
        raise CreditError(Problem("this machine", "one core", "two: one process works beside another"))
    os.sched_setaffinity(0, {first})
    try:
        yield set(others)
    finally:
        os.sched_setaffinity(0, there)


def pin(process: int, cores: set[int]) -> None:
    """Pin every thread of a process; those that it starts later inherit it."""
    for thread in Path(f"/proc/{process}/task").iterdir():
        with suppress(ProcessLookupError):
            os.sched_setaffinity(int(thread.name), cores)


def find_child(process: int, words: str) -> int:
    """Find the process that another one has started, by words of its command. Raises CreditError without one."""
    for task in Path(f"/proc/{process}/task").iterdir():
        for child in (task / "children").read_text().split():
            with suppress(OSError):
                if words.encode() in Path(f"/proc/{child}/cmdline").read_bytes():
                    return int(child)
    raise CreditError(Problem(f"process {process}", f"it started no {words}"))

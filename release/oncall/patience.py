"""Wait for a model no longer than it may take: one that hangs is left alone in its thread, and not asked meanwhile."""

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, wait
from contextvars import copy_context
from typing import NamedTuple, TypeVar

from credit.common.errors import CreditError, Problem

_LEFT = "left: "

_T = TypeVar("_T")


class Patience(NamedTuple):
    """How many seconds are waited: for one answer, or to load what gives it, and further for each of all together."""

    one: float
    each: float


PATIENCE = Patience(60.0, 0.05)
"""A hundred times what an applicant waits for a service, and for all together more than a model in use takes."""


class UnansweredError(CreditError):
    """Raised when a model did not answer in time."""


def collect_answers(who: str, answers: Iterable[_T], number: int, patience: Patience | None = None) -> list[_T]:
    """Collect so many answers, each computed when it is asked for, in a thread. Raises what computing them raises.

    Raises UnansweredError where no further one came in time, and at once as long as who was left before still computes.
    """
    allowed = patience or PATIENCE
    if any(thread.name == _LEFT + who for thread in threading.enumerate()):
        raise UnansweredError(Problem(who, "did not answer, and is at it still", fix="its model hangs"))
    found: list[_T] = []

    def collect() -> None:
        for one in answers:
            found.append(one)  # noqa: PERF402 -- who waits sees each at once

    thread, done = start_work(who, collect)
    end = time.monotonic() + allowed.one + number * allowed.each
    while True:
        before, left = len(found), end - time.monotonic()
        wait([done], max(min(allowed.one, left), 0.0))
        if done.done():
            done.result()
            return found
        is_late = time.monotonic() >= end
        if is_late or len(found) == before:
            thread.name = _LEFT + who
            seconds = allowed.one + number * allowed.each if is_late else allowed.one
            so_far = f"answered {len(found):,} of {number:,}, and no further one" if found else "did not answer"
            raise UnansweredError(Problem(who, f"{so_far} within {seconds:g} s"))


def start_work(name: str, work: Callable[[], object]) -> tuple[threading.Thread, "Future[None]"]:
    """Start work in a thread that ends with the process, whatever it is at; the future has what it raises."""
    done: Future[None] = Future()
    thread = threading.Thread(target=copy_context().run, args=(_report_to, done, work), name=name, daemon=True)
    thread.start()
    return thread, done


def _report_to(done: "Future[None]", work: Callable[[], object]) -> None:
    try:
        work()
        done.set_result(None)
    except Exception as error:  # noqa: BLE001 -- it is raised where the result is awaited
        done.set_exception(error)

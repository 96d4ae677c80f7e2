"""Map parts over the workers of a Dask cluster. Loaded only where the engine is one; nothing else imports Dask.

A worker that dies is no error: the scheduler gives its parts to another one. A worker that is not what this process is
(`credit.engine.identity`) refuses its part, also one that joins later.
"""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from credit.common.errors import CreditError, Problem
from credit.engine.connection import LOCAL, LOOK, find_client, wait_for_worker
from credit.engine.identity import ProcessIdentity, describe_process, find_differences

if TYPE_CHECKING:
    from distributed import Client, Future

_AHEAD = 4
"""Parts per thread of the cluster that are there before their results are taken, so that these fill no memory."""
_FEW = 2
"""Threads at the least: when it is asked, every worker may be about to start again."""
_RETRIES = 2
"""Further attempts at a part that failed otherwise than by its data, as by a folder that was not mounted yet."""
_TRANSFER = 300.0
"""Seconds in which a result that is there has to arrive."""

_P = TypeVar("_P")
_R = TypeVar("_R")


class Refusal(NamedTuple):
    """The problems of a part, which no other attempt would mend."""

    problems: list[Problem]


def map_on_cluster(work: Callable[[_P], _R], parts: Iterator[_P], bar: str, address: str) -> Iterator[_R]:
    """Call `work` on each part on a worker; yield results in order.

    Raises CreditError when the scheduler cannot be reached, goes away or has no workers for five minutes, when a worker
    is not what this process is, and when a part kills every worker that tries it.
    """
    client = find_client(address)
    # as a task, not with each part: a model travels once, and is made anew where the worker that had it is killed
    shared = client.submit(_keep, work, pure=False)
    ahead = _AHEAD * max(_FEW, wait_for_worker(client, address))
    waiting: deque[Future[Any]] = deque()
    try:
        for part in parts:
            # `pure` would take the results of an earlier run for equal arguments, whatever the files are now
            waiting.append(client.submit(run_part, describe_process(), shared, part, pure=False, retries=_RETRIES))
            if len(waiting) >= ahead:
                yield _take_result(client, waiting.popleft(), bar, address)
        while waiting:
            yield _take_result(client, waiting.popleft(), bar, address)
    finally:
        client.cancel([*waiting, shared], force=True)


def run_part(own: ProcessIdentity, work: Callable[[Any], Any], part: Any) -> Any:
    """Compute a part on a worker, unless this is another process than that of the caller, `own`, would be."""
    if problems := find_differences(own, describe_process(), "a worker"):
        return Refusal(problems)
    try:
        return work(part)
    except CreditError as error:
        return Refusal(error.problems)


def _keep(work: Any) -> Any:
    return work


def _take_result(client: "Client", future: "Future[Any]", bar: str, address: str) -> Any:
    """Wait for the result of a part. Raises CreditError for a refused one, and where none will come."""
    from distributed import KilledWorker

    try:
        result = _wait(client, future, address)
    except KilledWorker:
        found = "every worker that tried a part of it was killed"
        raise CreditError(Problem(bar, found, fix="is there enough memory for a block of rows per thread?")) from None
    except (CancelledError, OSError) as error:
        if future.status == "error":
            raise  # it is the part's own
        found = f"no result of the scheduler: {(str(error) or type(error).__name__).splitlines()[0]}"
        raise CreditError(Problem(f"{bar}: {address}", found, fix=f"start it again, or {LOCAL}")) from None
    if isinstance(result, Refusal):
        raise CreditError(result.problems)
    return result


def _wait(client: "Client", future: "Future[Any]", address: str) -> Any:
    """Wait for a result, as long as there are workers, or some may come back. Raises what the part raised."""
    while not future.done():
        with suppress(TimeoutError):
            return future.result(timeout=LOOK)
        wait_for_worker(client, address, future)
    return future.result(timeout=_TRANSFER)

"""Map parts over the workers of a Dask cluster. Loaded only where the engine is one; nothing else imports Dask.

A worker that dies is no error: the scheduler gives its parts to another one. A worker that is not what this process is
(`credit.engine.identity`) refuses its part, also one that joins later.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from credit.common.errors import CreditError, Problem
from credit.engine.identity import ProcessIdentity, describe_process, find_differences

if TYPE_CHECKING:
    from distributed import Client, Future

_AHEAD = 4
"""Parts per thread of the cluster that are there before their results are taken, so that these fill no memory."""
_FEW = 2
"""Threads at the least: when it is asked, every worker may be about to start again."""
_RETRIES = 2
"""Further attempts at a part that failed otherwise than by its data, as by a folder that was not mounted yet."""
_PATIENCE = 60
"""Seconds between looks whether there still is a worker."""
_LOOKS = 5
"""Looks in a row that find no worker before nobody waits any longer."""
_CONNECTING = 20
"""Seconds in which a scheduler has to answer."""
_LARGE = "1GiB"
_LOCAL = "CREDIT_ENGINE=local computes here"

_P = TypeVar("_P")
_R = TypeVar("_R")


class Refusal(NamedTuple):
    """The problems of a part, which no other attempt would mend."""

    problems: list[Problem]


def map_on_cluster(work: Callable[[_P], _R], parts: Iterator[_P], bar: str, address: str) -> Iterator[_R]:
    """Call `work` on each part on a worker; yield results in order.

    Raises CreditError when the scheduler cannot be reached, goes away or has no workers, when a worker is not what this
    process is, and when a part kills every worker that tries it.
    """
    client = connect(address)
    # as a task, not with each part: a model travels once, and is made anew where the worker that had it is killed
    shared = client.submit(_keep, work, pure=False)
    ahead = _AHEAD * max(_FEW, sum(client.nthreads().values()))
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
        raise CreditError(Problem(f"{bar}: {address}", found, fix=f"start it again, or {_LOCAL}")) from None
    if isinstance(result, Refusal):
        raise CreditError(result.problems)
    return result


def _wait(client: "Client", future: "Future[Any]", address: str) -> Any:
    """Wait for a result, as long as there are workers, or some may come back. Raises what the part raised."""
    without = 0
    while True:
        try:
            return future.result(timeout=_PATIENCE)
        except TimeoutError:
            if future.done():
                raise  # it is the part's own
            without = 0 if client.scheduler_info()["workers"] else without + 1
            if without == _LOOKS:
                raise CreditError(_describe_no_worker(address)) from None


def _describe_no_worker(address: str) -> Problem:
    return Problem(address, "no worker", "at least one", f"docs/scaling.md starts them; {_LOCAL}")


@cache
def connect(address: str) -> "Client":
    """Connect to a scheduler, once per process, and compare every worker with this process.

    Raises CreditError when Dask is not installed, the scheduler does not answer, or a worker would compute other bytes.
    """
    try:
        import dask
        from distributed import Client
    except ModuleNotFoundError as error:
        fix = f"pip install the group `cluster` of pyproject.toml; {_LOCAL}"
        raise CreditError(Problem("the engine dask", f"no package {error.name}", fix=fix)) from None
    for name in [one for one in logging.root.manager.loggerDict if one.startswith("distributed")]:
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what they say is said below, in one line
    dask.config.set({"distributed.admin.large-graph-warning-threshold": _LARGE})  # folds are tables
    try:
        client = Client(address, timeout=_CONNECTING, set_as_default=False)
    except (OSError, ValueError) as error:
        found = f"no scheduler answers: {type(error).__name__}"
        raise CreditError(Problem(address, found, fix=f"make cluster starts one here; {_LOCAL}")) from None
    if not client.scheduler_info()["workers"]:
        client.close()
        raise CreditError(_describe_no_worker(address))
    _compare_processes(client)
    return client


def _compare_processes(client: "Client") -> None:
    """Raise CreditError with every difference between this process and the scheduler or a worker."""
    own, told = describe_process(), {}
    try:
        scheduler = client.run_on_scheduler(describe_process)  # it reads each part before a worker does
        told["the scheduler"] = scheduler._replace(blas_threads="1")  # and computes none
    except ModuleNotFoundError as error:
        told["the scheduler"] = error
    told |= {f"the worker {name}": one for name, one in client.run(describe_process, on_error="return").items()}
    problems = [problem for where, one in told.items() for problem in _compare_process(own, one, where)]
    if problems:
        client.close()
        raise CreditError(problems)


def _compare_process(own: ProcessIdentity, told: object, where: str) -> list[Problem]:
    """Compare with what a process told of itself: an error where it has not the code to do so."""
    if isinstance(told, ProcessIdentity):
        return find_differences(own, told, where)
    return [Problem(where, str(told), "the project's code", "start it in the project's folder; docs/scaling.md")]

"""Connect to Dask's scheduler, compare its workers with this process, and wait for workers, but never without end."""

import logging
import sys
import time
from functools import cache
from typing import TYPE_CHECKING, Any

from credit.common.errors import CreditError, Problem, raise_if_any
from credit.engine.identity import ProcessIdentity, describe_process, find_differences

if TYPE_CHECKING:
    from distributed import Client, Future

LOOK = 10.0
"""Seconds between looks whether there still is a worker."""
_ABSENCE = 300.0
"""Seconds without a worker, before nobody waits any longer: a cluster may add a machine meanwhile."""
_CONNECTING = 20.0
"""Seconds in which a scheduler has to answer at first."""
_ANSWER = 60.0
"""Seconds in which it has to answer later, when it may be busy with parts."""
_COMPARING = 360.0
"""Seconds in which all workers have to say what they are: one that says nothing is given up by the scheduler in 300."""
_LARGE = "1GiB"
LOCAL = "CREDIT_ENGINE=local computes here"


def find_client(address: str) -> "Client":
    """Find the connection to a scheduler, or connect anew where the one before was lost. Raises as `connect` does."""
    if connect(address).status == "closed":
        connect.cache_clear()
    return connect(address)


def wait_for_worker(client: "Client", address: str, future: "Future[Any] | None" = None) -> int:
    """Wait until there is a worker, and say so meanwhile; count the threads of workers. Or until a result is there.

    Raises CreditError when no worker comes for five minutes, or the scheduler does not answer.
    """
    end = time.monotonic() + _ABSENCE
    while not (threads := _count_threads(client, address)) and not (future and future.done()):
        left = end - time.monotonic()
        if left <= 0:
            found = f"no worker that computes for {_ABSENCE:g} seconds"
            raise CreditError(Problem(address, found, "at least one", f"docs/scaling.md starts them; {LOCAL}"))
        print(f"{address}: no worker that computes; waiting for one, {left:.0f} s more", file=sys.stderr, flush=True)
        time.sleep(min(LOOK, left))
    return threads


def _count_threads(client: "Client", address: str) -> int:
    """Count the threads of workers that compute: one that is paused for want of memory only ends what it has begun."""
    try:
        if client.scheduler is None:
            raise ConnectionError  # closed after the scheduler was lost
        told = client.sync(client.scheduler.identity, n_workers=-1, callback_timeout=_ANSWER)
    except OSError as error:
        raise CreditError(_describe_silence(address, error)) from None
    return sum(
        worker["nthreads"]
        for worker in told["workers"].values()
        if worker["status"] == "running" or worker["metrics"].get("task_counts", {}).get("executing")
    )


@cache
def connect(address: str) -> "Client":
    """Connect to a scheduler, once per process, and compare every worker with this process.

    Raises CreditError when Dask is not installed, the scheduler does not answer or has no workers for five minutes, or
    a worker would compute other bytes.
    """
    try:
        import dask
        from distributed import Client
    except ModuleNotFoundError as error:
        fix = f"pip install the group `cluster` of pyproject.toml; {LOCAL}"
        raise CreditError(Problem("the engine dask", f"no package {error.name}", fix=fix)) from None
    for name in [one for one in logging.root.manager.loggerDict if one.startswith("distributed")]:
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what they say is said below, in one line
    dask.config.set({"distributed.admin.large-graph-warning-threshold": _LARGE})  # folds are tables
    try:
        client = Client(address, timeout=_CONNECTING, set_as_default=False)
    except (OSError, ValueError) as error:
        found = f"no scheduler answers: {type(error).__name__}"
        raise CreditError(Problem(address, found, fix=f"make cluster starts one here; {LOCAL}")) from None
    try:
        wait_for_worker(client, address)
        _compare_processes(client, address)
    except CreditError:
        client.close()
        raise
    return client


def _compare_processes(client: "Client", address: str) -> None:
    """Raise CreditError with every difference between this process and the scheduler or a worker.

    A worker that is killed meanwhile is left out: each is compared at its parts too.
    """
    try:
        told = {"the scheduler": _ask_scheduler(client)}
        answers = client.run(describe_process, on_error="return", callback_timeout=_COMPARING)
        alive = client.nthreads(callback_timeout=_ANSWER)
    except OSError as error:
        raise CreditError(_describe_silence(address, error)) from None
    told |= {f"the worker {name}": one for name, one in answers.items() if name in alive and not _is_lost(one)}
    own = describe_process()
    raise_if_any([problem for where, one in told.items() for problem in _compare_process(own, one, where)])


def _ask_scheduler(client: "Client") -> object:
    """Ask the scheduler what it is: it reads each part before a worker does, and computes none."""
    try:
        scheduler = client.run_on_scheduler(describe_process, callback_timeout=_ANSWER)
    except ModuleNotFoundError as error:
        return error
    return scheduler._replace(blas_threads="1")


def _describe_silence(address: str, error: OSError) -> Problem:
    return Problem(address, f"no answer of the scheduler: {type(error).__name__}", fix=f"start it again, or {LOCAL}")


def _is_lost(answer: object) -> bool:
    from distributed.comm.core import CommClosedError

    return isinstance(answer, CommClosedError)


def _compare_process(own: ProcessIdentity, told: object, where: str) -> list[Problem]:
    """Compare with what a process told of itself: an error where it has not the code to do so."""
    if isinstance(told, ProcessIdentity):
        return find_differences(own, told, where)
    return [Problem(where, str(told), "the project's code", "start it in the project's folder; docs/scaling.md")]

"""Start a scheduler and workers on this machine, to try the engine dask without a cluster; Ctrl-C ends them all."""

import os
import signal
from threading import Thread

import click

from credit.common import cli
from credit.common.errors import CreditError, Problem, run_command

_FOR_EVER = "1000 days"
"""A worker is started again however long that takes: on a busy machine its imports take more than Dask's 15 seconds."""


def _end_at_eof() -> None:
    while os.read(0, 4096):  # without the lock of sys.stdin, which Python wants when it ends by another signal
        pass
    os.kill(os.getpid(), signal.SIGTERM)


@click.command(cls=cli.Command, help=__doc__, epilog="Run by `make cluster`.")
@click.option("--workers", type=click.IntRange(min=1), default=2, show_default=True, help="processes that compute")
@click.option("--port", type=click.IntRange(0, 65535), default=8786, show_default=True, help="0: any that is free")
@click.option("--memory", default="2GiB", show_default=True, help="of a worker, which is restarted beyond")
@click.option("--until-eof", is_flag=True, help="end when standard input does: with the process that writes to it")
def run(workers: int, port: int, memory: str, until_eof: bool) -> None:
    """Serve on loopback only: whoever reaches a scheduler runs code as its workers' user."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # Dask sets it too, for workers that it watches
    os.environ["PYTHONWARNINGS"] = "ignore:Inside a Dask worker"  # that a forest is trained on the worker's own core
    import dask
    from dask.utils import parse_bytes
    from distributed import LocalCluster

    try:
        parse_bytes(memory)
    except ValueError:
        raise CreditError(Problem("--memory", memory, "an amount such as 2GiB")) from None
    dask.config.set({"distributed.deploy.lost-worker-timeout": _FOR_EVER})
    options = {"processes": True, "threads_per_worker": 1, "memory_limit": memory, "dashboard_address": "127.0.0.1:0"}
    try:
        cluster = LocalCluster(n_workers=workers, host="127.0.0.1", scheduler_port=port, silence_logs=50, **options)
    except RuntimeError as error:
        cause: BaseException = error
        while deeper := cause.__cause__ or cause.__context__:
            cause = deeper
        raise CreditError(Problem(f"127.0.0.1:{port}", str(cause).rstrip("."), fix="take another --port")) from None
    with cluster:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        if until_eof:
            Thread(target=_end_at_eof, daemon=True).start()
        print(f"{workers} workers; use them by CREDIT_ENGINE={cluster.scheduler_address}", flush=True)
        signal.pause()


if __name__ == "__main__":
    run_command(lambda: cli.run(run, "python -m credit.engine"), "the workers have ended")

"""Nothing waits without end for workers: what is missing is told while it is waited for, and then in one line."""

import asyncio
import operator
import time
from collections.abc import Iterator
from contextlib import suppress
from threading import Timer

import pytest
from distributed import LocalCluster, Status

from credit.common.errors import CreditError
from credit.engine import cluster as mapping
from credit.engine import connection
from credit.engine.identity import describe_process
from credit.engine.mapping import map_partitions
from credit.engine.settings import VARIABLE


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalCluster]:
    """A scheduler and a worker within this process, which is the engine."""
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    describe_process.cache_clear()
    monkeypatch.setattr(connection, "LOOK", 0.05)
    monkeypatch.setattr(mapping, "LOOK", 0.05)
    options = {"processes": False, "host": "127.0.0.1", "protocol": "tcp://", "dashboard_address": None}
    with LocalCluster(n_workers=1, threads_per_worker=1, **options) as cluster:
        monkeypatch.setenv(VARIABLE, cluster.scheduler_address)
        yield cluster
        monkeypatch.setattr(connection, "_ABSENCE", 0.0)
        with suppress(CreditError):
            connection.connect(cluster.scheduler_address).close()
    connection.connect.cache_clear()
    describe_process.cache_clear()


def negate_all(numbers: range) -> list[int]:
    return list(map_partitions(operator.neg, numbers, "negate"))


def lose_workers(cluster: LocalCluster) -> None:
    cluster.scale(0)
    cluster.sync(cluster._correct_state)
    assert not cluster.scheduler.workers


def test_a_worker_that_comes_late_is_waited_for_and_said_to_be(
    here: LocalCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    lose_workers(here)
    timer = Timer(0.3, here.scale, [1])
    timer.start()
    assert negate_all(range(3)) == [0, -1, -2]
    timer.join()
    first = capsys.readouterr().err.splitlines()[0]
    assert first == f"{here.scheduler_address}: no worker that computes; waiting for one, 300 s more"


@pytest.mark.parametrize("is_connected", [False, True])
def test_a_cluster_that_stays_without_workers_ends_in_one_line(
    here: LocalCluster, monkeypatch: pytest.MonkeyPatch, *, is_connected: bool
) -> None:
    if is_connected:
        assert negate_all(range(2)) == [0, -1]
    lose_workers(here)
    monkeypatch.setattr(connection, "_ABSENCE", 0.2)
    with pytest.raises(CreditError, match=r"^tcp://.*: found no worker that computes for 0.2 seconds, expected"):
        negate_all(range(3))


def test_a_worker_that_is_paused_for_memory_counts_as_none(here: LocalCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    assert negate_all(range(2)) == [0, -1]
    (worker,) = here.workers.values()
    worker.memory_manager.memory_pause_fraction = False  # or the next look at the memory lets it go on
    here.loop.add_callback(setattr, worker, "status", Status.paused)
    while {known.status for known in here.scheduler.workers.values()} != {Status.paused}:
        time.sleep(0.01)
    monkeypatch.setattr(connection, "_ABSENCE", 0.2)
    with pytest.raises(CreditError, match=r"no worker that computes for 0.2 seconds"):
        negate_all(range(3))


def test_a_paused_worker_that_still_computes_a_part_is_waited_for(
    here: LocalCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    paused = {"status": "paused", "nthreads": 2, "metrics": {"task_counts": {}}}
    computing = paused | {"metrics": {"task_counts": {"executing": 1}}}
    client = connection.connect(here.scheduler_address)
    monkeypatch.setitem(here.scheduler.handlers, "identity", lambda **_: {"workers": {"a": paused, "b": computing}})
    assert connection.wait_for_worker(client, "tcp://s") == 2


def test_a_connection_that_was_lost_is_made_again(here: LocalCluster) -> None:
    assert negate_all(range(2)) == [0, -1]
    connection.connect(here.scheduler_address).close()
    assert negate_all(range(3)) == [0, -1, -2]


def test_a_scheduler_that_answers_nothing_ends_in_one_line(here: LocalCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    assert negate_all(range(2)) == [0, -1]
    lose_workers(here)

    async def keep_silent(**_: object) -> None:
        await asyncio.sleep(3600)

    monkeypatch.setitem(here.scheduler.handlers, "identity", keep_silent)
    monkeypatch.setattr(connection, "_ANSWER", 0.2)
    with pytest.raises(CreditError, match=r"^tcp://.*: no answer of the scheduler: TimeoutError; start it again"):
        negate_all(range(3))

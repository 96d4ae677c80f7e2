"""Tasks run one by one in this process until processes are worth their start."""

import os

import pytest
from joblib import delayed

from credit.common.parallel import keep_blas_to_one_thread
from credit.engine.mapping import run_tasks


def _tell(number: int) -> tuple[int, int]:
    return number, os.getpid()


@pytest.mark.usefixtures("all_cores")
@pytest.mark.parametrize(
    ("worth", "threaded", "elsewhere"), [(1e9, False, False), (-1.0, True, False), (-1.0, False, True)]
)
def test_processes_are_started_only_where_they_are_worth_it(worth: float, threaded: bool, elsewhere: bool) -> None:
    """The first task always runs here: it says how long one takes. Whoever ran them, their order stays."""
    told = run_tasks([delayed(_tell)(number) for number in range(6)], "test", worth=worth, threaded=threaded)
    assert [number for number, _ in told] == list(range(6))
    assert told[0][1] == os.getpid()
    assert any(pid != os.getpid() for _, pid in told) == elsewhere


def test_no_task_and_one_task_start_nothing() -> None:
    assert run_tasks([], "test", worth=-1.0) == []
    assert run_tasks([delayed(_tell)(7)], "test", worth=-1.0) == [(7, os.getpid())]


def test_a_number_of_threads_that_somebody_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    keep_blas_to_one_thread()
    assert os.environ["OPENBLAS_NUM_THREADS"] == "1"
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "4")
    keep_blas_to_one_thread()
    assert os.environ["OPENBLAS_NUM_THREADS"] == "4"

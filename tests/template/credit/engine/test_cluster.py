"""A cluster computes what one machine does, bit by bit, whatever is killed; what it cannot is said in one line."""

import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from credit.common.errors import CreditError, Problem
from credit.engine import connection
from credit.engine.cluster import Refusal, run_part
from credit.engine.identity import ProcessIdentity, describe_process, find_differences
from credit.engine.mapping import map_partitions
from credit.engine.settings import VARIABLE
from credit.evaluation.predictions import Predictions, write_predictions
from credit.fairness.partitions import count_people_in
from testing.lenders.people import SCORE, make_contract

CONTRACT = make_contract(score=SCORE)


def write_people(file: Path, rows: int = 70) -> Path:
    """Predictions of scores whose sums depend on the order in which they are added."""
    rng = np.random.default_rng(0)
    scores = rng.random(rows) ** 9
    people = pd.DataFrame({"race": rng.choice(["white", "Black", None], rows)})
    folds, paid = np.zeros(rows, np.int64), rng.random(rows) > 0.3
    decisions = np.where(scores > 0.3, "approve", "deny")
    write_predictions(file, CONTRACT, Predictions(people, folds, paid, scores, decisions))
    return file


def count_bytes(file: Path) -> dict[str, bytes]:
    counts = count_people_in(file, CONTRACT)
    return {
        **{f"people {key}": table.tobytes() for key, table in counts.people.items()},
        **{f"scores {key}": table.tobytes() for key, table in counts.scores.items()},
    }


def choose_engine(monkeypatch: pytest.MonkeyPatch, folder: Path, engine: str) -> None:
    monkeypatch.chdir(folder)
    (folder / "params.yaml").write_text(f"engine: {engine}")


def test_counts_are_the_same_bytes_however_blocks_are_dealt_here_and_on_a_cluster(
    cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("credit.data.tables.PARTITION_ROWS", 10)
    file = write_people(tmp_path / "logistic.parquet")
    describe_process()  # before the folder is another one
    told = []
    for where in ("kind: local", f"kind: dask, address: '{cluster}'"):
        for partitions in (1, 2, 7, "null"):
            choose_engine(monkeypatch, tmp_path, f"{{{where}, partitions: {partitions}}}")
            told.append(count_bytes(file))
    assert told == told[:1] * 8
    monkeypatch.setattr("credit.data.tables.PARTITION_ROWS", 70)
    assert {name: told[0][name] for name in told[0] if name.startswith("people")}.items() <= count_bytes(file).items()


def test_counts_are_the_same_bytes_when_a_worker_is_killed_in_their_middle(
    cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it has counted goes with it, and is counted again by the other one."""
    monkeypatch.setattr("credit.data.tables.PARTITION_ROWS", 10)
    file = write_people(tmp_path / "logistic.parquet")
    here, killed = count_bytes(file), []

    def map_and_kill(*given: Any) -> Iterator[Any]:
        counts = map_partitions(*given)
        yield next(counts)
        killed.append(min(connection.connect(cluster).run(os.getpid).values()))
        os.kill(killed[0], signal.SIGKILL)
        yield from counts

    monkeypatch.setattr("credit.fairness.partitions.map_partitions", map_and_kill)
    monkeypatch.setenv(VARIABLE, cluster)
    assert count_bytes(file) == here
    assert killed


def _kill_once(folder: Path, number: int) -> tuple[int, int]:
    """Kill the own process at the fourth part, the first time."""
    if number == 3 and not (folder / "killed").exists():
        (folder / "killed").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number, number * number


def test_a_worker_that_is_killed_in_the_middle_loses_nothing(
    cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, cluster)
    told = list(map_partitions(partial(_kill_once, tmp_path), range(7), "test"))
    assert (tmp_path / "killed").exists()
    assert told == [(number, number * number) for number in range(7)]


def _kill(number: int) -> None:
    if number == 1:
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_part_that_kills_every_worker_is_an_error_of_one_line(cluster: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, cluster)
    with pytest.raises(CreditError, match=r"^count: every worker that tried a part of it was killed; is there enough"):
        list(map_partitions(_kill, range(2), "count"))


def _refuse(number: int) -> int:
    if number == 2:
        raise CreditError(Problem("row 2", "x", "y"))
    if number == 5:
        raise PermissionError("a folder of the worker")
    return number


def test_an_error_of_a_part_is_the_error_here(cluster: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, cluster)
    with pytest.raises(CreditError, match=r"^row 2: found x, expected y$"):
        list(map_partitions(_refuse, range(4), "test"))
    with pytest.raises(PermissionError, match=r"^a folder of the worker$"):
        list(map_partitions(_refuse, range(4, 7), "test"))


def test_workers_with_other_code_are_refused_before_they_compute(cluster: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("credit.engine.identity._hash_code", lambda: "0" * 64)
    describe_process.cache_clear()
    try:
        with pytest.raises(CreditError) as caught:
            connection.connect.__wrapped__(cluster)
    finally:
        describe_process.cache_clear()
    told = [str(one) for one in caught.value.problems]
    assert told[0].startswith("the scheduler: found code ")
    assert all(line.startswith("the worker tcp://") and "restart the workers" in line for line in told[1:]), told


def test_a_worker_that_joins_later_is_compared_too() -> None:
    """`run_part` is what a worker runs."""
    own = describe_process()._replace(python="3.99.0")
    assert isinstance(refusal := run_part(own, abs, -1), Refusal)
    assert "found Python" in str(refusal.problems[0])


HERE = ProcessIdentity("/project", "3.12.1", "x86_64", {"numpy": "2.5.0"}, "a" * 64, "4")


@pytest.mark.parametrize(
    ("there", "line"),
    [
        ({"folder": "/elsewhere"}, "w: found the folder /elsewhere, expected /project; start workers in the project's"),
        ({"python": "3.11.7"}, "w: found Python 3.11.7, expected 3.12.1; install requirements.lock there too"),
        ({"machine": "aarch64"}, "w: found a processor aarch64, expected x86_64; "),
        ({"packages": {"numpy": "2.4.0"}}, "w: found numpy 2.4.0, expected 2.5.0; "),
        ({"packages": {}}, "w: found numpy none, expected 2.5.0; "),
        ({"code": "b" * 64}, "w: found code bbbbbbbbbbbb, expected aaaaaaaaaaaa, as here; restart the workers"),
        ({"blas_threads": ""}, "w: found OPENBLAS_NUM_THREADS=, expected 1; sums that are cut for threads"),
    ],
)
def test_each_difference_that_could_change_a_result_is_named(there: dict[str, object], line: str) -> None:
    same = HERE._replace(blas_threads="1")
    assert find_differences(HERE, same, "w") == []
    (problem,) = find_differences(HERE, same._replace(**there), "w")
    assert str(problem).startswith(line)


def test_a_scheduler_that_does_not_answer_is_an_error_of_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "tcp://127.0.0.1:1")
    monkeypatch.setattr(connection, "_CONNECTING", 0.2)
    with pytest.raises(CreditError, match=r"^tcp://127.0.0.1:1: no scheduler answers.*CREDIT_ENGINE=local"):
        list(map_partitions(abs, [1, 2], "test"))

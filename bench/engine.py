"""Fairness counts of 3,000,000 people in this process, and by two Dask workers on this machine: the same bytes.

CPU seconds, which other programs hardly move. Both read the file, 250,000 rows at a time.
"""

import os
import resource
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from bench.report import BenchTable
from credit.contract import Contract, load_contract
from credit.contract.groups import list_groups
from credit.engine.connection import connect
from credit.engine.settings import VARIABLE
from credit.evaluation.predictions import Predictions, write_predictions
from credit.fairness.counts import PeopleCounts
from credit.fairness.partitions import count_people_in
from testing.parts.dask_cluster import run_dask_cluster

ROOT = Path(__file__).parents[1]
ROWS = 3_000_000


def measure() -> BenchTable:
    """Measure CPU seconds of the driver and of the workers, and the largest worker's memory."""
    contract = load_contract(ROOT / "data/contracts/scenario.yaml")
    os.chdir(ROOT)  # where the workers are
    with TemporaryDirectory() as folder, run_dask_cluster(ROOT) as (address, _):
        file = Path(folder) / "bench.parquet"
        write_people(file, contract)
        os.environ[VARIABLE] = "local"
        here, own, _ = count_by(contract, file)
        os.environ[VARIABLE] = address
        workers = connect(address)
        idle = workers.run(use)
        there, driver, _ = count_by(contract, file)
        used = workers.run(use)
    assert dump(here) == dump(there)
    spent = sum(used[name][0] - idle[name][0] for name in used)
    largest = max(memory for _, memory in used.values())
    return BenchTable(
        ("engine", "CPU seconds of the driver", "CPU seconds of the workers", "peak MiB of a worker"),
        [("local", f"{own:.1f}", "", ""), ("dask, 2 workers", f"{driver:.1f}", f"{spent:.1f}", f"{largest:,.0f}")],
    )


def write_people(file: Path, contract: Contract) -> None:
    """Write predictions about random people."""
    rng = np.random.default_rng(0)
    groups = {name: rng.choice(np.array(list_groups(contract, name)[:-1]), ROWS) for name in contract.protected}
    ids = {name: np.arange(ROWS).astype(str) for name in contract.find_by_role("id")}
    scores, folds = rng.random(ROWS), np.zeros(ROWS, np.int64)
    decisions = np.where(scores > 0.4, "approve", "deny")
    people = pd.DataFrame(groups | ids)
    write_predictions(file, contract, Predictions(people, folds, rng.random(ROWS) < 0.8, scores, decisions))


def count_by(contract: Contract, file: Path) -> tuple[PeopleCounts, float, float]:
    """Count the people by the engine of the variable: the counts, CPU seconds and peak MiB of this process."""
    before, _ = use()
    counts = count_people_in(file, contract)
    after, memory = use()
    return counts, after - before, memory


def use() -> tuple[float, float]:
    """Tell the CPU seconds of this process until now, and its peak MiB."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def dump(counts: PeopleCounts) -> list[bytes]:
    """Dump every table as its bytes."""
    return [table.tobytes() for table in (*counts.people.values(), *counts.scores.values())]

"""The counts that every fairness figure comes from: 100,000,000 people of one candidate's predictions, in Parquet.

Four attributes and all their pairs, in a process of its own, scores and decisions drawn by chance.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.project import copy_project
from bench.report import BenchTable, format_target
from credit.contract import Contract, load_contract
from credit.contract.levels import UNDISCLOSED
from credit.evaluation.predictions import map_people_columns
from credit.fairness.inputs import list_attribute_groups
from credit.scoring.policy import DECISION_KINDS

ROWS, GROUP_ROWS = 100_000_000, 1_000_000
CONTRACT = "data/contracts/scenario.yaml"
COUNT = f"""
from pathlib import Path
from credit.contract import load_contract
from credit.fairness.partitions import count_people_in
counts = count_people_in(Path("predictions.parquet"), load_contract(Path("{CONTRACT}")))
assert counts.rows == {ROWS}, counts.rows
"""


def measure() -> BenchTable:
    """Measure seconds and peak memory."""
    with copy_project() as project:
        write_predictions(project.folder / "predictions.parquet", load_contract(project.folder / CONTRACT))
        usage = project.run("python", "-c", COUNT)
    row = (f"{ROWS:,}", f"{usage.seconds:.1f}", f"{usage.cpu:.1f}", format_target(usage.seconds, 60, "60 s"))
    columns = ("rows", "seconds", "processor seconds", "target", "peak MiB")
    return BenchTable(columns, [(*row, usage.mebibytes)])


def write_predictions(path: Path, contract: Contract) -> None:
    """Write predictions as `predict` does, a row group at a time."""
    groups = list_attribute_groups(contract)
    writer = None
    for number in range(ROWS // GROUP_ROWS):
        random = np.random.default_rng(number)
        scores = random.beta(5, 2, GROUP_ROWS)
        columns = {}
        for name, own in map_people_columns(contract).items():
            if own not in groups:
                columns[name] = pa.array(np.arange(GROUP_ROWS) + number * GROUP_ROWS)
                continue
            names = pa.array([None if one == UNDISCLOSED else one for one in groups[own]], pa.large_string())
            columns[name] = names.take(pa.array(random.integers(0, len(names), GROUP_ROWS)))
        decisions = np.digitize(scores, [0.5, 0.6], right=True).astype(np.int8)
        columns |= {
            "fold": pa.array(np.zeros(GROUP_ROWS, np.int16)),
            "favourable": pa.array(random.random(GROUP_ROWS) < scores),
            "score": pa.array(scores),
            "decision": pa.DictionaryArray.from_arrays(2 - decisions, pa.array(list(DECISION_KINDS))),
        }
        table = pa.table(columns)
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table)
    if writer:
        writer.close()

"""The watch over live decisions: a million of them with five attributes judged, from an empty state.

SQLite on this disk, rows as the service writes them with 30 inputs, in a process of its own; CPU time, which others on
the machine change least.
"""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from bench.project import ROOT
from bench.report import BenchTable
from credit.decision_log.database import Database

ROWS, ATTRIBUTES = 1_000_000, 5
MAX_SECONDS, MAX_MEBIBYTES = 10, 300

_CODE = """
import resource, sys, time
from pathlib import Path
from credit.contract.columns import Column
from credit.decision_log.database import Database
from watch.follower import Follower
from watch.groups import list_watched_groups
from watch.state import open_state
from watch.streams import Judging

levels = ["x", "y", "z"]
content = {"type": "category", "role": "protected", "allowed": levels, "reference": "x", "missing": "allowed"}
columns = {f"a{i}": Column.model_validate(content | {"description": "d"}) for i in range(int(sys.argv[2]))}
groups = list_watched_groups(columns, {name: [*levels, "undisclosed"] for name in columns})
folder = Path(sys.argv[1])
database = Database(f"sqlite:///{folder}/decisions.db", read_only=True)
start = time.process_time()
with open_state(folder / "watch", "prod") as file:
    rows = Follower("prod", Judging(0.8, 0.01, 180, 0.05), lambda _: groups, file).catch_up([database])
seconds = time.process_time() - start
print(rows, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, (folder / "watch/prod.db").stat().st_size)
"""


def measure() -> BenchTable:
    """Measure one run; raises AssertionError when decisions were lost."""
    with TemporaryDirectory() as temporary:
        _fill(Path(temporary) / "decisions.db")
        words = [sys.executable, "-c", _CODE, temporary, str(ATTRIBUTES)]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    rows, seconds, kibibytes, state = map(float, done.stdout.split())
    assert rows == ROWS
    mebibytes = kibibytes / 1024
    listed = [
        ("CPU seconds", f"{seconds:.1f}", f"{MAX_SECONDS}"),
        ("most memory, MiB", f"{mebibytes:.0f}", f"{MAX_MEBIBYTES}"),
        ("state on the disk, KiB", f"{state / 1024:.0f}", ""),
    ]
    return BenchTable((f"{ROWS:,} decisions, {ATTRIBUTES} attributes", "found", "at most"), listed)


def _fill(path: Path) -> None:
    database = Database(f"sqlite:///{path}")
    database.prepare()
    database.close()
    connection = sqlite3.connect(path)
    names = "id decided_at decision score reasons decided_by version digest entry inputs protected caller environment"
    columns = [*names.split(), "writer", "sequence"]
    insert = f"INSERT INTO decisions ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
    with connection:
        connection.executemany(insert, _make_rows())
    connection.close()


def _make_rows() -> Iterator[tuple[Any, ...]]:
    chance, begin = Random(17), datetime(2026, 1, 1)
    inputs = json.dumps({f"feature_{i}": i * 0.37 for i in range(30)})
    for number in range(ROWS):
        protected = {f"a{i}": chance.choice(["x", "x", "y", "z", None]) for i in range(ATTRIBUTES)}
        moment = f"{begin + timedelta(seconds=15 * number):%Y-%m-%d %H:%M:%S}.000000"
        kind = chance.choice(["approve", "approve", "approve", "deny", "refer"])
        fixed = (0.5, "[]", "model", "v1.0.0", "d" * 64, 1, inputs, json.dumps(protected), "c", "prod", "w" * 32)
        yield (f"{number:032x}", moment, kind, *fixed, number + 1)

"""Applications get the same decisions wherever they are decided: those of a file, and those of a log again."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from credit.bundle.examples import EXAMPLES_FILE
from credit.common.errors import CreditError
from credit.common.files import read_json
from credit.engine import connection
from credit.engine.identity import describe_process
from credit.engine.mapping import check_engine
from credit.engine.settings import VARIABLE
from credit.registry import versions
from credit.registry.names import parse_version
from credit.registry.store import Store
from release.oncall import redeciding
from release.oncall.affected import LiveDecider
from release.oncall.redeciding import Redecisions, load_here
from service.batch import score
from service.engine.loading import PackedVersion, pack_version
from testing.lenders.frozen import ROOT
from testing.stores import disk

__all__ = ["disk"]

BUNDLE = ROOT / "tests/template/credit/bundle/formats/3-logistic/bundle"
ROWS = [one["row"] for one in read_json(BUNDLE / EXAMPLES_FILE)] * 4

Choose = Callable[[str, int | None], None]


@pytest.fixture
def packed(disk: Store) -> PackedVersion:
    """A version that was published."""
    versions.publish_bundle(disk, parse_version("v1.0.0"), BUNDLE, "0" * 40, "tester")
    return pack_version(disk, "prod", "v1.0.0")


@pytest.fixture
def choose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Choose:
    """Choose the engine, and how many parts it deals; a file is read in blocks of 20 rows, a log decided by 10."""
    describe_process()  # before the folder is another one
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("service.batch.source.BLOCK_ROWS", 20)
    monkeypatch.setattr(score, "BLOCK_ROWS", 20)
    monkeypatch.setattr(redeciding, "_BLOCK", 10)

    def choose(engine: str, partitions: int | None) -> None:
        monkeypatch.setenv(VARIABLE, "local" if engine == "processes" else engine)
        monkeypatch.setattr("credit.engine.local._IMPORTS", -1e9 if engine == "processes" else 2.0)
        Path("params.yaml").write_text(f"engine: {{partitions: {'null' if partitions is None else partitions}}}")

    return choose


def write_applications(folder: Path) -> Path:
    """Write applications, of which two break the contract, in two files that count as one."""
    rows: list[dict[str, Any]] = [dict(row, number=number) for number, row in enumerate(ROWS)]
    number = next(name for name, value in ROWS[0].items() if isinstance(value, float))
    for place in (3, 111):
        rows[place][number] = -1e30
    (folder / "in").mkdir()
    for name, some in (("a", rows[:70]), ("b", rows[70:])):
        pq.write_table(pa.Table.from_pylist(some, pa.Table.from_pylist(rows).schema), folder / f"in/{name}.parquet")
    return folder / "in"


def test_a_file_is_decided_to_the_same_bytes_however_its_blocks_are_dealt(
    cluster: str, packed: PackedVersion, choose: Choose, tmp_path: Path
) -> None:
    there, told = write_applications(tmp_path), []
    ways = [("local", 1), ("local", 2), ("local", 7), ("processes", None), (cluster, 7), (cluster, None)]
    for engine, partitions in ways:
        choose(engine, partitions)
        files = tmp_path / "out.parquet", tmp_path / "rejected.csv"
        tally = score.score_file(packed, there, *files)
        told.append((tally, [file.read_bytes() for file in files]))
    assert told == told[:1] * len(ways)
    assert (tally.rows, tally.decided, tally.broken.total()) == (128, 126, 2)
    assert pq.read_table(tmp_path / "out.parquet").column("row").to_pylist() == sorted({*range(1, 129)} - {4, 112})


def test_an_application_of_a_log_is_decided_alike_and_once_while_the_sample_grows(
    cluster: str, disk: Store, packed: PackedVersion, choose: Choose, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = packed.entry.model_copy(update={"kind": "fallback"})
    people = {f"{place:032}": row for place, row in enumerate(ROWS[:25])}
    expected = {entry.kind: load_here(disk, entry)(people) for entry in (packed.entry, rule)}
    assert expected["deploy"] != expected["fallback"]
    assert {one.kind for one in expected["deploy"]} == {"approve", "deny"}
    assert {one.rule_because is None for one in expected["deploy"]} == {True}
    assert {one.rule_because is None for one in expected["fallback"]} == {False}
    grown = dict(list(people.items())[:15]), dict(list(people.items())[4:])
    decided = []
    decide = LiveDecider.decide_inputs
    monkeypatch.setattr(LiveDecider, "decide_inputs", lambda *a: decided.append(1) or decide(*a))
    for engine in ("local", cluster):
        choose(engine, 2)
        redecisions = Redecisions(disk)
        for entry in (packed.entry, rule):
            told = [redecisions.load(entry)(some) for some in grown]
            assert told == [expected[entry.kind][:15], expected[entry.kind][4:]]
        assert engine != "local" or len(decided) == 2 * len(people)


def test_without_dask_its_engine_is_an_error_of_one_line(choose: Choose, monkeypatch: pytest.MonkeyPatch) -> None:
    """The images of service and watch have none."""
    monkeypatch.setitem(sys.modules, "dask", None)
    connection.connect.cache_clear()
    choose("tcp://127.0.0.1:1", None)
    with pytest.raises(CreditError, match=r"^the engine dask: no package dask; .*; CREDIT_ENGINE=local computes here$"):
        check_engine()
    choose("local", None)
    check_engine()

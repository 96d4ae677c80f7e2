"""Set rows aside that break the contract, with the reason; count them; stop when there are too many.

The Great Expectations suite is built from the contract. Rows are never repaired and never dropped silently: they go
to the quarantine file, the counts to `reports/validation.json`.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from credit.common.cli import make_stage
from credit.common.errors import raise_if_any
from credit.common.files import atomic_write
from credit.common.params import read_params
from credit.contract import Contract, load_contract
from credit.data.splitting import check_parts
from credit.data.sql_text import quote_identifier, scan_parquet_sql
from credit.data.table_parts import TablePart, list_parts, read_part
from credit.data.tables import open_table, read_folded_levels
from credit.engine.mapping import map_partitions
from credit.validation.expectations import ContractBreach, ContractSuite, ValidateParams
from credit.validation.fitness import find_unfitness
from credit.validation.tally import ValidationTally


def validate_table(
    contract: Contract, params: ValidateParams, typed: Path, accepted: Path, quarantined: Path
) -> ValidationTally:
    """Split the typed table into accepted and quarantined rows (with `row` and `reasons`); return the counts.

    The contract must be bound to the table. Raises CreditError, and writes nothing, when too many rows are set aside
    or what is left is not fit to learn from.
    """
    table = open_table(typed)
    repeated, parts = find_repeated_ids(contract, typed), list_parts(typed)
    tally = ValidationTally(contract, read_folded_levels(table))
    schema = table.schema_arrow.remove_metadata()
    aside = pa.schema(
        [(_make_unique("row", schema.names), pa.int64()), (_make_unique("reasons", schema.names), pa.string()), *schema]
    )
    options = {"compression": "zstd", "store_schema": False}
    written = {"accepted": 0, "set aside": 0}
    with (
        atomic_write(accepted) as good,
        atomic_write(quarantined) as set_aside,
        pq.ParquetWriter(good, schema, **options) as good_writer,
        pq.ParquetWriter(set_aside, aside, **options) as aside_writer,
    ):
        for sides, counted in map_partitions(partial(_check_part, contract, repeated, aside), parts, "validate"):
            for name, writer in (("accepted", good_writer), ("set aside", aside_writer)):
                writer.write_batch(sides[name])
                written[name] += sides[name].num_rows
            tally.merge(counted)
        raise_if_any(find_unfitness(tally, params, str(typed)))
        check_parts(str(typed), written, table.metadata.num_rows)
        for name, groups in tally.groups.items():
            check_parts(f"{typed}: {name}", groups, written["accepted"])
    return tally


def _check_part(
    contract: Contract, repeated_ids: Sequence[Any], aside: pa.Schema, part: TablePart
) -> tuple[dict[str, pa.RecordBatch], ValidationTally]:
    """Check a block of rows: those that stay, those that go, and their counts."""
    partition, tally = read_part(part), ValidationTally(contract)
    bad = ContractSuite(contract, repeated_ids).find_breaches(partition)
    tally.add(partition, bad)
    quarantined = _quarantine_rows(partition, bad, part.start, aside)
    return {"accepted": _drop_rows(partition, bad), "set aside": quarantined}, tally


def _make_unique(name: str, taken: list[str]) -> str:
    """Make a name unique among the table's own columns by appending underscores."""
    while name.lower() in map(str.lower, taken):
        name += "_"
    return name


def find_repeated_ids(contract: Contract, typed: Path) -> list[Any]:
    """Find the values of the id column that more than one row has."""
    ids = list(contract.find_by_role("id"))
    if not ids:
        return []
    import duckdb  # not needed where the contract has no id

    name = quote_identifier(ids[0])
    query = f"SELECT {name} FROM {scan_parquet_sql([typed])} GROUP BY 1 HAVING count(*) > 1 ORDER BY 1"
    return [row[0] for row in duckdb.connect().execute(query).fetchall()]


def _drop_rows(partition: pa.RecordBatch, bad: dict[int, list[ContractBreach]]) -> pa.RecordBatch:
    if not bad:
        return partition
    mask = np.ones(partition.num_rows, np.bool_)
    mask[list(bad)] = False
    return partition.filter(pa.array(mask))


def _quarantine_rows(
    partition: pa.RecordBatch, bad: dict[int, list[ContractBreach]], before: int, schema: pa.Schema
) -> pa.RecordBatch:
    rows = sorted(bad)
    columns = partition.take(pa.array(rows, pa.int64())).columns
    numbers = pa.array([before + row + 1 for row in rows], pa.int64())
    reasons = pa.array(["; ".join(map(str, bad[row])) for row in rows], pa.string())
    return pa.RecordBatch.from_arrays([numbers, reasons, *columns], schema=schema)


@make_stage(__doc__)
def run(contract_file: Path, typed_file: Path, accepted_file: Path, quarantined_file: Path, report_file: Path) -> None:
    """Write accepted and quarantined rows and the report."""
    params = read_params(ValidateParams, "validate")
    contract = load_contract(contract_file).bind(open_table(typed_file).schema_arrow.names, str(typed_file))
    tally = validate_table(contract, params, typed_file, accepted_file, quarantined_file)
    tally.build_report().write(report_file)
    print(f"{tally.rows:,} rows: {tally.rows - tally.quarantined:,} accepted, {tally.quarantined:,} set aside")
    for rule in tally.list_breaches():
        print(f"  {rule.column}: {rule.rows:,} found {rule.example or 'otherwise'}, allowed {rule.allowed}")
    for folded in tally.list_folded():
        named = ", ".join(f"{level!r} ({rows:,})" for level, rows in folded.levels.items())
        new = "new to the contract" if folded.is_new else "folded"
        print(f"  {folded.column}: {folded.rows:,} count as {folded.into!r}, {new}{named and f': {named}'}")

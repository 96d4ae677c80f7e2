"""Which rows of two revisions are the same people's, and whether both are measured on the same ones.

Without an id, people are known by their row: a hash of all its columns deals them to the test set, so that one more
column deals them anew, and figures of the two test sets differ because other people are in them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray

from credit.common.errors import CreditError, Problem
from credit.contract import Contract, load_contract
from credit.data.splitting import hash_columns_sql
from credit.data.sql_text import scan_parquet_sql
from credit.reports.base import Count, Flag, ReportPart, Snapshot
from credit.reports.predictions import PredictionsReport
from release.compare.sides import Sides
from release.repository.revision import Revision

ACCEPTED_TABLE, TEST_TABLE = "data/accepted.parquet", "data/test.parquet"


class Uncompared(ReportPart):
    """Nothing, as the predictions or the people cannot be compared."""

    why_not: str


class MeasuredPeople(ReportPart):
    """The people in the test sets of both revisions."""

    base: Count
    head: Count
    common: Count
    """Those who are in both."""
    by_id: Flag
    """Whether they are known by their id; else by the columns that both contracts describe alike."""

    @property
    def are_the_same(self) -> bool:
        """Tell whether everybody is in both."""
        return self.base == self.head == self.common


class RowPairs(NamedTuple):
    """The rows of the same people in two tables: places in each; shape (pairs,)."""

    base: NDArray[np.int64]
    head: NDArray[np.int64]


def compare_test_people(revisions: Sides[Revision]) -> MeasuredPeople | Uncompared | None:
    """Count the people in the test sets of both revisions, and those in both; None: both have the same table."""
    if not _has_changed(revisions, Sides(TEST_TABLE, TEST_TABLE)):
        return None
    try:
        contracts = revisions.map(_load_contract)
        ids = contracts.map(lambda contract: list(contract.find_by_role("id")))
        with _pull_tables(revisions, Sides(TEST_TABLE, TEST_TABLE)) as tables:
            pairs, rows = match_rows(contracts, tables), tables.map(_count_rows)
        by_id = bool(ids.head) and not ids.has_changed
        return MeasuredPeople(base=rows.base, head=rows.head, common=len(pairs.base), by_id=by_id)
    except CreditError as error:
        return Uncompared(why_not=str(error).partition("\n")[0])


def match_judged_people(revisions: Sides[Revision], rows: Sides[int]) -> RowPairs | None:
    """Match the rows of predictions by those of the tables that they were made of; `rows`: how many predictions.

    None where there is nothing to match, as both are of the same table; then they stand in the same order. Raises
    CreditError when a table is out of reach, or has other rows.
    """
    names = revisions.map(read_judged_table)
    if not _has_changed(revisions, names):
        return None
    with _pull_tables(revisions, names) as tables:
        found = tables.map(_count_rows)
        if found != rows:
            words = f"{rows.base:,} and {rows.head:,} rows"
            raise CreditError(Problem("the predictions", words, f"{found.base:,} and {found.head:,}, as the tables"))
        return match_rows(revisions.map(_load_contract), tables)


def read_judged_table(snapshot: Snapshot) -> str:
    """Read which table's rows the predictions are of, in the same order. Raises CreditError without that report."""
    text, where = snapshot.read_text(PredictionsReport.PATH), f"{PredictionsReport.PATH} at {snapshot.name}"
    if text is None:
        raise CreditError(Problem(where, "no such file", fix="run dvc repro and commit reports"))
    return TEST_TABLE if PredictionsReport.parse(text, where).predictions == "test rows" else ACCEPTED_TABLE


def match_rows(contracts: Sides[Contract], tables: Sides[Path]) -> RowPairs:
    """Match the rows of two tables by the id where both have one, else by all columns that are alike in both.

    Of several equal rows, the first is matched with the first, and so on. Raises CreditError when no column is alike.
    """
    names = _list_key_columns(contracts, tables)
    if not names:
        raise CreditError(Problem("the people of both sides", "no column in common to know them by"))
    keys = tables.map(lambda table: _key_rows(table, names))
    both = keys.base.merge(keys.head, on=["key", "occurrence"], suffixes=("_base", "_head"))
    return RowPairs(both["place_base"].to_numpy(np.int64), both["place_head"].to_numpy(np.int64))


def _list_key_columns(contracts: Sides[Contract], tables: Sides[Path]) -> list[str]:
    schemas = tables.map(lambda table: {field.name: field.type for field in pq.read_schema(table)})
    alike = [name for name, kind in schemas.head.items() if schemas.base.get(name) == kind]
    ids = contracts.map(lambda contract: list(contract.find_by_role("id")))
    if ids.head and not ids.has_changed:
        return [name for name in ids.head if name in alike]
    computed = {*contracts.base.derived, *contracts.head.derived}
    return [name for name in alike if name not in computed]


def _key_rows(table: Path, names: list[str]) -> pd.DataFrame:
    """Number the rows of a table by a hash of their values, and equal rows by their order."""
    query = f"SELECT {hash_columns_sql(names, '')} AS key FROM {scan_parquet_sql([table])}"
    keyed = pd.DataFrame({"key": duckdb.connect().execute(query).fetchnumpy()["key"]})
    return keyed.assign(occurrence=keyed.groupby("key").cumcount(), place=np.arange(len(keyed)))


def _has_changed(revisions: Sides[Revision], names: Sides[str]) -> bool:
    """Tell whether the tables of both sides are not known to be the same."""
    base, head = (side.dvc_outputs.get(name) for side, name in zip(revisions, names, strict=True))
    return base is None or base != head


@contextmanager
def _pull_tables(revisions: Sides[Revision], names: Sides[str]) -> Iterator[Sides[Path]]:
    base, head = revisions
    with base.pull_output(names.base) as old, head.pull_output(names.head) as new:
        yield Sides(old, new)


def _load_contract(revision: Revision) -> Contract:
    with revision.extract_file(revision.contract_path) as file:
        return load_contract(file)


def _count_rows(table: Path) -> int:
    return int(pq.read_metadata(table).num_rows)

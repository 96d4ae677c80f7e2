"""The sides and folds of rows: a row keeps its own whatever rows come or go."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import duckdb
from pydantic import Field

from credit.common.errors import CreditError, Problem, raise_if_any
from credit.common.params import Params
from credit.contract import Contract
from credit.data.sql_text import quote_identifier, quote_literal, scan_parquet_sql

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class SplitParams(Params):
    """The block `split`."""

    by: Literal["hash", "time"]
    test_share: float = Field(gt=0, lt=1)
    salt: str


def hash_sql(contract: Contract, salt: str) -> str:
    """Build SQL for a number per row, equal for equal keys; see `hash_columns_sql`.

    The key is the group, so that rows which belong together stay so; else the id; else the whole row.
    """
    names = [contract.group] if contract.group else list(contract.find_by_role("id")) or list(contract.raw)
    return hash_columns_sql(names, salt)


def hash_columns_sql(names: Sequence[str], salt: str) -> str:
    """Build SQL for a number of 60 bits per row, equal for equal values: the first of the md5 of salt and values."""
    key = ", ".join(f"coalesce(CAST({quote_identifier(name)} AS VARCHAR), chr(0))" for name in names)
    digest = f"md5(concat_ws(chr(31), {quote_literal(salt)}, {key}))"
    return f"CAST('0x' || substr({digest}, 1, 15) AS BIGINT)"


def check_times(contract: Contract, params: SplitParams, source: str, connection: duckdb.DuckDBPyConnection) -> None:
    """Raise CreditError where rows are split by time and some of `source` have none: they would be on neither side."""
    times = list(contract.find_by_role("time"))
    if params.by != "time" or not times:
        return
    query = f"SELECT count(*) FILTER ({quote_identifier(times[0])} IS NULL), count(*) FROM {source}"
    ((without, rows),) = connection.execute(query).fetchall()
    if without:
        found = f"time, and {without:,} of {rows:,} accepted rows without {times[0]}"
        fix = f"`missing: refused` on {times[0]} in the contract sets them aside, with their number in the report"
        raise CreditError(Problem("params.yaml: split.by", found, "a time in every row, or hash", fix))


def is_test_sql(contract: Contract, params: SplitParams, source: str) -> str:
    """Build SQL for whether a row of `source` belongs to the test side."""
    if params.by == "time":
        return _is_later_sql(contract, params, source)
    return f"{hash_sql(contract, params.salt)} < {int(params.test_share * 16**15)}"


def _is_later_sql(contract: Contract, params: SplitParams, source: str) -> str:
    """Build SQL for whether a row was applied for after the moment that splits by time; equal times share a side."""
    raise_if_any(find_split_problems(contract, params))
    name = quote_identifier(next(iter(contract.find_by_role("time"))))
    return f"{name} > (SELECT quantile_disc({name}, {1 - params.test_share}) FROM {source})"


def find_split_problems(contract: Contract, params: SplitParams) -> list[Problem]:
    """Find why rows of a contract cannot be split as `params` say."""
    where = "params.yaml: split.by"
    if params.by == "time" and not contract.find_by_role("time"):
        return [Problem(where, "time", "hash", f"{contract.name} has no column of role time")]
    if params.by == "time" and contract.group:
        fix = "who applied before and after the moment would be on both sides"
        return [Problem(where, f"time, and {contract.group} of role group", "hash", fix)]
    return []


def check_parts(where: str, parts: Mapping[str, int], whole: int) -> None:
    """Raise CreditError unless the rows of all parts, by name, add up to those of the whole: none lost, none twice."""
    if sum(parts.values()) != whole:
        found = " + ".join(f"{rows:,} {name}" for name, rows in parts.items())
        fix = "nothing was written; this is a fault of the pipeline, please report it"
        raise CreditError(Problem(where, f"{found} rows", f"{whole:,} together", fix))


def assign_folds(contract: Contract, table: Path, folds: int, salt: str) -> "NDArray[np.int64]":
    """Assign a fold from 0 to `folds` - 1 to each row of a Parquet file, in order; equal keys share one. Shape (n,)."""
    import numpy as np  # not needed by the stage split

    query = f"SELECT {hash_sql(contract, salt)} % {folds} AS fold FROM {scan_parquet_sql([table])}"
    return np.asarray(duckdb.connect().execute(query).fetchnumpy()["fold"], dtype=np.int64)


def mark_test_rows(contract: Contract, accepted: Path, params: SplitParams) -> "NDArray[np.bool_]":
    """Mark the rows of the accepted table that are test rows, in its order; shape (n,)."""
    import numpy as np

    source, connection = scan_parquet_sql([accepted]), duckdb.connect()
    check_times(contract, params, source, connection)
    query = f"SELECT {is_test_sql(contract, params, source)} AS test FROM {source}"
    return np.asarray(connection.execute(query).fetchnumpy()["test"], dtype=np.bool_)

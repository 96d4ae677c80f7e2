"""Divide the accepted rows into training and test rows, so that a row keeps its side when the data grows.

By a hash of the id, or of the whole row where there is no id (equal rows then share a side), or by time.
"""

from pathlib import Path
from typing import Literal

import duckdb
from pydantic import Field

from credit.command import Params, arguments, read_params
from credit.contract import Contract, load_contract
from credit.errors import CreditError, Problem, raise_if_any, run
from credit.files import whole
from credit.raw import literal, quoted


class Split(Params):
    """The block `split`."""

    by: Literal["hash", "time"]
    test_share: float = Field(gt=0, lt=1)
    salt: str


def split(contract: Contract, params: Split, accepted: Path, train: Path, test: Path) -> dict[str, int]:
    """Write both sides in the order of the accepted rows; returns their numbers of rows.

    Raises CreditError when a side has not both classes of the label, or there is no time column to split by.
    """
    connection = duckdb.connect(config={"memory_limit": "1GB", "temp_directory": str(train.parent / ".duckdb")})
    source = f"read_parquet({literal(accepted)})"
    is_test = _later(contract, params, source) if params.by == "time" else _hashed(contract, params)
    rows = {}
    problems = []
    with whole(train) as train_file, whole(test) as test_file:
        for name, condition, path in (("train", f"NOT ({is_test})", train_file), ("test", is_test, test_file)):
            query = f"SELECT * FROM {source} WHERE {condition}"
            copy = f"COPY ({query}) TO {literal(path)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)"
            rows[name] = connection.execute(copy).fetchall()[0][0]
            label = quoted(contract.label)
            classes = connection.execute(
                f"SELECT count(DISTINCT {label}) FROM read_parquet({literal(path)})"
            ).fetchall()
            if classes[0][0] < 2:
                found = f"{rows[name]:,} {name} rows with {classes[0][0]} class(es) of {contract.label}"
                problems.append(
                    Problem(str(accepted), found, "both classes", "use more rows or another split.test_share")
                )
        raise_if_any(problems)
    return rows


def _hashed(contract: Contract, params: Split) -> str:
    """SQL: the first 60 bits of the md5 of salt and key, as a share of all such numbers, fall below the test share."""
    ids = list(contract.of_role("id"))
    names = ids or list(contract.raw)
    key = ", ".join(f"coalesce(CAST({quoted(name)} AS VARCHAR), chr(0))" for name in names)
    digest = f"md5(concat_ws(chr(31), {literal(params.salt)}, {key}))"
    return f"CAST('0x' || substr({digest}, 1, 15) AS BIGINT) < {int(params.test_share * 16**15)}"


def _later(contract: Contract, params: Split, source: str) -> str:
    """SQL: applied for after the moment that leaves the test share behind it; equal times share a side."""
    times = list(contract.of_role("time"))
    if not times:
        raise CreditError(
            Problem("params.yaml: split.by", "time", "hash", f"{contract.name} has no column of role time")
        )
    name = quoted(times[0])
    return f"{name} > (SELECT quantile_disc({name}, {1 - params.test_share}) FROM {source})"


def main() -> None:
    """Write training and test rows."""
    args = arguments(__doc__, "contract", "accepted", "train", "test")
    params = read_params(Split, "split")
    rows = split(load_contract(args.contract), params, args.accepted, args.train, args.test)
    print(f"{rows['train']:,} training and {rows['test']:,} test rows")


if __name__ == "__main__":
    run(main)

"""Divide the accepted rows into training and test rows, so that a row keeps its side when the data grows.

By a hash of the id, or of the whole row where there is no id (equal rows then share a side), or by time.
"""

from pathlib import Path

import duckdb

from credit.common.cli import make_stage
from credit.common.errors import CreditError, Problem, raise_if_any
from credit.common.files import atomic_write
from credit.common.params import read_params
from credit.contract import Contract, load_contract
from credit.data.raw_errors import describe_duckdb_error
from credit.data.splitting import SplitParams, check_parts, check_times, is_test_sql
from credit.data.sql_text import quote_identifier, quote_literal, scan_parquet_sql


def split_rows(contract: Contract, params: SplitParams, accepted: Path, train: Path, test: Path) -> dict[str, int]:
    """Write both sides in the order of the accepted rows; return their numbers of rows.

    Raises CreditError when the table cannot be read, a side has not both classes of the label, or a row has no time to
    be split by.
    """
    connection = duckdb.connect(config={"memory_limit": "1GB", "temp_directory": str(train.parent / ".duckdb")})
    source = scan_parquet_sql([accepted])
    of_test = is_test_sql(contract, params, source)
    try:
        ((accepted_rows,),) = connection.execute(f"SELECT count(*) FROM {source}").fetchall()
    except duckdb.Error as error:
        raise CreditError(describe_duckdb_error(accepted, error)) from None
    check_times(contract, params, source, connection)
    rows = {}
    problems = []
    with atomic_write(train) as train_file, atomic_write(test) as test_file:
        for name, condition, path in (("train", f"NOT ({of_test})", train_file), ("test", of_test, test_file)):
            query = f"SELECT * FROM {source} WHERE {condition}"
            copy = f"COPY ({query}) TO {quote_literal(path)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)"
            rows[name] = connection.execute(copy).fetchall()[0][0]
            label = quote_identifier(contract.label)
            classes = connection.execute(f"SELECT count(DISTINCT {label}) FROM {scan_parquet_sql([path])}").fetchall()
            if classes[0][0] < 2:
                found = f"{rows[name]:,} {name} rows with {classes[0][0]} class(es) of {contract.label}"
                problems.append(
                    Problem(str(accepted), found, "both classes", "use more rows or another split.test_share")
                )
        raise_if_any(problems)
        check_parts(str(accepted), rows, accepted_rows)
    return rows


@make_stage(__doc__)
def run(contract_file: Path, accepted_file: Path, train_file: Path, test_file: Path) -> None:
    """Write training and test rows."""
    params = read_params(SplitParams, "split")
    rows = split_rows(load_contract(contract_file), params, accepted_file, train_file, test_file)
    print(f"{rows['train']:,} training and {rows['test']:,} test rows")

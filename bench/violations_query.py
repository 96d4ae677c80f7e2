"""Count by one DuckDB query the rows that break each column: `python -m bench.violations_query CONTRACT ROWS OUT`.

Written anew for comparison, so that it shares no fault with `credit/validation`.
"""

import sys
from pathlib import Path

import duckdb

from credit.common.files import write_json
from credit.contract import load_contract
from credit.contract.columns import Column
from credit.data.sql_text import quote_identifier, quote_literal, scan_parquet_sql


def main(contract_file: str, rows: str, out: str) -> None:
    """Write the counts by column, of those that have any."""
    columns = load_contract(Path(contract_file)).columns
    source = scan_parquet_sql([Path(rows)])
    counts = [_count_sql(quote_identifier(name), column, source) for name, column in columns.items()]
    connection = duckdb.connect(config={"memory_limit": "1GB"})
    found = connection.execute(f"SELECT {', '.join(counts)} FROM {source}").fetchall()[0]
    write_json(Path(out), {name: rows for name, rows in zip(columns, found, strict=True) if rows})


def _count_sql(name: str, column: Column, source: str) -> str:
    broken = [f"{name} IS NULL"] if column.missing == "refused" or column.role in ("label", "id", "group") else []
    if column.allowed and column.type != "boolean":
        broken.append(f"{name} NOT IN ({', '.join(quote_literal(str(value)) for value in column.allowed)})")
    elif column.type in ("integer", "number"):
        lowest, highest = column.range or (None, None)
        broken += [f"{name} < {lowest}"] if lowest is not None else []
        broken += [f"{name} > {highest}"] if highest is not None else []
        broken += [f"isinf({name})"] if column.type == "number" else []
    count = f"count(*) FILTER ({' OR '.join(broken) or 'false'})"
    if column.role == "id":
        repeated = f"SELECT count(*) AS rows FROM {source} GROUP BY {name} HAVING count(*) > 1"
        count += f" + (SELECT coalesce(sum(rows), 0) FROM ({repeated}))"
    return count


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Ingest of 1,000,000 rows of the scenario against DuckDB alone, which copies the same file without a contract.

Whole processes, median of 5, in alternating order.
"""

from bench.process import measure_medians
from bench.project import copy_project, read_commands
from bench.report import BenchTable, build_ratio_rows

DUCKDB_COPY = "import duckdb; duckdb.sql(\"COPY (FROM read_csv('data/raw/scenario')) TO 'x.parquet'\")"


def measure() -> BenchTable:
    """Measure seconds of both, and their ratio."""
    with copy_project() as project:
        project.set_param("fetch.scenario.rows", 1_000_000)
        project.set_param("data.contract", "scenario")
        stages = read_commands(project.folder)
        project.run(*stages["fetch@scenario"])
        seconds = measure_medians(
            5, lambda: project.run(*stages["ingest"]), lambda: project.run("python", "-c", DUCKDB_COPY)
        )
    commands = (" ".join(stages["ingest"]), f"python -c '{DUCKDB_COPY}'")
    return BenchTable(
        ("command", "seconds", "target"), build_ratio_rows(list(zip(commands, seconds, strict=True)), 1.5)
    )

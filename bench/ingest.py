"""Ingest of 1,000,000 rows of the scenario against DuckDB alone, which copies the same file without a contract.

Whole processes, median of 5, in alternating order.
"""

from bench.process import medians
from bench.project import commands, copied
from bench.report import Table, ratio_rows

ALONE = "import duckdb; duckdb.sql(\"COPY (FROM read_csv('data/raw/scenario')) TO 'x.parquet'\")"


def measure() -> Table:
    """Seconds of both, and their ratio."""
    with copied() as project:
        project.set("fetch.scenario.rows", 1_000_000)
        project.set("data.contract", "scenario")
        stages = commands(project.folder)
        project.run(*stages["fetch@scenario"])
        seconds = medians(5, lambda: project.run(*stages["ingest"]), lambda: project.run("python", "-c", ALONE))
    told = (" ".join(stages["ingest"]), f"python -c '{ALONE}'")
    return Table(("command", "seconds", "target"), ratio_rows(list(zip(told, seconds, strict=True)), 1.5))

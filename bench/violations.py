"""Validate 10,000,000 rows of the scenario against a DuckDB query that counts the same violations, one row in 1,000.

Processor seconds of whole processes. `validate` besides writes the rows, in two files, with the reasons; the other
lines say where its time goes.
"""

from pathlib import Path

import yaml

from bench.project import ProjectCopy, copy_project, read_commands
from bench.report import BenchTable, format_target
from bench.stages import run_stages
from credit.common.errors import CreditError, Problem
from credit.common.files import read_json
from credit.reports.validation import ValidationReport

ROWS = 10_000_000
HIGHEST_INCOME = 405_405  # of all but one in a thousand of these rows
QUERY = ("python", "-m", "bench.violations_query", "data/contract.yaml", "data/typed.parquet", "counted.json")
COPY = """
import pyarrow.parquet as pq
table = pq.ParquetFile("data/typed.parquet")
with pq.ParquetWriter("copy.parquet", table.schema_arrow.remove_metadata(), compression="zstd") as writer:
    for rows in table.iter_batches(250_000):
        writer.write_batch(rows)
"""
MOST_TIMES = 4


def measure() -> BenchTable:
    """Measure both, and parts of what `validate` does."""
    with copy_project() as project:
        project.set_param("fetch.scenario.rows", ROWS)
        run_stages(project, "scenario", "ingest")
        _narrow_contract(project.folder / "data/contract.yaml")
        validating = project.run(*read_commands(project.folder)["validate"])
        counting = project.run(*QUERY)
        _check_alike(project)
        parts = {
            "importing Great Expectations": project.run("python", "-c", "import great_expectations"),
            "reading and writing the rows by PyArrow": project.run("python", "-c", COPY),
        }
    ratio = validating.cpu / counting.cpu
    rows = [
        ("`validate`", f"{validating.cpu:.1f}", ""),
        ("a DuckDB query that counts the same violations", f"{counting.cpu:.1f}", ""),
        ("times as long", f"{ratio:.1f}", format_target(ratio, MOST_TIMES, f"{MOST_TIMES} times")),
        *((f"for comparison, {name}", f"{usage.cpu:.1f}", "") for name, usage in parts.items()),
    ]
    return BenchTable(("what", "processor seconds", "target"), rows)


def _narrow_contract(file: Path) -> None:
    """Let one row in a thousand break the contract."""
    content = yaml.safe_load(file.read_text())
    content["columns"]["income"]["range"] = [0, HIGHEST_INCOME]
    file.write_text(yaml.safe_dump(content, sort_keys=False))


def _check_alike(project: ProjectCopy) -> None:
    """Raise CreditError where the query counts other violations than the report of `validate` has."""
    counted = read_json(project.folder / "counted.json")
    reasons = ValidationReport.read(project.folder / ValidationReport.PATH).reasons
    found = {one.column: one.rows for one in reasons}
    if counted != found or not found:
        raise CreditError(Problem("violations", f"{counted} by the query", f"{found}, those of validate"))

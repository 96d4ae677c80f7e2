"""`reports/benchmarks.md`: a section per measure, so that measuring one anew leaves the others as they were."""

import re
from collections.abc import Sequence
from typing import NamedTuple

REPORT_HEADER = """\
# Benchmarks

Written by `make bench`; `python -m bench NAME` measures one section anew. Every figure is from one run, in a temporary
copy of the repository, and noisy: read the ratios, not the seconds. Peak memory is that of the largest single process.
"""


class BenchTable(NamedTuple):
    """A measure's results, as text."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def format_bench_table(table: BenchTable) -> str:
    """Format the table in Markdown, one row on each line; a bar inside a cell does not end it."""
    lines = [table.columns, ["---"] * len(table.columns), *table.rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def format_section(name: str, description: str, machine: str, table: BenchTable) -> str:
    """Format a section: its name, the measure's description, the machine, and the table."""
    return f"## {name}\n\n{description.strip()}\n\n`python -m bench {name}` on {machine}\n\n{format_bench_table(table)}"


def replace_section(report: str, name: str, text: str) -> str:
    """Replace the section `name` of the report, or add it in the order of the names; other sections stay."""
    head, *sections = re.split(r"^(?=## )", report, flags=re.MULTILINE)
    by_name = {part.split("\n", 1)[0].removeprefix("## "): part.strip() for part in sections}
    by_name[name] = text.strip()
    return "\n\n".join([(head.strip() or REPORT_HEADER.strip()), *(by_name[key] for key in sorted(by_name))]) + "\n"


def format_target(measured: float, limit: float, shown: str) -> str:
    """Format a target beside the measured value: below `limit`, written as `shown`."""
    return f"below {shown}: {'met' if measured < limit else 'NOT met'}"


def build_ratio_rows(seconds: Sequence[tuple[str, float]], limit: float) -> list[Sequence[str]]:
    """Build rows: two commands with their seconds, and their ratio; columns: command, seconds, target."""
    (_, first), (_, second) = seconds
    ratio = first / second
    timed = [(f"`{command}`", f"{taken:.2f}", "") for command, taken in seconds]
    return [*timed, ("ratio", f"{ratio:.2f}", format_target(ratio, limit, f"{limit:g}"))]

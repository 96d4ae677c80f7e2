"""Measure the template and write `reports/benchmarks.md`. Without names, every measure, some minutes in all.

Nothing is written when a measure fails.
"""

import ast
import os
import platform
import sys
from collections.abc import Callable, Sequence
from importlib import import_module, metadata
from pathlib import Path

import click

from bench.project import ROOT
from bench.report import BenchTable, format_section, replace_section
from credit.common import cli
from credit.common.cli import Command
from credit.common.errors import run_command
from credit.common.files import write_text

PACKAGES = ("dvc", "duckdb", "great-expectations", "numpy", "pandas", "pyarrow", "scikit-learn")


LONG_LOGS = (["log_chain"], ["page"])
"""What is measured in a log of any length."""


def find_measures() -> dict[str, str]:
    """Find the modules of this package that measure something, each with its docstring; none of them is imported."""
    trees = {file.stem: ast.parse(file.read_bytes()) for file in sorted(Path(__file__).parent.glob("*.py"))}
    return {
        name: str(ast.get_docstring(tree))
        for name, tree in trees.items()
        if any(isinstance(part, ast.FunctionDef) and part.name == "measure" for part in tree.body)
    }


def describe_machine() -> str:
    """Describe the machine that the figures depend on, without a name or a date."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES)
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}, {versions}."


class MeasuringCommand(Command):
    """A command whose help lists the measures, each with the first line of its docstring."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a line for each measure, however long."""
        lines = (f"  {name:10} {text.splitlines()[0]}\n" for name, text in find_measures().items())
        formatter.write("\nmeasures:\n" + "".join(lines))


@click.command(cls=MeasuringCommand, help=__doc__)
@click.argument("names", nargs=-1, metavar="[NAME]...", help="a measure")
@click.option("--rows", type=click.IntRange(min=100_000), help="of the long log; ten million take minutes")
def run(names: Sequence[str], rows: int | None) -> None:
    """Run the chosen measures, then write the report."""
    if rows is not None and list(names) not in LONG_LOGS:
        raise click.UsageError("--rows is for `page` or `log_chain` alone")
    there = find_measures()
    if unknown := sorted(set(names) - there.keys()):
        raise click.UsageError(f"no such measure: {', '.join(unknown)}; there are {', '.join(there)}")
    path = ROOT / "reports/benchmarks.md"
    report = path.read_text(encoding="utf-8") if path.exists() else ""
    for name in names or there:
        print(name, file=sys.stderr)
        measure: Callable[..., BenchTable] = import_module(f"bench.{name}").measure
        table = measure() if rows is None else measure(rows)
        report = replace_section(report, name, format_section(name, there[name], describe_machine(), table))
    write_text(path, report)
    print(f"{path.relative_to(ROOT)}: {', '.join(names or there)}")


if __name__ == "__main__":
    run_command(lambda: cli.run(run, "python -m bench"))

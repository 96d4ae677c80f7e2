"""Measure the template and write `reports/benchmarks.md`. Without names, every measure, some minutes in all.

Nothing is written when a measure fails.
"""

import argparse
import os
import pkgutil
import platform
import sys
from collections.abc import Callable
from importlib import import_module, metadata
from types import ModuleType

import bench
from bench.project import ROOT
from bench.report import BenchTable, format_section, replace_section
from credit.common.errors import run_command
from credit.common.files import write_text

PACKAGES = ("dvc", "duckdb", "great-expectations", "numpy", "pandas", "pyarrow", "scikit-learn")


def find_measures() -> dict[str, ModuleType]:
    """Find the modules of this package that measure something."""
    names = sorted(module.name for module in pkgutil.iter_modules(bench.__path__) if module.name != "__main__")
    modules = {name: import_module(f"bench.{name}") for name in names}
    return {name: module for name, module in modules.items() if hasattr(module, "measure")}


def describe_machine() -> str:
    """Describe the machine that the figures depend on, without a name or a date."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES)
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}, {versions}."


def main() -> None:
    """Run the chosen measures, then write the report."""
    there = find_measures()
    about = "".join(f"\n  {name:10} {str(module.__doc__).splitlines()[0]}" for name, module in there.items())
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=f"{__doc__}\n\nmeasures:{about}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="a measure")
    names = parser.parse_args().names or list(there)
    if unknown := sorted(set(names) - there.keys()):
        parser.error(f"{', '.join(unknown)}: found no such measure, expected some of {', '.join(there)}")
    path = ROOT / "reports/benchmarks.md"
    report = path.read_text(encoding="utf-8") if path.exists() else ""
    for name in names:
        print(name, file=sys.stderr)
        measure: Callable[[], BenchTable] = there[name].measure
        report = replace_section(
            report, name, format_section(name, str(there[name].__doc__), describe_machine(), measure())
        )
    write_text(path, report)
    print(f"{path.relative_to(ROOT)}: {', '.join(names)}")


if __name__ == "__main__":
    run_command(main)

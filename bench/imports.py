"""What each stage pays for its imports before it reads anything: `python -c "import stages.NAME"`, beside bare Python.

Median of 3, in turn. What a stage imports later, where it is used, is not in it.
"""

import subprocess
import sys
from pathlib import Path

from bench.process import measure_medians
from bench.project import ROOT, copy_project, read_commands
from bench.report import BenchTable

LARGE_PACKAGES = ("duckdb", "great_expectations", "numpy", "pandas", "pyarrow", "scipy", "sklearn")


def measure() -> BenchTable:
    """Measure seconds of each import, and list the large packages in it."""
    with copy_project() as project:
        codes = ["pass", *list_imports(project.folder)]
        loaded = [_list_large_packages(code) for code in codes]
        seconds = measure_medians(3, *(lambda code=code: project.run("python", "-c", code) for code in codes))
    rows = [
        (f'`python -c "{code}"`', f"{taken:.2f}", f"{taken / seconds[0]:.0f}", packages)
        for code, taken, packages in zip(codes, seconds, loaded, strict=True)
    ]
    return BenchTable(("command", "seconds", "times bare Python", "large packages"), rows)


def list_imports(folder: Path) -> list[str]:
    """List the import of each stage, in the order of the pipeline."""
    return list(dict.fromkeys(f"import stages.{stage}" for _, _, _, stage, *_ in read_commands(folder).values()))


def _list_large_packages(code: str) -> str:
    script = f"{code}; import sys; print(*sorted(sys.modules.keys() & {set(LARGE_PACKAGES)}), sep=', ')"
    command = [sys.executable, "-c", script]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()

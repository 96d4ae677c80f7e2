"""What each stage pays for its imports before it reads anything: `python -c "import stages.NAME"`, beside bare Python.

Median of 3, in turn. What a stage imports later, where it is used, is not in it.
"""

import subprocess
import sys

from bench.process import measure_medians
from bench.project import ROOT, copy_project, read_commands
from bench.report import BenchTable

LARGE_PACKAGES = ("duckdb", "great_expectations", "numpy", "pandas", "pyarrow", "scipy", "sklearn")


def measure() -> BenchTable:
    """Measure seconds of each import, and list the large packages in it."""
    with copy_project() as project:
        names = list(dict.fromkeys(command[2] for command in read_commands(project.folder).values()))
        codes = ["pass", *(f"import {name}" for name in names)]
        loaded = [_list_large_packages(code) for code in codes]
        seconds = measure_medians(3, *(lambda code=code: project.run("python", "-c", code) for code in codes))
    rows = [
        (f'`python -c "{code}"`', f"{taken:.2f}", f"{taken / seconds[0]:.0f}", packages)
        for code, taken, packages in zip(codes, seconds, loaded, strict=True)
    ]
    return BenchTable(("command", "seconds", "times bare Python", "large packages"), rows)


def _list_large_packages(code: str) -> str:
    script = f"{code}; import sys; print(*sorted(sys.modules.keys() & {set(LARGE_PACKAGES)}), sep=', ')"
    command = [sys.executable, "-c", script]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()

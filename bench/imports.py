"""What each stage pays for its imports before it reads anything: `python -c "import stages.NAME"`, beside bare Python.

Median of 3, in turn. What a stage imports later, where it is used, is not in it.
"""

import subprocess
import sys

from bench.process import medians
from bench.project import ROOT, commands, copied
from bench.report import Table

LARGE = ("duckdb", "great_expectations", "numpy", "pandas", "pyarrow", "scipy", "sklearn")


def measure() -> Table:
    """Seconds of each import, and the large packages in it."""
    with copied() as project:
        names = list(dict.fromkeys(command[2] for command in commands(project.folder).values()))
        codes = ["pass", *(f"import {name}" for name in names)]
        loaded = [_large(code) for code in codes]
        seconds = medians(3, *(lambda code=code: project.run("python", "-c", code) for code in codes))
    rows = [
        (f'`python -c "{code}"`', f"{taken:.2f}", f"{taken / seconds[0]:.0f}", packages)
        for code, taken, packages in zip(codes, seconds, loaded, strict=True)
    ]
    return Table(("command", "seconds", "times bare Python", "large packages"), rows)


def _large(code: str) -> str:
    told = f"{code}; import sys; print(*sorted(sys.modules.keys() & {set(LARGE)}), sep=', ')"
    command = [sys.executable, "-c", told]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()

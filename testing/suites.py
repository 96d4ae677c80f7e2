"""Run the tests: both suites in the template, the project's alone where it is not the template any more.

`python -m testing.suites` is `make test`, `python -m testing.suites --changed` the second half of `make check`.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import click
import pytest

from credit.common import cli
from credit.common.errors import run_command
from testing.lenders.frozen import ROOT, find_other_inputs
from testing.warm.commands import ONE_CORE

PROJECT, TEMPLATE = "tests/project", "tests/template"

PROCESSES = {PROJECT: "0", TEMPLATE: "4"}
"""How many run the tests of a suite beside this one, on two cores. What those of the project import takes longer than
they do, so that this one runs them itself. Those of the template wait much of their time, for servers, locks and
disks, which two more processes use."""


def choose_suites() -> list[str]:
    """Choose the suites; say why the template's is not asked, where it is here."""
    if not (ROOT / TEMPLATE / "conftest.py").is_file():  # an empty folder of __pycache__ may be left
        return [PROJECT]
    if other := find_other_inputs():
        shown = ", ".join(other[:3]) + (f" and {len(other) - 3} more" if len(other) > 3 else "")
        print(f"{TEMPLATE} is not asked, it is about the template: {shown} of your own", flush=True)
        return [PROJECT]
    return [PROJECT, TEMPLATE]


def list_changed_files(base: str = "main") -> list[str]:
    """List the files that differ from where this branch left `base`, with those that git does not know yet."""
    start = _run_git("merge-base", "HEAD", base) or _run_git("merge-base", "HEAD", f"origin/{base}") or ["HEAD"]
    return [*_run_git("diff", "--name-only", start[0]), *_run_git("ls-files", "--others", "--exclude-standard")]


def find_tests(changed: Sequence[str]) -> list[str]:
    """Find the tests of some files: the suite of the project, tests that changed, and what mirrors each file."""
    found = {PROJECT}
    for path in map(Path, changed):
        if path.parts[0] == "tests" and path.name.startswith("test_") and (ROOT / path).exists():
            found.add(str(path))
        elif path.suffix == ".md":
            found.add(f"{TEMPLATE}/docs")
        elif path.parts[0] != "tests":
            found |= _find_mirror(path)
    tests = {name for name in found if (ROOT / name).exists()}
    return sorted(name for name in tests if not any(str(folder) in tests for folder in Path(name).parents))


def _find_mirror(path: Path) -> set[str]:
    """Find the test file of a file, else those of its folder, else those of the nearest folder above."""
    own = Path(TEMPLATE) / path.parent / f"test_{path.stem}.py"
    if (ROOT / own).exists():
        return {str(own)}
    folders = (ROOT / TEMPLATE / folder for folder in path.parents)
    beside = (sorted(folder.glob("test_*.py")) for folder in folders)
    return {str(file.relative_to(ROOT)) for file in next(filter(None, beside), [])}


def _run_git(*arguments: str) -> list[str]:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.splitlines() if done.returncode == 0 else []


def _keep_compiled_tests() -> None:
    """Let Python keep the code that it compiles: else each process compiles each test anew, for half of its start."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


@click.command(cls=cli.Command, help=__doc__, epilog="Options of pytest: PYTEST_ADDOPTS.")
@click.argument("suites", nargs=-1, metavar="[SUITE]...", help="folders or files of tests (default: as above)")
@click.option("--changed", is_flag=True, help="the quick tests of what changed since main")
def run(suites: Sequence[str], changed: bool) -> None:
    """Run pytest in some processes, and exit as it does."""
    tests = list(suites) or (find_tests(list_changed_files()) if changed else choose_suites())
    options = ["--quick"] if changed else []
    os.environ.update(ONE_CORE)
    _keep_compiled_tests()
    processes = PROCESSES[TEMPLATE if any(name.startswith(TEMPLATE) for name in tests) else PROJECT]
    sys.exit(pytest.main(["-n", processes, "--dist", "worksteal", *options, *tests]))


if __name__ == "__main__":
    run_command(lambda: cli.run(run, "python -m testing.suites"))

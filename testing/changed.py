"""Run the quick tests of what changed since main: `make check`."""

import subprocess
import sys
from pathlib import Path

import pytest

from testing.lenders.frozen import ROOT

SUITE = "tests/template"


def list_changed_files(base: str = "main") -> list[str]:
    """List the files that differ from where this branch left `base`, with those that git does not know yet."""
    start = _run_git("merge-base", "HEAD", base) or _run_git("merge-base", "HEAD", f"origin/{base}") or ["HEAD"]
    return [*_run_git("diff", "--name-only", start[0]), *_run_git("ls-files", "--others", "--exclude-standard")]


def find_tests(changed: list[str]) -> list[str]:
    """Find the tests of some files: the suite of the project, tests that changed, and the mirror of each file."""
    found = {"tests/project"}
    for name in changed:
        path = Path(name)
        if path.parts[0] == "tests" and path.name.startswith("test_") and (ROOT / name).exists():
            found.add(name)
        elif path.suffix == ".py" and path.parts[0] != "tests":
            found |= _find_mirror(path)
    return sorted(name for name in found if not any(str(folder) in found for folder in Path(name).parents))


def _find_mirror(path: Path) -> set[str]:
    """Find the test file of a source file, else the folder of its folder's tests, else of the nearest one above."""
    own = Path(SUITE) / path.parent / f"test_{path.stem}.py"
    if path.parent.name == "stages" and (ROOT / own).exists():
        return {str(own)}
    folders = [Path(SUITE) / folder for folder in path.parents if folder != Path()]
    nearest = next((folder for folder in folders if any((ROOT / folder).glob("test_*.py"))), None)
    return {str(nearest)} if nearest else set()


def _run_git(*arguments: str) -> list[str]:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.splitlines() if done.returncode == 0 else []


def main() -> None:
    """Run the tests in two processes, without those that run the pipeline or a container."""
    tests = find_tests(list_changed_files())
    print(f"testing {', '.join(tests)}")
    sys.exit(pytest.main(["-n", "2", "--dist", "worksteal", "--quick", *tests]))


if __name__ == "__main__":
    main()

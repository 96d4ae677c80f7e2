"""A lender that does not change with the project: its parameters, contracts, and what the pipeline made of them.

`python -m testing.lenders.frozen`, after `dvc repro` in the template, makes it what the template is now.
"""

import shutil
import subprocess
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
LENDER = ROOT / "tests/template/lender"

_PARAMS = LENDER / "params.yaml"
CANDIDATES: tuple[str, ...] = (
    tuple(yaml.safe_load(_PARAMS.read_text())["train"]["candidates"]) if _PARAMS.exists() else ()
)
"""The candidates that the lender ran, in its order; none in a project, which has no tests of the template."""

OWN = ("params.yaml", "dvc.lock", "data/contracts/", "data/raw/", "reports/", "waivers/")
"""How the names begin of the files that belong to whoever uses the template."""

_NOT_READ = (".gitignore", "README.md", "benchmarks.md", ".jinja")


def list_tracked_files(others: bool = True) -> list[str]:
    """List what git tracks and is there; `others`: also what it would add."""
    listed = ["git", "ls-files", "-z", "--cached", *(["--others", "--exclude-standard"] if others else [])]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return [name for name in names if (ROOT / name).is_file()]


def list_own_files() -> list[str]:
    """List the files that belong to whoever uses the template, without those that no test reads."""
    return [name for name in list_tracked_files() if name.startswith(OWN) and not name.endswith(_NOT_READ)]


def find_other_inputs() -> list[str]:
    """Find the files that people write and in which the project differs from the lender, which is the template's."""
    written = ("params.yaml", "data/contracts/", "data/raw/", "waivers/")
    there = {name: ROOT / name for name in list_own_files()}
    frozen = {str(path.relative_to(LENDER)): path for path in LENDER.rglob("*") if path.is_file()}
    names = sorted(name for name in there | frozen if name.startswith(written))
    return [name for name in names if _read(there.get(name)) != _read(frozen.get(name))]


def _read(path: Path | None) -> bytes | None:
    return path.read_bytes() if path else None


def main() -> None:
    """Replace the lender by the parameters, contracts and results of the working tree."""
    shutil.rmtree(LENDER, ignore_errors=True)
    for name in list_own_files():
        (LENDER / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, LENDER / name)


if __name__ == "__main__":
    main()

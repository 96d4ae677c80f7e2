"""What a process computes with: Python, packages, code and folder. Other ones would give other results, silently."""

import hashlib
import os
import platform
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from credit.common.errors import Problem

_ROOT = Path(__file__).parents[2]
_CODE = ("credit", "release", "scenario", "service", "stages", "watch")
_PACKAGES = (
    "cloudpickle",
    "dask",
    "distributed",
    "duckdb",
    "great-expectations",
    "joblib",
    "numpy",
    "onnxruntime",
    "pandas",
    "pyarrow",
    "pydantic",
    "scikit-learn",
    "scipy",
    "skops",
)
"""What results are computed by, and what carries them."""


class ProcessIdentity(NamedTuple):
    """What results depend on besides parameters and data. `code`: a hash; `blas_threads`: as the variable says."""

    folder: str
    python: str
    machine: str
    packages: dict[str, str]
    code: str
    blas_threads: str


@cache
def describe_process() -> ProcessIdentity:
    """Describe this process, as it is when it is first asked: later changes of the code are not in it."""
    return ProcessIdentity(
        str(Path.cwd()),
        platform.python_version(),
        platform.machine(),
        {name: version for name in _PACKAGES if (version := _find_version(name))},
        _hash_code(),
        os.environ.get("OPENBLAS_NUM_THREADS", ""),
    )


def _find_version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _hash_code() -> str:
    digest = hashlib.sha256()
    for folder in _CODE:
        for file in sorted((_ROOT / folder).rglob("*.py")):
            digest.update(f"{file.relative_to(_ROOT)}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()


def find_differences(own: ProcessIdentity, worker: ProcessIdentity, where: str) -> list[Problem]:
    """Find why a worker, at the address `where`, would not compute the bytes that this process does."""
    problems = []
    if worker.folder != own.folder:
        fix = "start workers in the project's folder, which all see by the same path; docs/scaling.md"
        problems.append(Problem(where, f"the folder {worker.folder}", own.folder, fix))
    for name, there, here in (
        ("Python", worker.python, own.python),
        ("a processor", worker.machine, own.machine),
        *((name, worker.packages.get(name, "none"), version) for name, version in own.packages.items()),
    ):
        if there != here:
            problems.append(Problem(where, f"{name} {there}", here, "install requirements.lock there too"))
    if worker.code != own.code:
        fix = "restart the workers after each change: of code a process keeps what it began with"
        problems.append(Problem(where, f"code {worker.code[:12]}", f"{own.code[:12]}, as here", fix))
    if worker.blas_threads != "1":
        found = f"OPENBLAS_NUM_THREADS={worker.blas_threads}"
        problems.append(Problem(where, found, "1", "sums that are cut for threads have other last bits"))
    return problems

"""Check the tools: Python, the locked packages, and the formats that this code reads."""

import re
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from credit.bundle.manifest import BUNDLE_FORMAT, read_manifest
from credit.common.params import locate_contract
from credit.contract.contract import CONTRACT_FORMAT
from credit.contract.loading import load_contract
from credit.registry.ledger import LedgerEntry
from credit.registry.versions import VersionRecord
from release.doctor.checkup import Result, State

LOCK_FILE = Path("requirements.lock")
BUNDLE = Path("models/bundle")
OLDEST_PYTHON = (3, 11)
_LOCKED = re.compile(r"^([a-z0-9.-]+)==([^ \\;]+)(?: ; ([^\\\n]+?))?(?: \\)?$", re.MULTILINE)


def check_python() -> Iterator[Result]:
    """Check the version of Python, and that the installed packages are the locked ones."""
    told = ".".join(map(str, sys.version_info[:3]))
    is_new = sys.version_info[:2] >= OLDEST_PYTHON
    yield Result("python", State.OK if is_new else State.PROBLEM, told, "" if is_new else "make PYTHON=python3.12")
    if not LOCK_FILE.exists():
        yield Result("packages", State.NOT_CHECKED, f"no {LOCK_FILE}", "make lock")
        return
    locked = _read_lock(LOCK_FILE.read_text())
    found = {name: _find_version(name) for name in locked}
    wrong = [name for name, versions in locked.items() if found[name] not in versions]
    other = [f"{name} {found[name] or 'missing'}, locked {locked[name][0]}" for name in wrong]
    if other:
        shown = "; ".join(other[:3])
        yield Result(
            "packages", State.PROBLEM, f"{len(other)} of {len(locked)} are not as locked: {shown}", "make setup"
        )
    else:
        yield Result("packages", State.OK, f"{len(locked)}, as locked")


def check_programs() -> Iterator[Result]:
    """Check the programs that pages and workflows call."""
    for name, need in (
        ("make", "runs everything"),
        ("curl", "asks the service, in the pages"),
        ("gh", "reads GitHub's settings"),
    ):
        path = shutil.which(name)
        state = State.OK if path else State.NOT_CHECKED
        yield Result(name, state, path or f"not on the PATH; it {need}", "" if path else f"install {name}")


def check_formats() -> Iterator[Result]:
    """Check that this code reads the contract in force and the bundle."""
    readable = f"bundles up to {BUNDLE_FORMAT}, ledgers up to {LedgerEntry.NEWEST_FORMAT}"
    readable += f", versions up to {VersionRecord.NEWEST_FORMAT}, contracts up to {CONTRACT_FORMAT}"
    yield Result("formats", State.OK, readable)
    contract = load_contract(locate_contract())
    yield Result("contract", State.OK, f"{contract.name}, format {contract.contract_format}")
    if BUNDLE.exists():
        yield Result("bundle", State.OK, f"format {read_manifest(BUNDLE).format}")
    else:
        yield Result("bundle", State.NOT_CHECKED, f"no {BUNDLE}", "dvc pull, or make repro")


def _read_lock(text: str) -> dict[str, list[str | None]]:
    """Read the versions that a lock allows each package; None among them: some systems do without."""
    locked: dict[str, list[str | None]] = {}
    for name, wanted, marker in _LOCKED.findall(text):
        locked.setdefault(name, []).extend([wanted, None] if marker else [wanted])
    return locked


def _find_version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None

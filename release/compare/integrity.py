"""Integrity of a revision's reports: hashes recomputed from the bytes, against dvc.lock."""

import hashlib
import json
import subprocess
from pathlib import Path

from credit.common.errors import CreditError, Problem
from release.repository.git import list_files_at
from release.repository.revision import Revision

REQUIRED_REPORTS = ("reports/choice.json", "reports/metrics.json", "reports/fairness", "reports/features.json",
        "reports/validation.json")  # fmt: skip
"""What the comparison is made of: without one of them, or without its hash, nothing can be believed."""


def find_altered_reports(revision: Revision) -> list[str]:
    """Find each report that was edited or removed by hand, or that dvc.lock does not name; a sentence per report."""
    locked = {path: md5 for path, md5 in revision.dvc_outputs.items() if path.startswith("reports/")}
    found = [
        f"dvc.lock does not name {path}; run dvc repro and commit dvc.lock"
        for path in REQUIRED_REPORTS
        if path not in locked
    ]
    for path, md5 in locked.items():
        now = compute_dvc_md5(revision, path, folder=md5.endswith(".dir"))
        if now is None and path in REQUIRED_REPORTS:
            found.append(f"{path} is missing; run dvc repro and commit reports")
        elif now is not None and now != md5:
            found.append(f"{path} is not what the pipeline wrote; run dvc repro")
    return found


def compute_dvc_md5(revision: Revision, path: str, folder: bool) -> str | None:
    """Compute the MD5 of a file, or of a folder as DVC does: of the list of its files. None when it is absent."""
    if not folder:
        content = _read_bytes(revision, path)
        return None if content is None else _compute_md5(content)
    files = _list_files(revision, path)
    listed = [{"md5": _compute_md5(_read_bytes(revision, f"{path}/{name}") or b""), "relpath": name} for name in files]
    return f"{_compute_md5(json.dumps(listed, sort_keys=True).encode())}.dir" if files else None


def _compute_md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _list_files(revision: Revision, folder: str) -> list[str]:
    """List the files of a folder in DVC's order: that of the whole path."""
    if revision.commit is None:
        names = [file.relative_to(folder).as_posix() for file in Path(folder).rglob("*") if file.is_file()]
    else:
        names = [name.removeprefix(f"{folder}/") for name in list_files_at(revision.commit, f"{folder}/")]
    return sorted(names)


def _read_bytes(revision: Revision, path: str) -> bytes | None:
    """Read the bytes unchanged: reading as text would hide another end of line."""
    if revision.commit is None:
        return Path(path).read_bytes() if Path(path).is_file() else None
    try:
        done = subprocess.run(
            ["git", "cat-file", "blob", f"{revision.commit}:{path}"], capture_output=True, check=False, timeout=20
        )
    except subprocess.TimeoutExpired:
        raise CreditError(Problem(f"{path} at {revision.name}", "git timed out after 20 seconds")) from None
    return done.stdout if done.returncode == 0 else None

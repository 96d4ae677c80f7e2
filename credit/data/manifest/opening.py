"""Open the files of a manifest: only below a root that the project trusts, and only what the manifest is about."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from credit.common.errors import CreditError, Problem, raise_if_any
from credit.common.parallel import run_in_threads
from credit.data.manifest.content import DataManifest, Part

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_SHOWN = 10
"""Files of a kind of problem that are named; the others are counted."""


def open_parts(
    manifest: DataManifest, path: Path, roots: Sequence[str] | None, connection: "DuckDBPyConnection"
) -> tuple[str, ...]:
    """Find the name by which DuckDB reads each file, through `connection` where they are in an object store.

    `roots`: where data may be; None: anywhere, for a file that a person names. Raises CreditError for another root, and
    for files that are not there or not as large as they were.
    """
    if roots is not None:
        _check_root(manifest.root, roots, path)
    if manifest.is_remote:
        from credit.data.manifest.object_store import register_parts

        return register_parts(manifest, connection)
    root = Path(manifest.root)
    problems = run_in_threads(lambda part: _find_missing(root, part), list(manifest.parts))
    raise_if_any(_shorten([one for one in problems if one], path))
    return tuple(str(root / part.path) for part in manifest.parts)


def verify_parts(manifest: DataManifest, path: Path) -> None:
    """Check the hash of each file of this machine, after it was read. Raises CreditError where one has changed.

    What an object store has is read by its version and its ETag, or not at all.
    """
    if manifest.is_remote:
        return
    root = Path(manifest.root)
    problems = run_in_threads(lambda part: _find_changed(root, part), list(manifest.parts))
    raise_if_any(_shorten([one for one in problems if one], path))


def compute_sha256(file: Path) -> str:
    """Compute the hash of a file's content."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _check_root(root: str, roots: Sequence[str], path: Path) -> None:
    if not any(root.startswith(one if one.endswith("/") else f"{one}/") for one in roots):
        listed = ", ".join(roots) or "none so far"
        fix = f"a person who may decide it adds {root} to ingest.parts_from in params.yaml, on main"
        raise CreditError(Problem(f"{path}: root", root, f"one below ingest.parts_from ({listed})", fix))


def _find_missing(root: Path, part: Part) -> Problem | None:
    file = root / part.path
    try:
        size = file.stat().st_size
    except OSError as error:
        return Problem(str(file), error.strerror or "cannot be read", "the file of the manifest", "is it mounted here?")
    if size == part.bytes:
        return None
    return Problem(str(file), f"{size:,} bytes", f"{part.bytes:,}, as in the manifest", "make manifest again")


def _find_changed(root: Path, part: Part) -> Problem | None:
    file = root / part.path
    try:
        is_same = compute_sha256(file) == part.sha256
    except OSError as error:
        return Problem(str(file), error.strerror or "cannot be read", "the file of the manifest")
    fix = "restore it, or make manifest again"
    return None if is_same else Problem(str(file), "other content", "that of the manifest", fix)


def _shorten(problems: list[Problem], path: Path) -> list[Problem]:
    more = len(problems) - _SHOWN
    return [*problems[:_SHOWN], *([Problem(str(path), f"{more:,} more files like these")] if more > 0 else [])]

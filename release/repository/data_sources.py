"""Data that a `*.dvc` file names: pulled only to the place that the file is about.

Such a file may name any path as its output, and the listing of a folder any path below it: what DVC puts there could
replace code of the clone, or a file anywhere on the machine.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from credit.common.errors import CreditError, Problem, raise_if_any

_FILE_KEYS = {"outs", "md5", "desc"}
_OUT_KEYS = {"md5", "size", "hash", "path", "nfiles", "desc", "isexec"}
_MD5 = re.compile(r"[0-9a-f]{32}(\.dir)?")
"""Of a file, or of a folder."""


def check_source_file(file: Path) -> str:
    """Check that a `*.dvc` file names one output, beside it and called as itself; return the output's MD5.

    Raises CreditError with everything else that it says.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except ValueError as error:
        raise CreditError(Problem(str(file), f"not text: {error}")) from None
    raise_if_any(find_source_faults(text, file.name))
    digest: str = yaml.load(text, yaml.CSafeLoader)["outs"][0]["md5"]
    return digest


def find_source_faults(text: str, file: str) -> list[Problem]:
    """Find what the text of a `*.dvc` file says beyond one output, beside it and called as itself."""
    try:
        content = yaml.load(text, yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError) as error:
        return [Problem(file, f"not YAML: {error}")]
    name = PurePosixPath(file).stem
    return [Problem(file, found, expected) for found, expected in _find_faults(content, name)]


def _find_faults(content: Any, name: str) -> Iterator[tuple[str, str]]:
    outs = content.get("outs") if isinstance(content, dict) else None
    if not isinstance(outs, list) or len(outs) != 1 or not isinstance(outs[0], dict):
        yield "no list of one output", f"one output, {name}"
        return
    out = outs[0]
    for key in sorted({*map(str, content)} - _FILE_KEYS):
        yield f"the key {key}", "a file that was added by dvc add"
    for key in sorted({*map(str, out)} - _OUT_KEYS):
        yield f"the key outs.{key}", "a file that was added by dvc add"
    if out.get("path") != name:
        yield f"the output {str(out.get('path'))[:80]!r}", f"{name}, beside this file"
    digest = out.get("md5")
    if not isinstance(digest, str) or not _MD5.fullmatch(digest):
        yield f"the hash {str(digest)[:40]!r}", "an MD5"
    if out.get("hash") != "md5":
        yield f"the kind of hash {str(out.get('hash'))[:40]!r}", "md5, as DVC 3 writes it; dvc add it again"


def find_cache() -> tuple[Path, Path]:
    """Find the cache of DVC in this clone, and the file of its local settings."""
    from dvc.repo import Repo

    with Repo() as repo:
        return Path(str(repo.cache.local_cache_dir)), Path(repo.dvc_dir) / "config.local"


def check_listing(cache: Path, digest: str, where: str) -> None:
    """Check that the listing of a folder, in DVC's cache, names files below that folder. Raises CreditError if not."""
    if not digest.endswith(".dir"):
        return
    listing = cache / "files" / "md5" / digest[:2] / digest[2:]
    try:
        entries = json.loads(listing.read_bytes())
        paths = [str(entry["relpath"]) for entry in entries]
    except FileNotFoundError:
        raise CreditError(
            Problem(where, "its listing is not in the cache", fix="dvc push where it was added")
        ) from None
    except (ValueError, TypeError, KeyError):
        raise CreditError(Problem(where, "a listing that cannot be read", fix="dvc add it again")) from None
    raise_if_any(
        [Problem(where, f"the file {path[:80]!r}", "files below this folder") for path in paths if _leads_out(path)]
    )


def _leads_out(path: str) -> bool:
    pure = PurePosixPath(path)
    return pure.is_absolute() or ".." in pure.parts or not pure.parts or "\\" in path

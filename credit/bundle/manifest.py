"""The manifest of a bundle: its files with their hashes, by which every change shows."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from credit.common.errors import CreditError, Problem, list_problems, raise_if_any
from credit.common.files import format_json, replace_folder
from credit.contract.frozen_model import FrozenModel

BUNDLE_FORMAT = 3
"""Raised when older code could no longer read a bundle. 2: `heuristic.json` says which side of the threshold passes. 3:
a contract has directions, and reasons have sides and languages.

With each format a bundle of it goes to tests/template/credit/bundle/formats/, which all later code must run.
"""

NEEDS_NEWER_CODE = "it is whole, and needs newer code: update this checkout, or the service's image"

MANIFEST_FILE = "manifest.json"
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_FIX = "run dvc checkout, or fetch the version again"


class FileEntry(FrozenModel):
    """One file: the SHA-256 of its bytes and its size."""

    sha256: str
    bytes: int


class Agreement(FrozenModel):
    """The agreement of ONNX with scikit-learn on the test rows; see `credit.packaging.parity`."""

    rows: int
    other_decisions: int
    denied_without_reason: int


class Manifest(FrozenModel):
    """The first file that is read, and the only one that is not in `files`.

    `digest` is the SHA-256 of all the rest of the manifest, so it identifies the whole bundle. By hand:
    `jq -cS 'del(.digest)' manifest.json | sha256sum`.
    """

    format: int
    dataset: str
    candidate: str
    agreement: Agreement
    files: dict[str, FileEntry]
    digest: str

    def serialize(self) -> str:
        """Serialize the manifest, always in the same form."""
        return format_json(self.model_dump())


def compute_digest(content: Mapping[str, Any]) -> str:
    """Compute the digest of a manifest's content, `digest` left out: over names and hashes in sorted order."""
    rest = {key: value for key, value in content.items() if key != "digest"}
    line = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
    return hashlib.sha256(line.encode()).hexdigest()


def write_bundle(
    folder: Path, dataset: str, candidate: str, agreement: Agreement, files: Mapping[str, bytes]
) -> Manifest:
    """Write the files and their manifest, whole or not at all. The same files give the same bytes."""
    raise_if_any([p for name in files if (p := _check_name(folder, name))])
    entries = {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        for name, content in sorted(files.items())
    }
    content = {
        "format": BUNDLE_FORMAT,
        "dataset": dataset,
        "candidate": candidate,
        "agreement": agreement.model_dump(),
        "files": entries,
    }
    manifest = Manifest.model_validate(content | {"digest": compute_digest(content)})
    with replace_folder(folder) as temporary:
        for name, data in files.items():
            (temporary / name).write_bytes(data)
        (temporary / MANIFEST_FILE).write_text(manifest.serialize(), encoding="utf-8")
    return manifest


def verify_bundle(folder: Path) -> Manifest:
    """Verify that the folder has exactly the files of its manifest, each with its hash; return the manifest.

    Raises CreditError with one problem per file. Only the manifest is parsed; every other file is hashed. A link is
    never followed: its target can change.
    """
    manifest = read_manifest(folder)
    more = {path.name for path in folder.iterdir()} - manifest.files.keys() - {MANIFEST_FILE}
    problems = [Problem(str(folder / name), "not in the manifest", fix=_FIX) for name in sorted(more)]
    raise_if_any([*problems, *check_files(folder, manifest, manifest.files)])
    return manifest


def check_files(folder: Path, manifest: Manifest, names: Iterable[str]) -> list[Problem]:
    """Check that files are there with the hashes of the manifest; one problem per file."""
    return [problem for name in names for problem in _check_file(folder / name, manifest.files[name])]


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest and verify its digest, and that its names lead nowhere else; no other file is looked at."""
    path = folder / MANIFEST_FILE
    if path.is_symlink():
        raise CreditError(Problem(str(path), "a link", "a file"))
    try:
        text = path.read_bytes().decode()
        content = json.loads(text)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise CreditError(Problem(str(path), "no such file", fix=_FIX)) from None
    except (ValueError, RecursionError) as error:
        raise CreditError(Problem(str(path), f"not JSON: {error}", fix=_FIX)) from None
    form = content.get("format") if isinstance(content, dict) else None
    if isinstance(form, int) and form > BUNDLE_FORMAT:
        raise CreditError(Problem(f"{path}: format", str(form), f"at most {BUNDLE_FORMAT}", NEEDS_NEWER_CODE))
    try:
        manifest = Manifest.model_validate_json(text, strict=True)
    except ValidationError as error:
        raise CreditError(list_problems(error, str(path))) from None
    if manifest.digest != compute_digest(content) or manifest.serialize() != text:
        raise CreditError(Problem(str(path), "digest mismatch: the manifest was changed", fix=_FIX))
    raise_if_any([p for name in manifest.files if (p := _check_name(folder, name))])
    return manifest


def _check_name(folder: Path, name: str) -> Problem | None:
    """Check that a file's name leads nowhere but to the bundle's own folder."""
    if _FILE_NAME.fullmatch(name) and name != MANIFEST_FILE:
        return None
    return Problem(f"{folder / MANIFEST_FILE}: files", f"the name {name!r}", "a plain file name, without a folder")


def _check_file(path: Path, entry: FileEntry) -> list[Problem]:
    if path.is_symlink():
        return [Problem(str(path), "a link", "a file", _FIX)]
    if not path.is_file():
        return [Problem(str(path), "no such file, but the manifest names it", fix=_FIX)]
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if sha256 == entry.sha256:
        return []
    return [Problem(str(path), f"SHA-256 {sha256[:12]}…", f"{entry.sha256[:12]}…, the manifest's", _FIX)]

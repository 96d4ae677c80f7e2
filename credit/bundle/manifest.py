"""What a bundle consists of, and the proof that nothing in it has changed."""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from credit.common.errors import CreditError, Problem, problems_of, raise_if_any
from credit.common.files import json_text, whole_folder
from credit.contract.columns import Part

FORMAT = 1
"""Raised when older code could no longer read a bundle."""

MANIFEST = "manifest.json"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_MEND = "run dvc checkout, or fetch the version again"


class Entry(Part):
    """One file: the SHA-256 of its bytes and how many there are."""

    sha256: str
    bytes: int


class Agreement(Part):
    """What the test rows showed before the bundle was written; see `credit.packaging.parity`."""

    rows: int
    other_decisions: int
    denied_without_reason: int


class Manifest(Part):
    """The first file that is read, and the only one that is not in `files`.

    `digest` is the SHA-256 of all the rest of the manifest, so it stands for the whole bundle. By hand:
    `jq -cS 'del(.digest)' manifest.json | sha256sum`.
    """

    format: int
    dataset: str
    candidate: str
    agreement: Agreement
    files: dict[str, Entry]
    digest: str

    def text(self) -> str:
        """The one way in which a manifest is written."""
        return json_text(self.model_dump())


def digest_of(content: Mapping[str, Any]) -> str:
    """The digest of a manifest's content, whatever it says in `digest`: over names and hashes in sorted order."""
    rest = {key: value for key, value in content.items() if key != "digest"}
    line = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
    return hashlib.sha256(line.encode()).hexdigest()


def write_bundle(
    folder: Path, dataset: str, candidate: str, agreement: Agreement, files: Mapping[str, bytes]
) -> Manifest:
    """Write the files and their manifest, whole or not at all. The same files give the same bytes."""
    raise_if_any([p for name in files if (p := _name_problem(folder, name))])
    entries = {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        for name, content in sorted(files.items())
    }
    content = {
        "format": FORMAT,
        "dataset": dataset,
        "candidate": candidate,
        "agreement": agreement.model_dump(),
        "files": entries,
    }
    manifest = Manifest.model_validate(content | {"digest": digest_of(content)})
    with whole_folder(folder) as temporary:
        for name, data in files.items():
            (temporary / name).write_bytes(data)
        (temporary / MANIFEST).write_text(manifest.text(), encoding="utf-8")
    return manifest


def verified(folder: Path) -> Manifest:
    """The manifest of a bundle in which every file is what the manifest says, and no file is more or less.

    Raises CreditError with one problem per file otherwise. Of no file but the manifest is anything read except for
    its hash. A link is never followed: what it points to can change.
    """
    manifest = _read_manifest(folder)
    raise_if_any([p for name in manifest.files if (p := _name_problem(folder, name))])
    more = {path.name for path in folder.iterdir()} - manifest.files.keys() - {MANIFEST}
    problems = [Problem(str(folder / name), "a file that is not in the manifest", "none") for name in sorted(more)]
    for name, entry in manifest.files.items():
        problems += _file_problems(folder / name, entry)
    raise_if_any(problems)
    return manifest


def _read_manifest(folder: Path) -> Manifest:
    path = folder / MANIFEST
    if path.is_symlink():
        raise CreditError(Problem(str(path), "a link", "a file"))
    try:
        text = path.read_bytes().decode()
        content = json.loads(text)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise CreditError(Problem(str(path), "no such file", "the manifest of a bundle", _MEND)) from None
    except (ValueError, RecursionError) as error:
        raise CreditError(Problem(str(path), f"{error}", "a manifest", _MEND)) from None
    form = content.get("format") if isinstance(content, dict) else None
    if isinstance(form, int) and form > FORMAT:
        raise CreditError(Problem(f"{path}: format", str(form), f"at most {FORMAT}", "this bundle needs newer code"))
    try:
        manifest = Manifest.model_validate_json(text, strict=True)
    except ValidationError as error:
        raise CreditError(problems_of(error, str(path))) from None
    if manifest.digest != digest_of(content) or manifest.text() != text:
        raise CreditError(Problem(str(path), "other content than its digest says", "the digest's own", _MEND))
    return manifest


def _name_problem(folder: Path, name: str) -> Problem | None:
    """A file may only stand in the bundle's own folder."""
    if _NAME.fullmatch(name) and name != MANIFEST:
        return None
    return Problem(f"{folder / MANIFEST}: files", f"the name {name!r}", "a plain file name, without a folder")


def _file_problems(path: Path, entry: Entry) -> list[Problem]:
    if path.is_symlink():
        return [Problem(str(path), "a link", "a file", _MEND)]
    if not path.is_file():
        return [Problem(str(path), "no such file", f"the {entry.bytes} bytes of the manifest", _MEND)]
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if sha256 == entry.sha256:
        return []
    return [Problem(str(path), f"SHA-256 {sha256[:12]}…", f"{entry.sha256[:12]}…, the manifest's", _MEND)]

"""Read what dvc.lock names at a commit, and pull the bundle or one file from DVC's cache or remote."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from credit.bundle.manifest import MANIFEST_FILE
from credit.common.errors import CreditError, Problem
from credit.common.files import describe_yaml_error
from credit.common.temporary import make_temporary_folder
from release.repository.data_sources import check_listing, find_cache
from release.repository.git import read_text_at

if TYPE_CHECKING:
    from dvc.api import DVCFileSystem

BUNDLE_PATH = "models/bundle"


def list_dvc_errors() -> tuple[type[Exception], ...]:
    """List what DVC raises for a broken pipeline or remote. It passes on errors of the S3 client as they are."""
    from botocore.exceptions import BotoCoreError, ClientError
    from dvc.exceptions import DvcException
    from dvc_data.index import DataIndexDirError

    return (DvcException, DataIndexDirError, OSError, KeyError, BotoCoreError, ClientError)


def parse_dvc_lock(text: str, where: str) -> dict[str, str]:
    """Map every output in the text of a dvc.lock to its MD5. Raises CreditError when DVC did not write it."""
    try:
        stages = (yaml.load(text or "{}", yaml.CSafeLoader).get("stages") or {}).values()
        return {str(out["path"]): str(out["md5"]) for stage in stages for out in stage.get("outs") or ()}
    except yaml.YAMLError as error:
        raise CreditError(Problem(where, describe_yaml_error(error))) from None
    except (AttributeError, KeyError, TypeError):
        raise CreditError(Problem(where, "stages that DVC did not write", "DVC's own", "run dvc repro")) from None


def read_dvc_outputs(commit: str) -> dict[str, str]:
    """Read the hash of every output in dvc.lock at a commit, by path. Raises CreditError when there is no dvc.lock."""
    text = read_text_at(commit, "dvc.lock")
    if text is None:
        raise CreditError(Problem(f"dvc.lock at {commit[:10]}", "no such file", fix="run dvc repro and commit"))
    return parse_dvc_lock(text, f"dvc.lock at {commit[:10]}")


@contextmanager
def pull_bundle(commit: str) -> Iterator[Path]:
    """Pull the bundle of a commit from DVC's cache or its remote into a temporary folder.

    Raises CreditError when neither has it, or its manifest is not the one that dvc.lock names.
    """
    outputs = read_dvc_outputs(commit)
    if BUNDLE_PATH not in outputs:
        raise CreditError(
            Problem(f"dvc.lock at {commit[:10]}", f"has no {BUNDLE_PATH}", fix="run dvc repro and commit")
        )
    with make_temporary_folder() as temporary:
        folder = temporary / "bundle"
        expected = _copy_from_dvc(commit, outputs[BUNDLE_PATH], folder)
        found = hashlib.md5((folder / MANIFEST_FILE).read_bytes(), usedforsecurity=False).hexdigest()
        if found != expected:
            raise CreditError(
                Problem(
                    f"{BUNDLE_PATH} at {commit[:10]}", f"a manifest with MD5 {found[:12]}", f"{expected[:12]}, DVC's"
                )
            )
        yield folder


def pull_file(commit: str | None, path: str) -> bytes:
    """Pull one output at a commit, or of the working tree, from DVC's cache or its remote.

    Raises CreditError when neither has it.
    """
    digests = _list_digests(Path.cwd(), commit) if commit else {}
    try:
        if path in digests and (cached := _read_cached(find_cache()[0], digests[path])) is not None:
            return cached
        content: bytes = _open_outputs(commit).read_bytes(path)
    except list_dvc_errors() as error:
        found = f"neither in DVC's cache nor in its remote ({' '.join(str(error).split())[:100]})"
        where = f"{path} at {commit[:10]}" if commit else path
        raise CreditError(Problem(where, found, fix="dvc push from where it was made")) from None
    return content


@lru_cache(maxsize=8)
def _list_digests(clone: Path, commit: str) -> dict[str, str]:
    """List the hashes of a commit of the clone in this folder once for all that a command reads of it."""
    return parse_dvc_lock(read_text_at(commit, "dvc.lock") or "", f"dvc.lock at {commit[:10]}")


def _read_cached(cache: Path, digest: str) -> bytes | None:
    """Read an object of DVC's cache; None where it is missing, or is not what its hash says.

    DVC itself reads the whole pipeline of a commit first, a second that a hash from dvc.lock saves.
    """
    try:
        content = (cache / "files/md5" / digest[:2] / digest[2:]).read_bytes()
    except OSError:
        return None
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return content if found == digest.removesuffix(".dir") else None


def _copy_from_cache(digest: str, folder: Path) -> str | None:
    """Copy the bundle with this hash from DVC's cache; returns the MD5 of its manifest, None where it lacks a file."""
    cache, _ = find_cache()
    listing = _read_cached(cache, digest)
    if listing is None or not digest.endswith(".dir"):
        return None
    check_listing(cache, digest, BUNDLE_PATH)
    digests = {str(entry["relpath"]): str(entry["md5"]) for entry in json.loads(listing)}
    contents = {name: _read_cached(cache, of) for name, of in digests.items()}
    if None in contents.values() or MANIFEST_FILE not in digests:
        return None
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content or b"")
    return digests[MANIFEST_FILE]


def _open_outputs(commit: str | None) -> "DVCFileSystem":
    """Open the outputs of a commit once for all that a command reads of them; those of the working tree anew."""
    from dvc.api import DVCFileSystem

    return _open_outputs_once(Path.cwd(), commit) if commit else DVCFileSystem()


@lru_cache(maxsize=8)
def _open_outputs_once(clone: Path, commit: str) -> "DVCFileSystem":
    """Open the outputs of a commit of the clone in this folder: DVC reads the whole pipeline for it."""
    from dvc.api import DVCFileSystem

    return DVCFileSystem(rev=commit)


def _copy_from_dvc(commit: str, digest: str, folder: Path) -> str:
    """Copy the bundle, whose hash dvc.lock has, into a folder; returns the MD5 that DVC knows its manifest by."""
    try:
        if manifest := _copy_from_cache(digest, folder):
            return manifest
        files = _open_outputs(commit)
        expected: str = files.info(f"{BUNDLE_PATH}/{MANIFEST_FILE}")["md5"]
        files.get(BUNDLE_PATH, str(folder), recursive=True)
    except list_dvc_errors() as error:
        message = " ".join(str(error).split())[:200]
        fix = "dvc push from where it was made; dvc remote list shows whether there is a remote"
        found = f"neither in DVC's cache nor in its remote ({message})"
        raise CreditError(Problem(f"{BUNDLE_PATH} at {commit[:10]}", found, fix=fix)) from None
    return expected

"""Versions in the store: a bundle's files by their digest, and one record per version that makes it visible.

Files are put first and the record last, so a publish that was killed shows nothing and the next one completes it. Files
lie below the bundle's own digest: two different bundles cannot mix, even when published at the same time.
"""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import AwareDatetime

from credit.bundle.bundle import Bundle, load_bundle
from credit.bundle.examples import check_examples
from credit.bundle.manifest import MANIFEST_FILE, verify_bundle
from credit.common.errors import CreditError, Problem, raise_if_any
from credit.common.parallel import run_in_threads
from credit.registry.names import Version, match_version, parse_version
from credit.registry.records import StoreRecord
from credit.registry.store import Store

_FIX = "the store was changed from outside: take that folder out of the store, then release publish {} again"


class VersionRecord(StoreRecord):
    """The record of a version: its bundle, commit and author."""

    version: str
    digest: str
    commit: str
    dataset: str
    candidate: str
    published_at: AwareDatetime
    published_by: str


def find_version(store: Store, version: Version) -> VersionRecord | None:
    """Find the record of a version; None when it is not published. Raises CreditError when the record is not valid."""
    content = store.read(_build_record_key(version))
    if content is None:
        return None
    where = f"{store.url}/{_build_record_key(version)}"
    record = VersionRecord.parse(content, where)
    if record.version != str(version):
        raise CreditError(Problem(where, f"the record of {record.version}", f"that of {version}"))
    return record


def list_versions(store: Store) -> list[Version]:
    """List every version in the store, in order."""
    _, names = store.list_children("versions")
    return sorted(version for name in names if (version := match_version(name.removesuffix(".json"))))


def publish_bundle(store: Store, version: Version, folder: Path, commit: str, actor: str) -> tuple[VersionRecord, bool]:
    """Put the bundle in `folder` into the store as a version; return its record, and whether anything was written.

    Reads back every byte before the version becomes visible. Raises CreditError when the bundle is not intact, does not
    score its own examples, or another bundle is that version already.
    """
    manifest = verify_bundle(folder)
    there = find_version(store, version)
    if there is not None:
        _check_same_digest(store, there, manifest.digest)
        with fetch_temporarily(store, there):
            return there, False
    check_examples(load_bundle(folder), folder)
    names = [*manifest.files, MANIFEST_FILE]
    run_in_threads(
        lambda name: _put_file(store, f"{_build_bundle_key(manifest.digest)}/{name}", folder / name, version), names
    )
    record = VersionRecord(
        version=str(version),
        digest=manifest.digest,
        commit=commit,
        dataset=manifest.dataset,
        candidate=manifest.candidate,
        published_at=datetime.now(UTC),
        published_by=actor,
    )
    with fetch_temporarily(store, record):  # what was written is what is read, before anybody sees it
        pass
    if not store.create(_build_record_key(version), record.serialize()):
        there = require_version(store, str(version))
        _check_same_digest(store, there, manifest.digest)
        return there, False
    return record, True


@contextmanager
def fetch_temporarily(store: Store, record: VersionRecord) -> Iterator[Path]:
    """Yield a temporary folder with the bundle of a version, of which every hash was verified."""
    with TemporaryDirectory(prefix="release-") as temporary:
        folder = Path(temporary) / "bundle"
        fetch_bundle(store, record, folder)
        yield folder


def fetch_bundle(store: Store, record: VersionRecord, folder: Path) -> None:
    """Copy the bundle of a version into `folder`, which must not exist, and verify every hash.

    Raises CreditError with every file that is missing or changed; nothing is left behind then.
    """
    folder.mkdir(parents=True)
    try:
        _copy_bundle(store, record, folder)
    except BaseException:
        shutil.rmtree(folder)
        raise


def load_stored_bundle(store: Store, record: VersionRecord) -> Bundle:
    """Load the bundle of a version, verified, and check that it scores its own examples as recorded."""
    with fetch_temporarily(store, record) as folder:
        bundle = load_bundle(folder)
        check_examples(bundle, folder)
        return bundle


def require_version(store: Store, text: str, digest: str | None = None) -> VersionRecord:
    """Find the record of the version that a text names. Raises CreditError when it is unpublished or not `digest`."""
    version = parse_version(text)
    record = find_version(store, version)
    if record is None:
        there = ", ".join(map(str, list_versions(store)[-10:]))
        found = f"no {version} (there are: {there})" if there else f"no {version}, nothing is published"
        raise CreditError(Problem(f"the store {store.url}", found, fix=f"run release publish {version}"))
    if digest is not None and record.digest != digest:
        where = f"{store.url}: {record.version}"
        raise CreditError(Problem(where, f"digest {record.digest[:12]}", f"{digest[:12]}, the ledger's"))
    return record


def _copy_bundle(store: Store, record: VersionRecord, folder: Path) -> None:
    below = _build_bundle_key(record.digest)
    where, fix = f"{store.url}/{below}", _FIX.format(record.version)
    _, names = store.list_children(below)
    if MANIFEST_FILE not in names:
        raise CreditError(Problem(f"{where}/{MANIFEST_FILE}", "no such file", fix=fix))
    run_in_threads(lambda name: (folder / name).write_bytes(store.read(f"{below}/{name}") or b""), names)
    try:
        manifest = verify_bundle(folder)
    except CreditError as error:
        problems = [p._replace(where=p.where.replace(str(folder), where), fix=fix) for p in error.problems]
        raise CreditError(problems) from None
    if manifest.digest != record.digest:
        raise CreditError(Problem(where, f"a bundle with digest {manifest.digest[:12]}", record.digest[:12], fix))


def _put_file(store: Store, key: str, path: Path, version: Version) -> None:
    content = path.read_bytes()
    if store.create(key, content):
        return
    there = hashlib.sha256(store.read(key) or b"").hexdigest()
    raise CreditError(
        Problem(f"{store.url}/{key}", f"SHA-256 {there[:12]}…", f"that of {path.name}", _FIX.format(version))
    )


def _check_same_digest(store: Store, there: VersionRecord, digest: str) -> None:
    if there.digest == digest:
        return
    raise_if_any(
        [
            Problem(
                f"{store.url}: {there.version}",
                f"digest {there.digest[:12]}, published {there.published_at:%Y-%m-%d %H:%M} by {there.published_by}",
                f"{digest[:12]}",
                "a version never changes: register the other bundle as a version of its own",
            )
        ]
    )


def _build_record_key(version: Version) -> str:
    return f"versions/{version}.json"


def _build_bundle_key(digest: str) -> str:
    return f"bundles/{digest}"

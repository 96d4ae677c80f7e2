"""Versions in the store: a bundle's files by their digest, and one record per version that makes it visible.

Files are put first and the record last, so a publish that was killed shows nothing and the next one completes it. Files
lie below the bundle's own digest: two different bundles cannot mix, whoever publishes at the same time.
"""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import AwareDatetime

from credit.bundle import Bundle, load_bundle
from credit.bundle.examples import check_examples
from credit.bundle.manifest import MANIFEST, verified
from credit.common.errors import CreditError, Problem, raise_if_any
from credit.common.parallel import run_in_threads
from credit.registry.names import Version, parsed, version_of
from credit.registry.records import Record
from credit.registry.store import Store

_MEND = "the store was changed from outside: take that folder out of the store, then release publish {} again"


class Published(Record):
    """The record of a version: what it is, and from where."""

    version: str
    digest: str
    commit: str
    dataset: str
    candidate: str
    published_at: AwareDatetime
    published_by: str


def find(store: Store, version: Version) -> Published | None:
    """The record of a version; None when it is not published. Raises CreditError when the record is not valid."""
    content = store.read(_record(version))
    if content is None:
        return None
    where = f"{store.url}/{_record(version)}"
    record = Published.read(content, where)
    if record.version != str(version):
        raise CreditError(Problem(where, f"the record of {record.version}", f"of {version}"))
    return record


def versions(store: Store) -> list[Version]:
    """Every version in the store, in order."""
    _, names = store.listed("versions")
    return sorted(version for name in names if (version := parsed(name.removesuffix(".json"))))


def publish(store: Store, version: Version, folder: Path, commit: str, actor: str) -> tuple[Published, bool]:
    """Put the bundle in `folder` into the store as a version; its record, and whether anything was written.

    Reads back every byte before the version becomes visible. Raises CreditError when the bundle is not intact, does not
    score its own examples, or another bundle is that version already.
    """
    manifest = verified(folder)
    there = find(store, version)
    if there is not None:
        _same(store, there, manifest.digest)
        with fetched(store, there):
            return there, False
    check_examples(load_bundle(folder), folder)
    names = [*manifest.files, MANIFEST]
    run_in_threads(lambda name: _put(store, f"{_folder(manifest.digest)}/{name}", folder / name, version), names)
    record = Published(
        version=str(version),
        digest=manifest.digest,
        commit=commit,
        dataset=manifest.dataset,
        candidate=manifest.candidate,
        published_at=datetime.now(UTC),
        published_by=actor,
    )
    with fetched(store, record):  # what was written is what is read, before anybody sees it
        pass
    if not store.create(_record(version), record.written()):
        there = required(store, str(version))
        _same(store, there, manifest.digest)
        return there, False
    return record, True


@contextmanager
def fetched(store: Store, record: Published) -> Iterator[Path]:
    """A temporary folder with the bundle of a version, of which every hash was verified."""
    with TemporaryDirectory(prefix="release-") as temporary:
        folder = Path(temporary) / "bundle"
        fetch(store, record, folder)
        yield folder


def fetch(store: Store, record: Published, folder: Path) -> None:
    """Copy the bundle of a version into `folder`, which must not exist, and verify every hash.

    Raises CreditError with every file that is missing or changed; nothing is left behind then.
    """
    folder.mkdir(parents=True)
    try:
        _copy(store, record, folder)
    except BaseException:
        shutil.rmtree(folder)
        raise


def loaded(store: Store, record: Published) -> Bundle:
    """The bundle of a version, verified, loaded and found to score its own examples as it did when it was made."""
    with fetched(store, record) as folder:
        bundle = load_bundle(folder)
        check_examples(bundle, folder)
        return bundle


def required(store: Store, text: str, digest: str | None = None) -> Published:
    """The record of the version that a text names. Raises CreditError when it is not in the store, or not `digest`."""
    version = version_of(text)
    record = find(store, version)
    if record is None:
        there = ", ".join(map(str, versions(store)[-10:])) or "none"
        raise CreditError(
            Problem(
                f"the store {store.url}", f"no {version} (there are: {there})", "it", f"run release publish {version}"
            )
        )
    if digest is not None and record.digest != digest:
        where = f"{store.url}: {record.version}"
        raise CreditError(Problem(where, f"digest {record.digest[:12]}", f"{digest[:12]}, the ledger's"))
    return record


def _copy(store: Store, record: Published, folder: Path) -> None:
    below = _folder(record.digest)
    where, mend = f"{store.url}/{below}", _MEND.format(record.version)
    _, names = store.listed(below)
    if MANIFEST not in names:
        raise CreditError(Problem(f"{where}/{MANIFEST}", "no such file", "the manifest of a bundle", mend))
    run_in_threads(lambda name: (folder / name).write_bytes(store.read(f"{below}/{name}") or b""), names)
    try:
        manifest = verified(folder)
    except CreditError as error:
        problems = [p._replace(where=p.where.replace(str(folder), where), mend=mend) for p in error.problems]
        raise CreditError(problems) from None
    if manifest.digest != record.digest:
        raise CreditError(Problem(where, f"a bundle with digest {manifest.digest[:12]}", record.digest[:12], mend))


def _put(store: Store, key: str, path: Path, version: Version) -> None:
    content = path.read_bytes()
    if store.create(key, content):
        return
    there = hashlib.sha256(store.read(key) or b"").hexdigest()
    raise CreditError(
        Problem(f"{store.url}/{key}", f"SHA-256 {there[:12]}…", "what is published", _MEND.format(version))
    )


def _same(store: Store, there: Published, digest: str) -> None:
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


def _record(version: Version) -> str:
    return f"versions/{version}.json"


def _folder(digest: str) -> str:
    return f"bundles/{digest}"

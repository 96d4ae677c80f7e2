"""Cache the last good versions on the service's own disk, so that it can start when the store is out of reach."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from credit.bundle.manifest import verify_bundle
from credit.common.errors import CreditError, Problem
from credit.common.files import atomic_write
from credit.registry import versions
from credit.registry.ledger import LedgerEntry
from credit.registry.store import Store
from service.engine.patrol import FollowedEntry

_MAX_BUNDLES = 5

_SLOT_BYTES = 512
"""Bytes of the place of the followed entry: one sector of a disk, which is written whole or not at all."""


class BundleCache:
    """Bundles by digest, and the last followed entry. Several workers share it."""

    def __init__(self, folder: Path) -> None:
        self._bundles, self._entry, self._lock = folder / "bundles", folder / "live.json", folder / "bundles.lock"
        self._followed = folder / "followed.json"

    @property
    def folder(self) -> Path:
        """The folder of the bundles, each in one that is called by its digest."""
        return self._bundles

    def locate_bundle(self, digest: str) -> Path:
        """Locate the folder of a bundle, which need not exist. Loading it verifies it."""
        return self._bundles / digest

    def fetch(self, store: Store, entry: LedgerEntry) -> Path:
        """Fetch the bundle of an entry from the store, verified, unless another worker has fetched it meanwhile.

        Raises CreditError when the store lacks it or does not answer, or the disk is full.
        """
        patient = Store(store.url, make=False)  # a version is larger than an entry of the ledger
        record = versions.require_version(patient, entry.version, entry.digest)
        folder, new = self.locate_bundle(entry.digest), self._bundles / ".fetching"
        with self._lock_bundles():
            if not _is_intact(folder, entry.digest):
                shutil.rmtree(new, ignore_errors=True)  # a worker that was killed left it
                versions.fetch_bundle(patient, record, new)
                shutil.rmtree(folder, ignore_errors=True)
                new.rename(folder)
        return folder

    def keep(self, entry: LedgerEntry) -> None:
        """Remember the followed entry and keep the newest bundles.

        Raises CreditError when the disk is full, or has not got the bundle since it was full.
        """
        with self._lock_bundles():
            if not self.locate_bundle(entry.digest).is_dir():
                raise CreditError(Problem("the service's own disk", f"it has no bundle of {entry.version}"))
            with atomic_write(self._entry) as temporary:
                temporary.write_bytes(entry.serialize())
            self.locate_bundle(entry.digest).touch()
            by_age = sorted(self._bundles.glob("[0-9a-f]*"), key=lambda path: path.stat().st_mtime, reverse=True)
            for path in by_age[_MAX_BUNDLES:]:
                shutil.rmtree(path, ignore_errors=True)

    def read_last_entry(self) -> LedgerEntry | None:
        """Read the last followed entry; None when it is missing or cannot be read."""
        try:
            return LedgerEntry.parse(self._entry.read_bytes(), str(self._entry))
        except (OSError, CreditError):
            return None

    def keep_followed(self, followed: FollowedEntry) -> None:
        """Remember the newest entry that was followed, unless another worker knows a later one of the same store.

        Raises CreditError when the disk refuses; once the file is there, a full one does not.
        """
        with self._lock_bundles():
            known = self.read_followed()
            if known is None or known.store != followed.store or known.number < followed.number:
                _overwrite(self._followed, followed.serialize())

    def explain_doubt(self, entry: LedgerEntry) -> str | None:
        """Explain why an entry of this disk may not be the newest that was followed; None when it is.

        A disk that takes nothing now took nothing before either, for all that is known.
        """
        try:
            with self._lock_bundles():
                followed = self.read_followed()
                if followed is None and self._followed.exists() and self._followed.read_bytes().strip():
                    return "the disk has lost which entry was followed"
                _overwrite(self._followed, followed.serialize() if followed else b"")
        except CreditError:
            return "the disk cannot be written, so that a newer entry could not be kept"
        if followed is not None and followed.number > entry.number:
            return f"entry {followed.number} was followed, and the disk has only entry {entry.number}"
        return None

    def read_followed(self) -> FollowedEntry | None:
        """Read the newest entry that was followed; None when it is missing or cannot be read."""
        try:
            return FollowedEntry.parse(self._followed.read_bytes(), str(self._followed))
        except (OSError, CreditError):
            return None

    @contextmanager
    def _lock_bundles(self) -> Iterator[None]:
        """Hold the lock by which one worker at a time changes the cache. Raises CreditError when the disk refuses."""
        try:
            self._bundles.mkdir(parents=True, exist_ok=True)
            with self._lock.open("w") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise CreditError(Problem("the service's own disk", f"cannot keep a version: {error}")) from None


def _overwrite(path: Path, content: bytes) -> None:
    """Overwrite a small file in place, durably: a full disk has room for what it has already."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.pwrite(descriptor, content.ljust(_SLOT_BYTES), 0)
        os.ftruncate(descriptor, _SLOT_BYTES)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_intact(folder: Path, digest: str) -> bool:
    try:
        return verify_bundle(folder).digest == digest
    except CreditError:
        return False

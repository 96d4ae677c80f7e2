"""What clients of other published versions send, so that a deployment or a rollback refuses nobody's application."""

import logging
import time
from collections.abc import Callable
from pathlib import Path

from credit.bundle.request_fields import RequestFields, read_request_fields
from credit.common.errors import CreditError
from credit.common.parallel import run_in_threads
from credit.registry import versions
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.names import Version
from credit.registry.store import Store
from service.engine.kept_contracts import KeptContracts

_LOG = logging.getLogger(__name__)

MAX_PUBLISHED, MAX_ENTRIES = 50, 50
"""Versions whose clients are known: so many of the newest ones, and those of so many entries of the ledger."""


class KnownClients:
    """The fields of published versions by digest. The store is asked for new ones at most every so many `seconds`."""

    def __init__(self, seconds: float, kept: KeptContracts) -> None:
        self._seconds, self._kept = seconds, kept
        self._fields: dict[str, RequestFields] = {}
        self._digests: dict[Version, str] = {}
        self._told: set[str] = set()
        self._last_entry, self._next_look = 0, 0.0

    def list_others(self, digest: str) -> list[RequestFields]:
        """List the fields of all known versions but one."""
        return [fields for known, fields in self._fields.items() if known != digest]

    def update(self, store: Store, environment: str) -> bool:
        """Look for versions that came, if it is time to; tell whether any did.

        Raises CreditError when the store does not answer.
        """
        if time.monotonic() < self._next_look:
            return False
        self._next_look = time.monotonic() + self._seconds
        found = dict.fromkeys([*self._list_published(store), *self._list_deployed(store, environment)])
        new = [digest for digest in found if digest not in self._fields]
        read = zip(new, run_in_threads(lambda one: self._read(store, one), new), strict=True)
        came = {digest: fields for digest, fields in read if fields is not None}
        self._fields |= came
        return bool(came)

    def add_kept(self, bundles: Path) -> None:
        """Add the versions that are known on the disk, as bundles or by their contracts: the store is out of reach."""
        for folder in bundles.glob("[0-9a-f]*"):
            self._add(folder.name, lambda folder=folder: read_request_fields(folder))  # type: ignore[misc]
        for digest in self._kept.list_digests():
            if digest not in self._fields:
                self._add(digest, lambda digest=digest: self._kept.read(digest))  # type: ignore[misc]

    def _add(self, digest: str, read: Callable[[], RequestFields]) -> None:
        try:
            self._fields[digest] = read()
        except CreditError as error:
            self._warn(f"what clients of the bundle {digest[:12]} send is not known: {error}")

    def _list_published(self, store: Store) -> list[str]:
        newest = versions.list_versions(store)[-MAX_PUBLISHED:]
        new = [version for version in newest if version not in self._digests]
        for version, record in zip(new, run_in_threads(lambda one: self._find_version(store, one), new), strict=True):
            if record is not None:
                self._digests[version] = record.digest
        return [self._digests[version] for version in newest if version in self._digests]

    def _list_deployed(self, store: Store, environment: str) -> list[str]:
        """List what was deployed since the last look, at first of the newest entries."""
        ledger = Ledger(store, environment)
        last = ledger.find_last_number()
        fresh = last - max(self._last_entry, last - MAX_ENTRIES)
        self._last_entry = last
        entries = ledger.read_entries_or_errors(fresh) if fresh > 0 else []
        return [one.digest for one in entries if isinstance(one, LedgerEntry)]

    def _read(self, store: Store, digest: str) -> RequestFields | None:
        """Read the fields of one version; None where newer code made it or it is damaged."""
        try:
            fields, failure = self._kept.fetch(store, digest)
            if failure is not None:
                self._warn(f"a restart without the store would not know all clients: {failure}")
            return fields
        except CreditError as error:
            self._warn(f"what clients of the bundle {digest[:12]} send is not known: {error}")
            return None

    def _warn(self, text: str) -> None:
        """Warn once: the next look tries again."""
        if text not in self._told:
            _LOG.warning(text)
            self._told.add(text)

    def _find_version(self, store: Store, version: Version) -> versions.VersionRecord | None:
        try:
            return versions.find_version(store, version)
        except CreditError as error:
            self._warn(f"the record of {version} cannot be read: {error}")
            return None

"""Load a version from wherever it is: memory, the disk of the service, the store, or else the image."""

import logging
from collections.abc import Callable
from dataclasses import replace

from credit.bundle.rule_causes import describe_fallback
from credit.common.errors import CreditError
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.signatures import require_signature
from credit.registry.store import Store
from credit.registry.versions import fetch_temporarily, require_version
from service.engine.bundle_cache import BundleCache
from service.engine.live_version import LiveVersion
from service.engine.loading import load_folder
from service.settings import Settings

_LOG = logging.getLogger(__name__)
_MAX_LOADED = 3
"""Versions that stay loaded, so that going back to one of them takes no time."""

ProblemReport = Callable[[str, str, Exception | None], None]
"""Hears of a problem: its kind, what is said of it, and the error."""


class VersionSources:
    """The versions at hand, with and without the store. `read_settings` gives those of now; `report` hears problems."""

    def __init__(self, cache: BundleCache, read_settings: Callable[[], Settings], report: ProblemReport) -> None:
        self._cache, self._read_settings, self._report = cache, read_settings, report
        self._loaded: dict[str, LiveVersion] = {}

    def load(self, entry: LedgerEntry, ledger: Ledger | None) -> LiveVersion:
        """Load a version from memory, from the disk, else from the store. Raises CreditError when it is not intact."""
        trusted = self._read_settings().trusted_keys
        if ledger is not None and trusted is not None:
            require_signature(ledger.store, entry.version, entry.digest, trusted)
        there = self._loaded.get(entry.digest)
        if there is None:
            try:
                there = load_folder(entry, self._cache.locate_bundle(entry.digest), self._read_settings().max_batch)
            except CreditError:
                if ledger is None:
                    raise
                there = self._fetch(entry, ledger)
        self._loaded.pop(entry.digest, None)
        self._loaded[entry.digest] = there
        while len(self._loaded) > _MAX_LOADED:
            self._loaded.pop(next(iter(self._loaded)))
        return replace(there, entry=entry)

    def _fetch(self, entry: LedgerEntry, ledger: Ledger) -> LiveVersion:
        """Fetch a version from the store: onto the disk, or past it into memory, where the disk does not take it."""
        try:
            return load_folder(entry, self._cache.fetch(ledger.store, entry), self._read_settings().max_batch)
        except CreditError as error:
            patient = Store(ledger.store.url, make=False)
            record = require_version(patient, entry.version, entry.digest)
            with fetch_temporarily(patient, record) as folder:
                there = load_folder(entry, folder, self._read_settings().max_batch)
            _LOG.warning(
                "%s is served from memory, as the disk of the service does not take it: %s", entry.version, error
            )
            return there

    def find_rule(self, entry: LedgerEntry, serving: LiveVersion | None) -> LiveVersion | None:
        """Find any rule at hand, for the kill switch needs no bundle of its own. None when there is no rule."""
        other = serving or self.load_last() or self.load_baked()
        if other is None:
            return None
        because = describe_fallback(f"{entry.reason} (its own version cannot be loaded)")
        return replace(other, entry=entry, load_failure=because, doubt=None)

    def load_last(self) -> LiveVersion | None:
        """Load the last good version from the disk; None when there is none, or it is damaged."""
        entry = self._cache.read_last_entry()
        try:
            return self.load(entry, None) if entry is not None else None
        except CreditError as error:
            self._report("disk", "the last good version on the disk is damaged", error)
            return None

    def load_baked(self) -> LiveVersion | None:
        """Load the bundle of the image; None when there is none, or it is damaged."""
        settings = self._read_settings()
        if settings.baked is None:
            return None
        try:
            return load_folder(None, settings.baked, settings.max_batch)
        except CreditError as error:
            self._report("baked", "the rule in the image cannot be loaded", error)
            return None

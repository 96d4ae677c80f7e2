"""Follow the ledger: load the newest version off to the side, verify and warm it, then let it take over."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from credit.bundle.rule_causes import describe_doubt, describe_fallback
from credit.common.errors import CreditError
from credit.registry.address import open_store
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.signatures import require_signature
from credit.registry.store import Store
from credit.registry.versions import fetch_temporarily, require_version
from service.engine.bundle_cache import BundleCache
from service.engine.identity_watch import IdentityWatch
from service.engine.kept_contracts import KeptContracts
from service.engine.known_clients import KnownClients
from service.engine.live_version import LiveVersion
from service.engine.loading import load_folder
from service.engine.patrol import FollowedEntry, Patrol
from service.settings import STORE_SECONDS, Settings

_LOG = logging.getLogger(__name__)
_MAX_LOADED = 3
"""Versions that stay loaded, so that going back to one of them takes no time."""

_POLLS_A_LOOK = 10
"""How many times the ledger is asked before the store is asked for versions that were published."""

_RETRY_SECONDS = 10.0
"""Seconds before a version that was refused is tried again: the store may have been out of reach for a moment."""


class Follower:
    """The live version and the problems with it. `swapped` is called in the follower's thread after each change."""

    def __init__(self, settings: Settings, swapped: Callable[[LiveVersion], None]) -> None:
        self.settings, self._swapped = settings, swapped
        self._cache = BundleCache(settings.state)
        kept = KeptContracts(settings.state / "contracts")
        self._clients = KnownClients(_POLLS_A_LOOK * settings.poll_seconds, kept)
        self._ledger: Ledger | None = None
        self._patrol: Patrol | None = None
        self._identity: IdentityWatch | None = None
        self._polls = 0
        self._loaded: dict[str, LiveVersion] = {}
        self._refused: dict[int, float] = {}
        self._followed: FollowedEntry | None = None
        self._retry_at = 0.0
        self._looked, self._ended = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)
        self.serving: LiveVersion | None = None
        self.problems: dict[str, str] = {}
        """Problems by kind, such as `store` or `refused`, for those who watch the service. No text names a path."""

    def start(self) -> None:
        """Start to follow; without an answer of the store in `start_seconds`, serve the last good version."""
        self._thread.start()
        if not self._looked.wait(self.settings.start_seconds):
            self._report_problem("store", "the store does not answer", None)
        if self.serving is None:
            self._serve_without_store()

    def stop(self) -> None:
        """Stop following; the live version stays."""
        self._ended.set()

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                self._check_ledger()
                self._accept_other_clients()
            except CreditError as error:
                self._report_problem("store", "the store does not answer", error)
            except Exception:  # noqa: BLE001 - what is served stays served, and the next look may succeed
                self._report_problem("store", "the ledger could not be followed", None)
                _LOG.exception("following the ledger failed")
            self._looked.set()
            self._ended.wait(self.settings.poll_seconds)

    def _check_ledger(self) -> None:
        if self._ledger is None:
            ledger = Ledger(open_store(make=False, seconds=STORE_SECONDS), self.settings.environment)
            self._start_patrol(ledger)
            self._ledger = ledger
        known = self.serving.number if self.serving and self.serving.doubt is None else 0
        entry = self._find_newest(self._ledger, known)
        if entry is not None:
            self.problems.pop("ledger", None)
            if time.monotonic() >= self._refused.get(entry.number, 0):
                self._follow(self._ledger, entry)
        elif self.serving is None or self.serving.entry is None:
            self._report_problem("ledger", "nothing has been deployed here", None)
        if "disk" in self.problems and time.monotonic() >= self._retry_at:
            self._keep_again(self._ledger)
        if self._patrol is not None and self._identity is not None:
            self._look_back(self._patrol, self._identity)
        self.problems.pop("store", None)

    def _accept_other_clients(self) -> None:
        """Accept what clients of versions send that were published meanwhile, before one of these is deployed."""
        if self._ledger is None or not self._clients.update(self._ledger.store, self.settings.environment):
            return
        if self.serving is not None:
            self.serving = self._accept_others(self.serving)

    def _accept_others(self, serving: LiveVersion) -> LiveVersion:
        others = self._clients.list_others(serving.bundle.manifest.digest)
        return serving.accept_others(others, self.settings.max_batch)

    def _find_newest(self, ledger: Ledger, after: int) -> LedgerEntry | None:
        """Find the newest entry after `after`. Invalid ones are passed over, as `release rollback --to` does."""
        try:
            is_newest = after > 0 and ledger.find_entry(after + 1) is None
        except CreditError:
            is_newest = False  # it is not valid, or the store is away: the listing tells which
        if is_newest:
            return None
        for number in ledger.iterate_numbers():
            if number <= after:
                return None
            try:
                entry = ledger.read_entry(number)
            except CreditError as error:
                self._report_problem("entry", f"entry {number} of the ledger is invalid and skipped", error)
                continue
            if number == ledger.find_last_number():
                self.problems.pop("entry", None)
            return entry
        return None

    def _start_patrol(self, ledger: Ledger) -> None:
        """Start to look at entries again, from the newest that was followed here before; not at those of another store.

        Raises CreditError when the store does not answer.
        """
        known = self._cache.read_followed()
        self._identity = IdentityWatch(ledger, known)
        self._patrol = Patrol(ledger, known if known and known.store == self._identity.id else None)

    def _look_back(self, patrol: Patrol, identity: IdentityWatch) -> None:
        """Notice that an entry, or the store's identity, was changed or taken out: it would be by hand."""
        found: dict[str, str | None] = {**patrol.look()}
        if self._polls % _POLLS_A_LOOK == 0:
            found["identity"] = identity.look()
        elif "identity" in self.problems:
            found["identity"] = self.problems["identity"]
        self._polls += 1
        for kind in ("tampered", "chain", "identity"):
            if said := found.get(kind):
                self._report_problem(kind, said, None)
            else:
                self.problems.pop(kind, None)

    def _follow(self, ledger: Ledger, entry: LedgerEntry) -> None:
        try:
            serving = self._load(entry, ledger)
        except Exception as error:  # noqa: BLE001 - a bad bundle is refused, whatever is wrong with it
            if not isinstance(error, CreditError):
                _LOG.exception("loading a version failed")
            said = f"entry {entry.number}, {entry.version}, was refused: it cannot be loaded and verified"
            self._report_problem("refused", said, error)
            self._refused[entry.number] = time.monotonic() + _RETRY_SECONDS
            if entry.kind != "fallback" or (serving := self._substitute_rule(entry)) is None:  # type: ignore[assignment]
                return
            self._cache_entry(serving, entry.number)
        else:
            self.problems.pop("refused", None)
            self._refused.clear()
            self._cache_entry(serving, entry.number)
        self._take_over(serving)

    def _cache_entry(self, serving: LiveVersion, number: int) -> None:
        """Keep what a restart without the store goes by: first that there is a newer entry, then the entry itself."""
        self._retry_at = time.monotonic() + _RETRY_SECONDS
        if self._patrol is not None and self._identity is not None:
            self._followed = self._patrol.follow(number, self._identity.id) or self._followed
        try:
            if self._followed is not None:
                self._cache.keep_followed(self._followed)
            if serving.entry is not None and not serving.load_failure:
                self._cache.keep(serving.entry)
            self.problems.pop("disk", None)
        except CreditError as error:  # which keeps nobody from taking over
            self._report_problem("disk", "the last good version cannot be saved to the disk", error)

    def _keep_again(self, ledger: Ledger) -> None:
        """Keep on the disk what it did not take before: it may have room by now."""
        serving = self.serving
        if serving is None or serving.entry is None:
            return
        with suppress(CreditError):
            self._cache.fetch(ledger.store, serving.entry)
        self._cache_entry(serving, serving.number)

    def _load(self, entry: LedgerEntry, ledger: Ledger | None) -> LiveVersion:
        """Load a version from memory, from the disk, else from the store. Raises CreditError when it is not intact."""
        if ledger is not None and self.settings.trusted_keys is not None:
            require_signature(ledger.store, entry.version, entry.digest, self.settings.trusted_keys)
        there = self._loaded.get(entry.digest)
        if there is None:
            try:
                there = load_folder(entry, self._cache.locate_bundle(entry.digest), self.settings.max_batch)
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
            return load_folder(entry, self._cache.fetch(ledger.store, entry), self.settings.max_batch)
        except CreditError as error:
            patient = Store(ledger.store.url, make=False)
            record = require_version(patient, entry.version, entry.digest)
            with fetch_temporarily(patient, record) as folder:
                there = load_folder(entry, folder, self.settings.max_batch)
            _LOG.warning(
                "%s is served from memory, as the disk of the service does not take it: %s", entry.version, error
            )
            return there

    def _substitute_rule(self, entry: LedgerEntry) -> LiveVersion | None:
        """Let any rule at hand decide: the kill switch needs no bundle of its own. None when there is no rule."""
        other = self.serving or self._load_last() or self._load_baked()
        if other is None:
            return None
        because = describe_fallback(f"{entry.reason} (its own version cannot be loaded)")
        return replace(other, entry=entry, load_failure=because, doubt=None)

    def _serve_without_store(self) -> None:
        self._clients.add_kept(self._cache.folder)
        serving = self._load_last()
        if serving is not None and serving.entry and (doubt := self._cache.explain_doubt(serving.entry)) is not None:
            self._report_problem("disk", f"{doubt}; the rule decides until the store answers", None)
            serving = replace(serving, doubt=describe_doubt(doubt))
        serving = serving or self._load_baked()
        if serving is not None and self.serving is None:
            self._take_over(serving)

    def _load_last(self) -> LiveVersion | None:
        """Load the last good version from the disk; None when there is none, or it is damaged."""
        entry = self._cache.read_last_entry()
        try:
            return self._load(entry, None) if entry is not None else None
        except CreditError as error:
            self._report_problem("disk", "the last good version on the disk is damaged", error)
            return None

    def _load_baked(self) -> LiveVersion | None:
        if self.settings.baked is None:
            return None
        try:
            return load_folder(None, self.settings.baked, self.settings.max_batch)
        except CreditError as error:
            self._report_problem("baked", "the rule in the image cannot be loaded", error)
            return None

    def _take_over(self, serving: LiveVersion) -> None:
        self.serving = serving = self._accept_others(serving)
        by = "the rule" if serving.rule_because else "its model"
        _LOG.info("entry %d: %s decides, of %s", serving.number, by, serving.version or "the image")
        self._swapped(serving)

    def _report_problem(self, kind: str, said: str, error: Exception | None) -> None:
        if self.problems.get(kind) != said:
            _LOG.warning("%s%s", said, f": {error}" if isinstance(error, CreditError) else "")
        self.problems[kind] = said

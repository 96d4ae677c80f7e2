"""Follow the ledger: load the newest version off to the side, verify and warm it, then let it take over."""

import hashlib
import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial

from credit.bundle.rule_causes import describe_doubt
from credit.common.errors import CreditError
from credit.registry.address import open_store
from credit.registry.ledger import Ledger, LedgerEntry
from service.engine.bundle_cache import BundleCache
from service.engine.identity_watch import IdentityWatch
from service.engine.kept_contracts import KeptContracts
from service.engine.known_clients import KnownClients
from service.engine.live_version import LiveVersion
from service.engine.patrol import FollowedEntry, Patrol
from service.engine.version_sources import VersionSources
from service.settings import STORE_SECONDS, Settings

_LOG = logging.getLogger(__name__)
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
        self._versions = VersionSources(self._cache, lambda: self.settings, self._report_problem)
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

    def accept_others(self, serving: LiveVersion) -> LiveVersion:
        """Let a version take what clients of all other published versions send."""
        others = self._clients.list_others(serving.bundle.manifest.digest)
        return serving.accept_others(others, self.settings.max_batch)

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                self._accept_larger_batches()
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
        found = self._find_newest(self._ledger, known)
        if found is not None:
            self.problems.pop("ledger", None)
            if time.monotonic() >= self._refused.get(found[0].number, 0):
                self._follow(self._ledger, *found)
        elif self.serving is None or self.serving.entry is None:
            self._report_problem("ledger", "nothing has been deployed here", None)
        if "disk" in self.problems and time.monotonic() >= self._retry_at:
            self._keep_again(self._ledger)
        if self._patrol is not None and self._identity is not None:
            self._look_back(self._patrol, self._identity)
        self.problems.pop("store", None)

    def _accept_larger_batches(self) -> None:
        """Accept batches up to the limit of now, or no longer, when SIGHUP changed it; with or without the store."""
        serving = self.serving
        if serving is not None and serving.requests.largest_batch != self.settings.max_batch:
            self.serving = self.accept_others(serving)

    def _accept_other_clients(self) -> None:
        """Accept what clients of versions send that were published meanwhile, before one of these is deployed."""
        if self._ledger is None or not self._clients.update(self._ledger.store, self.settings.environment):
            return
        if self.serving is not None:
            self.serving = self.accept_others(self.serving)

    def _find_newest(self, ledger: Ledger, after: int) -> tuple[LedgerEntry, FollowedEntry] | None:
        """Find the newest entry after `after`, and what is kept of it: once it is read, the store may be gone.

        Invalid ones are passed over, as `release rollback --to` does. Raises CreditError when the store is away.
        """
        try:
            is_newest = after > 0 and ledger.find_entry(after + 1) is None
        except CreditError:
            is_newest = False  # it is not valid, or the store is away: the listing tells which
        if is_newest:
            return None
        is_last = True
        for number in ledger.iterate_numbers():
            if number <= after:
                return None
            content = ledger.read_content(number) or b""  # where the store goes now, no entry is passed over
            try:
                entry = ledger.parse_entry(number, content)
            except CreditError as error:
                fix = "release rollback --to VERSION leaves it behind"
                said = f"entry {number} of the ledger, {ledger.build_key(number)}, is invalid and skipped; {fix}"
                self._report_problem("entry", said, error)
                is_last = False
                continue
            if is_last:
                self.problems.pop("entry", None)
            store, found = self._identity.id if self._identity else None, hashlib.sha256(content).hexdigest()
            return entry, FollowedEntry(store=store, number=number, hash=found)
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

    def _follow(self, ledger: Ledger, entry: LedgerEntry, followed: FollowedEntry) -> None:
        if entry.kind == "fallback":  # loading takes a while, in which this process may end
            with suppress(CreditError):  # which is told below, where it is kept again
                self._cache.keep_followed(followed)
        try:
            serving = self._versions.load(entry, ledger)
        except Exception as error:  # noqa: BLE001 - a bad bundle is refused, whatever is wrong with it
            if not isinstance(error, CreditError):
                _LOG.exception("loading a version failed")
            said = f"entry {entry.number}, {entry.version}, was refused: it cannot be loaded and verified"
            self._report_problem("refused", said, error)
            self._refused[entry.number] = time.monotonic() + _RETRY_SECONDS
            if entry.kind != "fallback" or (serving := self._versions.find_rule(entry, self.serving)) is None:  # type: ignore[assignment]
                return
        else:
            self.problems.pop("refused", None)
            self._refused.clear()
        self._followed = followed
        self._cache_entry(serving)
        self._take_over(serving)
        if self._patrol is not None:
            self._patrol.follow(followed)

    def _cache_entry(self, serving: LiveVersion) -> None:
        """Keep what a restart without the store goes by: first that there is a newer entry, then the entry itself."""
        self._retry_at = time.monotonic() + _RETRY_SECONDS
        failed: list[CreditError] = []
        for keep in (self._keep_followed, partial(self._keep_entry, serving)):
            try:
                keep()
            except CreditError as error:  # which keeps nobody from taking over, nor the other from being kept
                failed.append(error)
        if failed:
            self._report_problem("disk", "the last good version cannot be saved to the disk", failed[0])
        else:
            self.problems.pop("disk", None)

    def _keep_followed(self) -> None:
        if self._followed is not None:
            self._cache.keep_followed(self._followed)

    def _keep_entry(self, serving: LiveVersion) -> None:
        if serving.entry is not None and not serving.load_failure:
            self._cache.keep(serving.entry)

    def _keep_again(self, ledger: Ledger) -> None:
        """Keep on the disk what it did not take before: it may have room by now."""
        serving = self.serving
        if serving is None or serving.entry is None:
            return
        with suppress(CreditError):
            self._cache.fetch(ledger.store, serving.entry)
        self._cache_entry(serving)

    def _serve_without_store(self) -> None:
        self._clients.add_kept(self._cache.folder)
        serving = self._versions.load_last()
        if serving is not None and serving.entry and (doubt := self._cache.explain_doubt(serving.entry)) is not None:
            self._report_problem("disk", f"{doubt}; the rule decides until the store answers", None)
            serving = replace(serving, doubt=describe_doubt(doubt))
        serving = serving or self._versions.load_baked()
        if serving is not None and self.serving is None:
            self._take_over(serving)

    def _take_over(self, serving: LiveVersion) -> None:
        self.serving = serving = self.accept_others(serving)
        because = f": {serving.rule_because}" if serving.rule_because else ""
        said = "entry %d: the %s decides, of %s%s"
        _LOG.info(said, serving.number, serving.decides, serving.version or "the image", because)
        self._swapped(serving)

    def _report_problem(self, kind: str, said: str, error: Exception | None) -> None:
        if self.problems.get(kind) != said:
            _LOG.warning("%s%s", said, f": {error}" if isinstance(error, CreditError) else "")
        self.problems[kind] = said

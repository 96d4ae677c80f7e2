"""Follows the ledger: loads what is newest off to the side, verifies and warms it, then lets it take over."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from credit.common.errors import CreditError
from credit.registry.ledger import Entry, Ledger
from credit.registry.store import store_in_use
from service.engine.bundle_cache import Cache
from service.engine.live_version import Serving
from service.engine.loading import of_folder
from service.settings import Settings

_LOG = logging.getLogger(__name__)
_LOADED = 3
"""Versions that stay loaded, so that going back to one of them takes no time."""

_PATIENCE = 10.0
"""Seconds before a version that was refused is tried again: the store may have been out of reach for a moment."""


class Follower:
    """What is served, and what is wrong. `swapped` is called in the follower's thread after each change."""

    def __init__(self, settings: Settings, swapped: Callable[[Serving], None]) -> None:
        self._settings, self._swapped = settings, swapped
        self._cache = Cache(settings.state)
        self._ledger: Ledger | None = None
        self._loaded: dict[str, Serving] = {}
        self._refused: dict[int, float] = {}
        self._looked, self._ended = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)
        self.serving: Serving | None = None
        self.problems: dict[str, str] = {}
        """What is wrong, for whoever watches: `store`, or the entry that was refused. Says nothing of paths."""

    def start(self) -> None:
        """Follow; before the first answer of the store, at most `start_seconds`, nothing is served."""
        self._thread.start()
        self._looked.wait(self._settings.start_seconds)
        if self.serving is None:
            self._serve_without_store()

    def stop(self) -> None:
        """Do not look again."""
        self._ended.set()

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                self._look()
            except CreditError as error:
                self._problem("store", "the store does not answer", error)
            except Exception:  # noqa: BLE001 - what is served stays served, and the next look may succeed
                self._problem("store", "the ledger could not be followed", None)
                _LOG.exception("following the ledger failed")
            self._looked.set()
            self._ended.wait(self._settings.poll_seconds)

    def _look(self) -> None:
        if self._ledger is None:
            self._ledger = Ledger(store_in_use(make=False), self._settings.environment)
        entry = self._newest(self._ledger, self.serving.number if self.serving else 0)
        self.problems.pop("store", None)
        if entry is None:
            if self.serving is None or self.serving.entry is None:
                self._problem("ledger", "nothing was ever deployed here", None)
            return
        self.problems.pop("ledger", None)
        if time.monotonic() >= self._refused.get(entry.number, 0):
            self._follow(self._ledger, entry)

    def _newest(self, ledger: Ledger, after: int) -> Entry | None:
        """The newest entry after `after`. One that is not valid is passed over, as `release rollback --to` does."""
        try:
            is_newest = after > 0 and ledger.find(after + 1) is None
        except CreditError:
            is_newest = False  # it is not valid, or the store is away: the listing tells which
        if is_newest:
            ledger.entry(after)  # nothing is ever taken out of a ledger: without this entry, it is another one
            return None
        for number in range(ledger.length(), after, -1):
            try:
                entry = ledger.entry(number)
            except CreditError as error:
                self._problem("entry", f"entry {number} of the ledger is not valid and is passed over", error)
                continue
            if number == ledger.length():
                self.problems.pop("entry", None)
            return entry
        return None

    def _follow(self, ledger: Ledger, entry: Entry) -> None:
        try:
            serving = self._load(entry, ledger)
        except Exception as error:  # noqa: BLE001 - a bad bundle is refused, whatever is wrong with it
            if not isinstance(error, CreditError):
                _LOG.exception("loading a version failed")
            said = f"entry {entry.number}, {entry.version}, was refused: it could not be loaded and verified"
            self._problem("refused", said, error)
            self._refused[entry.number] = time.monotonic() + _PATIENCE
            if entry.kind != "fallback" or (serving := self._rule_of_another(entry)) is None:  # type: ignore[assignment]
                return
        else:
            self.problems.pop("refused", None)
            self._refused.clear()
            self._keep(entry)
        self._take_over(serving)

    def _keep(self, entry: Entry) -> None:
        try:
            self._cache.keep(entry)
            self.problems.pop("disk", None)
        except CreditError as error:  # which keeps nobody from taking over
            self._problem("disk", "the last good version could not be kept on the disk", error)

    def _load(self, entry: Entry, ledger: Ledger | None) -> Serving:
        """A version, from memory, from the disk, else from the store. Raises CreditError when it is not intact."""
        there = self._loaded.get(entry.digest)
        if there is None:
            try:
                there = of_folder(entry, self._cache.folder(entry.digest), self._settings.max_batch)
            except CreditError:
                if ledger is None:
                    raise
                there = of_folder(entry, self._cache.fetch(ledger.store, entry), self._settings.max_batch)
        self._loaded.pop(entry.digest, None)
        self._loaded[entry.digest] = there
        while len(self._loaded) > _LOADED:
            self._loaded.pop(next(iter(self._loaded)))
        return replace(there, entry=entry)

    def _rule_of_another(self, entry: Entry) -> Serving | None:
        """The kill switch needs no bundle of its own: any rule that is at hand decides."""
        other = self.serving or self._baked()
        if other is None:
            return None
        because = f"the rule was put forward: {entry.reason} (its own version could not be loaded)"
        return replace(other, entry=entry, unloaded=because)

    def _serve_without_store(self) -> None:
        entry = self._cache.last()
        serving = None
        if entry is not None:
            try:
                serving = self._load(entry, None)
            except CreditError as error:
                self._problem("disk", "the last good version on the disk is damaged", error)
        serving = serving or self._baked()
        if serving is not None and self.serving is None:
            self._take_over(serving)

    def _baked(self) -> Serving | None:
        if self._settings.baked is None:
            return None
        try:
            return of_folder(None, self._settings.baked, self._settings.max_batch)
        except CreditError as error:
            self._problem("baked", "the rule in the image cannot be loaded", error)
            return None

    def _take_over(self, serving: Serving) -> None:
        self.serving = serving
        by = "the rule" if serving.ruled else "its champion"
        _LOG.info("entry %d: %s decides, of %s", serving.number, by, serving.version or "the image")
        self._swapped(serving)

    def _problem(self, kind: str, said: str, error: Exception | None) -> None:
        if self.problems.get(kind) != said:
            _LOG.warning("%s%s", said, f": {error}" if isinstance(error, CreditError) else "")
        self.problems[kind] = said

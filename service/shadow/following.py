"""Follow the challenges of an environment: load the challenger of a new one beside, and let it go with its end."""

import logging
import threading
import time
from collections.abc import Callable

from credit.common.errors import CreditError
from credit.registry.address import open_store
from credit.registry.challenges import Challenge, Challenges
from credit.registry.signatures import require_signature
from credit.registry.store import Store
from credit.registry.versions import fetch_temporarily, require_version
from service.settings import STORE_SECONDS, Settings
from service.shadow.challenger import Challenger, ChallengerError, LogPlace
from service.shadow.shadows import Shadows

_LOG = logging.getLogger(__name__)

_RETRY_SECONDS = 10.0
"""Before a challenger that could not be loaded, or ended, is loaded again."""


class ChallengeFollower:
    """A thread beside the one that follows the ledger, so that no challenge is in the way of a rollback."""

    def __init__(self, read_settings: Callable[[], Settings], shadows: Shadows) -> None:
        self._read_settings, self._shadows = read_settings, shadows
        self._challenges: Challenges | None = None
        self._number = 0
        self._newest: Challenge | None = None
        self._is_followed = True  # the newest record, also when the read of a next one fails
        self._retry_at = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="challenges", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End; a challenger that is being loaded is not waited for."""
        self._ended.set()

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                self._look()
            except CreditError as error:  # a store that is away changes nothing; the follower of the ledger tells it
                _LOG.debug("the challenges could not be read: %s", error)
            except Exception:  # noqa: BLE001 - what decides beside goes on, and the next look may succeed
                _LOG.exception("following the challenges failed")
            self._ended.wait(self._read_settings().poll_seconds)

    def _look(self) -> None:
        """Take up the records that are new; of several, the newest. Raises CreditError when the store is away."""
        if self._challenges is None:
            store = open_store(make=False, seconds=STORE_SECONDS)
            challenges = Challenges(store, self._read_settings().environment)
            self._number = max(0, challenges.find_last_number() - 1)
            self._challenges = challenges
        challenges = self._challenges
        while (content := challenges.read_content(self._number + 1)) is not None:
            self._number += 1
            self._newest = self._read(challenges, content)
            self._is_followed, self._retry_at = self._newest is None, 0.0
        newest, is_lost = self._newest, self._shadows.challenger is None
        if newest is None or time.monotonic() < self._retry_at:
            return
        if not self._is_followed or (is_lost and newest.kind == "shadow"):
            self._follow(challenges.store, newest)
            self._is_followed = True

    def _read(self, challenges: Challenges, content: bytes) -> Challenge | None:
        """Read a record; where it is not valid nobody decides beside, and that is a problem."""
        try:
            return challenges.parse(self._number, content)
        except CreditError as error:
            _LOG.error("%s", error)
            said = f"record {self._number} of the challenges is not valid; nobody decides beside"
            self._shadows.suspend(said, self._number, None)
            return None

    def _follow(self, store: Store, challenge: Challenge) -> None:
        if challenge.kind == "end":
            self._shadows.end()
            _LOG.info("challenge %d is ended", challenge.number)
            return
        self._retry_at = time.monotonic() + _RETRY_SECONDS
        try:
            challenger = self._load(store, challenge)
        except (CreditError, ChallengerError, OSError) as error:
            _LOG.error("challenge %d: %s cannot be loaded: %s", challenge.number, challenge.version, error)
            said = f"the challenger {challenge.version} cannot be loaded; nobody is decided by it"
            self._shadows.suspend(said, challenge.number, challenge)
            return
        if self._ended.is_set():
            challenger.close()
            return
        self._shadows.begin(challenger)
        _LOG.info("challenge %d: %s decides beside, for nobody", challenge.number, challenge.version)

    def _load(self, store: Store, challenge: Challenge) -> Challenger:
        """Load a challenger by the rules of the live version: signed where asked for, every hash checked."""
        trusted = self._read_settings().trusted_keys
        if trusted is not None:
            require_signature(store, challenge.version, challenge.digest, trusted)
        patient = Store(store.url, make=False)  # a version is larger than a record of a challenge
        with fetch_temporarily(patient, require_version(patient, challenge.version, challenge.digest)) as folder:
            settings = self._read_settings()
            return Challenger(challenge, folder, LogPlace(settings.database, settings.spool))

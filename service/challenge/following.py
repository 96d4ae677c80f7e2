"""Follow the challenges of an environment: load the challenger of a new one, and let it go with its end."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from credit.common.errors import CreditError
from credit.registry.address import open_store
from credit.registry.challenges import Challenge, Challenges
from credit.registry.store import Store
from service.challenge.dealing import Dealer, find_obstacle
from service.challenge.loading import fetch_challenger, load_challenger
from service.engine.follower import Follower
from service.engine.requests import RequestParser
from service.settings import STORE_SECONDS, Settings
from service.shadow.challenger import Challenger, ChallengerError, LogPlace
from service.shadow.shadows import Shadows

_LOG = logging.getLogger(__name__)

AWAY_SECONDS = 60.0
"""For so long people are dealt to a challenger though the store, which may say that its split is ended, is away."""

_RETRY_SECONDS = 10.0
"""Before a challenger that could not be loaded, or ended, is loaded again."""


class ChallengeFollower:
    """A thread beside the one that follows the ledger, so that no challenge is in the way of a rollback.

    A challenger decides in the shadow, for nobody, or about those whom the dealer deals to it. `follower`: of the
    ledger, which knows what clients send. `begin_dealing` is called before the first one is dealt to a challenger.
    """

    def __init__(
        self,
        read_settings: Callable[[], Settings],
        shadows: Shadows,
        dealer: Dealer,
        follower: Follower,
        begin_dealing: Callable[[], None],
    ) -> None:
        self._read_settings, self._shadows = read_settings, shadows
        self._dealer, self._follower, self._begin_dealing = dealer, follower, begin_dealing
        self._accepted: RequestParser | None = None
        self._challenges: Challenges | None = None
        self._number = 0
        self._newest: Challenge | None = None
        self._is_followed = True  # the newest record, also when the read of a next one fails
        self._retry_at, self._answered = 0.0, time.monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="challenges", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End; a challenger that is being loaded is not waited for."""
        self._ended.set()

    def _run(self) -> None:
        while not self._ended.is_set():
            self._try_to_look()
            self._ended.wait(self._read_settings().poll_seconds)

    def _try_to_look(self) -> None:
        """Look; where the store has not answered for long, it may say that a split is ended, and nobody is dealt."""
        try:
            self._look()
            self._answered, self._dealer.pause = time.monotonic(), None
        except CreditError as error:  # a store that is away changes nothing else; the follower of the ledger tells it
            _LOG.debug("the challenges could not be read: %s", error)
            if time.monotonic() - self._answered > AWAY_SECONDS:
                self._dealer.pause = "the store does not answer, and may have its end"
        except Exception:  # noqa: BLE001 - what decides beside goes on, and the next look may succeed
            _LOG.exception("following the challenges failed")

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
        newest, may_load = self._newest, time.monotonic() >= self._retry_at
        if newest is not None and may_load and (not self._is_followed or self._is_lost(newest)):
            self._follow(challenges.store, newest)
            self._is_followed = True
        self._accept_other_clients()

    def _is_lost(self, newest: Challenge) -> bool:
        """Tell whether a challenger that should decide is not there."""
        if newest.kind == "split":
            is_due = find_obstacle(newest, self._follower.serving, datetime.now(UTC)) is None
            return self._dealer.challenger is None and is_due
        return newest.kind == "shadow" and self._shadows.challenger is None

    def _accept_other_clients(self) -> None:
        """Let the challenger take what clients of other versions send, whenever the live version takes more."""
        live, challenger = self._follower.serving, self._dealer.challenger
        if live is not None and challenger is not None and live.requests is not self._accepted:
            self._dealer.adopt(self._follower.accept_others(challenger))
            self._accepted = live.requests

    def _read(self, challenges: Challenges, content: bytes) -> Challenge | None:
        """Read a record; where it is not valid nobody decides beside, and that is a problem."""
        try:
            return challenges.parse(self._number, content)
        except CreditError as error:
            _LOG.error("%s", error)
            said = f"record {self._number} of the challenges is not valid; nobody decides beside"
            self._dealer.end()
            self._shadows.suspend(said, self._number, None)
            return None

    def _follow(self, store: Store, challenge: Challenge) -> None:
        if challenge.kind != "shadow":
            self._shadows.end()
        if self._dealer.challenge != challenge:
            self._dealer.end()  # nobody is dealt to another challenger while this one is loaded
        if challenge.kind == "end":
            _LOG.info("challenge %d is ended", challenge.number)
            return
        self._retry_at = time.monotonic() + _RETRY_SECONDS
        try:
            if challenge.kind == "split":
                self._deal(store, challenge)
            else:
                self._shadow(store, challenge)
        except Exception as error:  # noqa: BLE001 - a bad bundle is refused, whatever is wrong with it
            if not isinstance(error, CreditError | ChallengerError | OSError):
                _LOG.exception("loading a challenger failed")
            _LOG.error("challenge %d: %s cannot be loaded: %s", challenge.number, challenge.version, error)
            said = f"the challenger {challenge.version} cannot be loaded; nobody is decided by it"
            if challenge.kind == "split":
                self._dealer.suspend(said, challenge)
            else:
                self._shadows.suspend(said, challenge.number, challenge)

    def _shadow(self, store: Store, challenge: Challenge) -> None:
        """Let a challenger decide beside. Raises CreditError, ChallengerError or OSError when it cannot be loaded."""
        challenger = self._load(store, challenge)
        if self._ended.is_set():
            challenger.close()
            return
        self._shadows.begin(challenger)
        _LOG.info("challenge %d: %s decides beside, for nobody", challenge.number, challenge.version)

    def _deal(self, store: Store, challenge: Challenge) -> None:
        """Let a challenger decide about its share. Raises CreditError or OSError when it cannot be loaded."""
        live = self._follower.serving
        if find_obstacle(challenge, live, datetime.now(UTC)) is not None:
            self._dealer.suspend(None, challenge)
            return
        challenger = self._follower.accept_others(load_challenger(store, challenge, self._read_settings()))
        self._accepted = live.requests if live else None
        self._begin_dealing()
        self._dealer.begin(challenge, challenger)
        _LOG.info("challenge %d: %s decides about a share of the applicants", challenge.number, challenge.version)

    def _load(self, store: Store, challenge: Challenge) -> Challenger:
        """Start the process of a challenger in the shadow. Raises as `_shadow` does."""
        settings = self._read_settings()
        with fetch_challenger(store, challenge, settings) as folder:
            return Challenger(challenge, folder, LogPlace(settings.database, settings.spool))

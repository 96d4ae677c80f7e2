"""Deal applicants: most to the live version, a share to the challenger of a split, and the same person the same way."""

import hashlib
import secrets
import threading
from collections import Counter
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from credit.registry.challenges import Challenge
from service.engine.live_version import LiveVersion
from service.engine.requests import ApplicationRequest

Arm = Literal["live", "challenger"]

ARMS: tuple[Arm, ...] = ("live", "challenger")

_BYTES = 6
"""Of a hash, that are a person's place: a float has no more of them, and 1 itself is never reached."""


class _Split(NamedTuple):
    """A split, and its challenger, as if live by the entry that it challenges."""

    challenge: Challenge
    challenger: LiveVersion


class Dealer:
    """Deals applicants while a split is on. Any thread may ask; one begins and ends."""

    def __init__(self) -> None:
        self._split: _Split | None = None
        self._turn = threading.Lock()
        self.challenge: Challenge | None = None
        """The split that is on, whether its challenger decides or not; None without one."""
        self.load_problem: str | None = None
        """Why there is no challenger though a split is on; None when there is one, or need not be one."""
        self.pause: str | None = None
        """Why nobody is dealt for now; None: people are."""
        self.counts: Counter[Arm] = Counter()
        """How many applications were dealt to whom since the split was taken up here."""

    @property
    def challenger(self) -> LiveVersion | None:
        """The challenger that is loaded; None without one."""
        return self._split.challenger if self._split else None

    def begin(self, challenge: Challenge, challenger: LiveVersion) -> None:
        """Deal from now on, until the moment that the plan says."""
        if self.challenge != challenge:
            self.counts = Counter()
        self.challenge, self.load_problem = challenge, None
        self._split = _Split(challenge, challenger)

    def suspend(self, problem: str | None, challenge: Challenge) -> None:
        """Let the live version decide about everybody though a split is on, for a problem or because it is over."""
        self._split, self.challenge, self.load_problem = None, challenge, problem

    def end(self) -> None:
        """Let the live version decide about everybody: no split is on."""
        self._split = self.challenge = self.load_problem = None

    def adopt(self, challenger: LiveVersion) -> None:
        """Go on with the challenger as it takes what more clients send."""
        if self._split is not None:
            self._split = self._split._replace(challenger=challenger)

    def deal(
        self, live: LiveVersion, asked: ApplicationRequest, caller: str, key: str | None, place: int = 0
    ) -> LiveVersion:
        """Choose who decides about an application; the live version without a split that is on for it.

        Whoever has a reference of an applicant gets the same version each time, else whoever repeats a key; others are
        dealt anew each time.
        """
        split = self._split
        if split is None or self.pause is not None:
            return live
        if find_obstacle(split.challenge, live, datetime.now(UTC)) is not None:
            return live
        assert split.challenge.plan is not None  # noqa: S101 - for mypy: a split has one
        person = asked.applicant or (secrets.token_hex(_BYTES) if key is None else f"{caller}\0{key}\0{place}")
        is_challengers = find_place(split.challenge, person) < split.challenge.plan.share
        with self._turn:
            self.counts["challenger" if is_challengers else "live"] += 1
        return split.challenger if is_challengers else live

    def explain_rest(self, live: LiveVersion | None) -> str | None:
        """Explain why the live version decides about everybody though a split is on; None when it does not."""
        if self.challenge is None:
            return None
        obstacle = find_obstacle(self.challenge, live, datetime.now(UTC)) or self.load_problem or self.pause
        return obstacle or (None if self._split else "it is not loaded yet")


def find_place(challenge: Challenge, person: str) -> float:
    """Find the place of a person in a split, from 0 to below 1, as if drawn by chance.

    By the id of the challenge, which only the store has: nobody outside can choose an arm, or foretell one. It is of
    one entry of the ledger and one challenge, so that the next split deals anew.
    """
    digest = hashlib.sha256(f"{challenge.id}\0{challenge.entry}\0{person}".encode()).digest()
    return int.from_bytes(digest[:_BYTES]) / float(256**_BYTES)


def find_obstacle(challenge: Challenge, live: LiveVersion | None, now: datetime) -> str | None:
    """Find why the challenger of a split may decide about nobody; None when it may about its share."""
    if live is None:
        return "no version is live"
    if live.number != challenge.entry:
        return f"entry {live.number} decides by now, and the split is of entry {challenge.entry}"
    if live.fallback_reason is not None:
        return "the rule stands in for the live version"
    return "its time is over" if challenge.plan is not None and now >= challenge.plan.until else None

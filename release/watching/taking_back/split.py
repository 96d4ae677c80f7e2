"""Look after a split: where its challenger treats a group unequally or fails, the live version decides alone again."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import NamedTuple

from credit.common.errors import CreditError
from credit.registry.challenges import Challenge, ChallengeConflictError, Challenges
from credit.registry.holds import Hold, read_hold
from credit.registry.ledger import WATCH_ACTOR, LedgerEntry
from credit.registry.store import Store
from release.deployment.quarantine import FAILING_REASON, UNEQUAL_REASON
from release.watching.ageing import Concern
from release.watching.failing.wording import describe_failing
from release.watching.settings import Settings
from release.watching.wording import describe_alarm
from watch.judging import list_findings
from watch.streams import EntryStreams

Streams = Mapping[tuple[int, str], EntryStreams]
BOTH_FAIL = "the live version fails too, so that it may be the machine or the log, and no model"

_TOLD = timedelta(days=1)
"""For so long it is told that a watch ended a split: nobody else would notice."""


class _Alarm(NamedTuple):
    """The harm by a challenger, beyond doubt, and why nothing is to be done about it; empty where something is."""

    reason: str
    why_not: str = ""


class SplitWatch:
    """Looks after the split of an environment, by the evidence and the guards that hold for the live version.

    No trial on the same people comes before: the others were decided by the live version all the while, and go on so.
    """

    def __init__(self, store: Store, settings: Settings, read_settings: Callable[[], Settings]) -> None:
        self._store, self._settings, self._read_settings = store, settings, read_settings
        self._book = Challenges(store, settings.environment)
        self._known: dict[int, Challenge] = {}  # a record never changes

    def look(self, live: LedgerEntry, streams: Streams, obstacles: list[str], now: datetime) -> list[Concern]:
        """End the split where it must be; list what people are told of it.

        `streams`: by the number of an entry and the digest of who decided. `obstacles`: why nothing can be concluded.
        """
        try:
            newest = self._book.read_newest()
            if newest is None:
                return []
            ended, alarm = self._find_recent_end(newest, now), None
            if newest.plan is not None and newest.entry == live.number and now < newest.plan.until:
                alarm = self._find_alarm(newest, live, streams)
            concerns = [self._end(newest, alarm, obstacles)] if alarm else []
            return concerns if ended is None else [*concerns, _tell_end(ended)]
        except CreditError as error:
            return [Concern("untold", f"the challenges are not known: {error.problems[0]}")]

    def _find_recent_end(self, newest: Challenge, now: datetime) -> Challenge | None:
        """Find the newest split that a watch ended within the last day, also where another challenge is on by now."""
        for number in range(newest.number, 0, -1):
            with suppress(CreditError):  # of one that is not valid nothing is known
                one = self._known.get(number) or self._book.read(number)
                self._known[number] = one
                if now - one.time >= _TOLD:
                    return None
                if not one.is_begin and one.actor == WATCH_ACTOR:
                    return one
        return None

    def _find_alarm(self, challenge: Challenge, live: LedgerEntry, streams: Streams) -> _Alarm | None:
        """Find harm by a challenger that is beyond doubt; None without any.

        Where the live version fails on as many, its own model is not why.
        """
        own, lives = streams.get((challenge.entry, challenge.digest)), streams.get((live.number, live.digest))
        if own is None:
            return None
        params, judging = self._settings.params, self._settings.judging
        groups = [one for one in list_findings(own, params.alpha, self._settings.interval_alpha) if one.is_alarm]
        if groups:
            said = "; ".join(describe_alarm(one, judging) for one in groups[:3])
            return _Alarm(f"{UNEQUAL_REASON}{challenge.version}: {said}"[:1000])
        failing = own.failures.judge(params.failing_alpha, params.failing_least)
        if not failing.is_alarm:
            return None
        beside = lives.failures.judge(params.failing_alpha, params.failing_least) if lives else None
        fails_too = beside is not None and beside.share > beside.budget
        reason = f"{FAILING_REASON}{challenge.version}: {describe_failing(failing)}"
        return _Alarm(reason, BOTH_FAIL if fails_too else "")

    def _end(self, challenge: Challenge, alarm: _Alarm, obstacles: list[str]) -> Concern:
        """End a split, or say why not. Raises CreditError when the store is away."""
        if why_not := alarm.why_not or self._find_reason_not_to_end(obstacles):
            return Concern("split", f"{alarm.reason}; not ended: {why_not}")
        of = (challenge.version, challenge.digest)
        try:
            made = self._book.append("end", of, challenge.entry, alarm.reason, WATCH_ACTOR, challenge.number)
        except ChallengeConflictError as error:
            return Concern("split", f"{alarm.reason}; not ended: {error.problems[0].found}")
        return _tell_end(made)

    def _find_reason_not_to_end(self, obstacles: list[str]) -> str:
        settings = self._settings
        with suppress(CreditError):  # while the settings are not valid those of before stay
            settings = settings._replace(params=self._read_settings().params)
        return find_reason_not_to_end(obstacles, settings, read_hold(self._store, settings.environment))


def find_reason_not_to_end(obstacles: Sequence[str], settings: Settings, hold: Hold | None) -> str:
    """Find why nothing may be done, as for the live version; empty when nothing prevents it. `hold`: that is on."""
    if obstacles:
        return f"inconclusive: {'; '.join(obstacles)}"
    if not settings.params.acts:
        return "watch.acts is false in params.yaml"
    return f"{hold.actor} holds {settings.environment}: {hold.reason}" if hold else ""


def _tell_end(end: Challenge) -> Concern:
    said = f"the split of {end.version} was ended by the watch at {end.time:%Y-%m-%d %H:%M} UTC: {end.reason}"
    return Concern("split_ended", said)

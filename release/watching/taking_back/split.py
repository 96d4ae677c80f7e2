"""Look after a split: where its challenger treats a group unequally or fails, the live version decides alone again."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from credit.common.errors import CreditError
from credit.registry.challenges import Challenge, ChallengeConflictError, Challenges
from credit.registry.holds import Hold, read_hold
from credit.registry.ledger import WATCH_ACTOR, LedgerEntry
from credit.registry.store import Store
from release.watching.ageing import Concern
from release.watching.failing.wording import describe_failing
from release.watching.settings import Settings
from release.watching.wording import describe_alarm
from watch.judging import list_findings
from watch.streams import EntryStreams

_TOLD = timedelta(days=1)
"""For so long it is told that a watch ended a split: nobody else would notice."""


class SplitWatch:
    """Looks after the split of an environment, by the evidence and the guards that hold for the live version.

    No trial on the same people comes before: the others were decided by the live version all the while, and go on so.
    """

    def __init__(self, store: Store, settings: Settings, read_settings: Callable[[], Settings]) -> None:
        self._store, self._settings, self._read_settings = store, settings, read_settings
        self._book = Challenges(store, settings.environment)

    def look(
        self,
        live: LedgerEntry,
        streams: Mapping[tuple[int, str], EntryStreams],
        obstacles: list[str],
        now: datetime,
    ) -> list[Concern]:
        """End the split where it must be; list what people are told of it.

        `streams`: by the number of an entry and the digest of who decided. `obstacles`: why nothing can be concluded.
        """
        try:
            newest = self._book.read_newest()
            if newest is None:
                return []
            if newest.kind != "split":
                is_news = newest.kind == "end" and newest.actor == WATCH_ACTOR and now - newest.time < _TOLD
                return [_tell_end(newest)] if is_news else []
            found = self._find_alarm(newest, streams) if newest.entry == live.number else ""
            return [self._end(newest, found, obstacles)] if found else []
        except CreditError as error:
            return [Concern("untold", f"the challenges are not known: {error.problems[0]}")]

    def _find_alarm(self, challenge: Challenge, streams: Mapping[tuple[int, str], EntryStreams]) -> str:
        """Find what is beyond doubt against a challenger; empty when nothing is."""
        own = streams.get((challenge.entry, challenge.digest))
        if own is None:
            return ""
        params, judging = self._settings.params, self._settings.judging
        groups = [one for one in list_findings(own, params.alpha, self._settings.interval_alpha) if one.is_alarm]
        said = [describe_alarm(one, judging) for one in groups[:3]]
        failing = own.failures.judge(params.failing_alpha, params.failing_least)
        return "; ".join([*said, *([describe_failing(failing)] if failing.is_alarm else [])])

    def _end(self, challenge: Challenge, found: str, obstacles: list[str]) -> Concern:
        """End a split, or say why not. Raises CreditError when the store is away."""
        if why_not := self._find_reason_not_to_end(obstacles):
            return Concern("split", f"{challenge.version}: {found}; not ended: {why_not}")
        of = (challenge.version, challenge.digest)
        try:
            made = self._book.append("end", of, challenge.entry, found[:1000], WATCH_ACTOR, challenge.number)
        except ChallengeConflictError as error:
            return Concern("split", f"{challenge.version}: {found}; not ended: {error.problems[0].found}")
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

"""Replay a whole log: which entries a watch would have raised an alarm for, when, and what it would have done."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from credit.common.errors import CreditError, Problem
from credit.decision_log.database import Database
from credit.engine.mapping import check_engine
from credit.registry.holds import read_hold
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.store import Store
from release.oncall.redeciding import Redecisions
from release.repository.witness import list_withdrawn
from release.watching.settings import Settings
from release.watching.taking_back.acting import Standing, find_reason_not_to_act
from release.watching.taking_back.answering import MORE_PEOPLE
from release.watching.taking_back.target import Question, Trial, list_candidates, try_candidates
from watch.follower import Follower
from watch.groups import WatchedGroups, read_watched_groups
from watch.judging import GroupFinding, find_obstacles, list_findings, list_gaps
from watch.sample import iterate_growth
from watch.state import WatchState
from watch.streams import EntryStreams

_SECOND = timedelta(seconds=1)
"""Moments of alarms are whole seconds; the decision that raised one is within it."""


class ReplayedEntry(NamedTuple):
    """An entry with its decisions. `alarm`: when the first one would have been, None without one.

    `alarms`: the groups of that moment; `trials`: whom it would have been taken back to `at` a moment, or why to nobody
    at the end; `why_not`: why nothing would have been tried, at the end; `problem`: why that is not known.
    """

    streams: EntryStreams
    alarm: datetime | None = None
    alarms: tuple[GroupFinding, ...] = ()
    trials: tuple[Trial, ...] = ()
    at: datetime | None = None
    why_not: str = ""
    problem: str = ""

    @property
    def target(self) -> str | None:
        """The version or rule that it would have been taken back to."""
        return self.trials[-1].name if self.trials and not self.trials[-1].why_not else None


class Replay(NamedTuple):
    """A replayed log. `missing`: rows that it does not have."""

    entries: list[ReplayedEntry]
    state: WatchState
    missing: int


def replay_log(store: Store, settings: Settings, databases: Sequence[Database], since: datetime | None) -> Replay:
    """Replay a log from the beginning, or from a moment on, as if the watch might act. Writes nothing."""

    def read_groups(digest: str) -> WatchedGroups | None:
        return read_watched_groups(store, digest)

    follower = Follower(settings.environment, settings.judging, read_groups)
    if since is not None:
        follower.begin_with(since)
    follower.catch_up(databases)
    state = follower.state
    acting = settings._replace(params=settings.params.model_copy(update={"acts": True}))
    replayer = _Replayer(store, acting, databases[-1], state)
    entries = [replayer.replay(state.streams[key]) for key in sorted(state.streams)]
    return Replay(entries, state, sum(cursor.missing for _, cursor in list_gaps(state, 0)))


class _Replayer:
    """Replays the entries of a log in their order, each with what was done about those before."""

    def __init__(self, store: Store, settings: Settings, database: Database, state: WatchState) -> None:
        self._store, self._settings, self._database, self._state = store, settings, database, state
        self._ledger = Ledger(store, settings.environment)
        self._redecisions = Redecisions(store)
        self._taken_back: list[tuple[datetime, LedgerEntry]] = []

    def replay(self, streams: EntryStreams) -> ReplayedEntry:
        """Replay an entry."""
        findings = list_findings(streams, self._settings.judging.alpha, self._settings.interval_alpha)
        crossed = sorted(one.crossed for one in findings if one.is_alarm and one.crossed)
        if not crossed:
            return ReplayedEntry(streams)
        check_engine()  # else it would be a problem of each entry
        alarms = tuple(one for one in findings if one.is_alarm and one.crossed == crossed[0])
        replayed = ReplayedEntry(streams, crossed[0], alarms)
        try:
            return self._try_until_better(self._ledger.read_entry(streams.entry), replayed, crossed[0] + _SECOND)
        except CreditError as error:
            return replayed._replace(problem=str(error.problems[0]))

    def _try_until_better(self, entry: LedgerEntry, replayed: ReplayedEntry, first: datetime) -> ReplayedEntry:
        """Try candidates as a watch does: at the alarm, and again whenever more people came, until one is better."""
        groups, settings = read_watched_groups(self._store, entry.digest), self._settings
        if groups is None:
            raise CreditError(Problem("the store", f"it has no bundle of {entry.version}"))
        question = Question(settings.environment, entry, groups, replayed.alarms, settings.params, settings.judging)
        obstacles = find_obstacles(self._state, entry.number, first, settings.params.stale_hours)
        quarantined = {before.digest for _, before in self._taken_back}
        candidates = list_candidates(self._ledger, entry, list_withdrawn(), quarantined)
        growth = iterate_growth(self._database, settings.environment, entry.number, entry.digest, first, MORE_PEOPLE)
        for moment in growth:
            why_not = find_reason_not_to_act(question, obstacles, partial(self._imagine_standing, moment))
            replayed = replayed._replace(why_not=why_not)
            if why_not:
                continue
            trials = try_candidates(self._store, self._database, question, candidates, moment, self._redecisions.load)
            replayed = replayed._replace(trials=tuple(trials), at=moment)
            if replayed.target:
                self._taken_back.append((moment, entry))
                break
        return replayed

    def _imagine_standing(self, moment: datetime) -> Standing:
        """Imagine what would have stood against an action: the hold of that time, and what this watch had done."""
        pause = timedelta(days=self._settings.params.pause_days)
        taken_back = {one.digest: f"would have been taken back with entry {one.number}" for _, one in self._taken_back}
        recent = [one for at, one in self._taken_back if moment - at < pause]
        told = f"entry {recent[-1].number} would have been taken back" if recent else ""
        return Standing(read_hold(self._store, self._settings.environment, moment), taken_back, told)

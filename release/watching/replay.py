"""Replay a whole log: which entries a watch would have raised an alarm for, when, and what it would have done."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from credit.common.errors import CreditError
from credit.decision_log.database import Database
from credit.engine.mapping import check_engine
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.store import Store
from release.oncall.redeciding import Redecisions
from release.repository.witness import list_withdrawn
from release.watching.settings import Settings
from release.watching.taking_back.answering import MORE_PEOPLE
from release.watching.taking_back.target import Question, Trial, list_candidates, try_candidates
from watch.follower import Follower
from watch.groups import WatchedGroups, read_watched_groups
from watch.judging import GroupFinding, list_findings, list_gaps
from watch.sample import iterate_growth
from watch.state import WatchState
from watch.streams import EntryStreams

_SECOND = timedelta(seconds=1)
"""Moments of alarms are whole seconds; the decision that raised one is within it."""


class ReplayedEntry(NamedTuple):
    """An entry with its decisions. `alarm`: when the first one would have been, None without one.

    `alarms`: the groups of that moment; `trials`: whom it would have been taken back to `at` a moment, or why to nobody
    at the end; `problem`: why that is not known.
    """

    streams: EntryStreams
    alarm: datetime | None = None
    alarms: tuple[GroupFinding, ...] = ()
    trials: tuple[Trial, ...] = ()
    at: datetime | None = None
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
    """Replay a log from the beginning, or from a moment on. Writes nothing."""

    def read_groups(digest: str) -> WatchedGroups | None:
        return read_watched_groups(store, digest)

    follower = Follower(settings.environment, settings.judging, read_groups)
    if since is not None:
        follower.begin_with(since)
    follower.catch_up(databases)
    state = follower.state
    entries = [_replay(store, settings, databases[-1], state.streams[key]) for key in sorted(state.streams)]
    return Replay(entries, state, sum(cursor.missing for _, cursor in list_gaps(state, 0)))


def _replay(store: Store, settings: Settings, database: Database, streams: EntryStreams) -> ReplayedEntry:
    findings = list_findings(streams, settings.judging.alpha, settings.interval_alpha)
    crossed = sorted(one.crossed for one in findings if one.is_alarm and one.crossed)
    if not crossed:
        return ReplayedEntry(streams)
    check_engine()  # else it would be a problem of each entry
    alarms = tuple(one for one in findings if one.is_alarm and one.crossed == crossed[0])
    replayed = ReplayedEntry(streams, crossed[0], alarms)
    try:
        entry = Ledger(store, settings.environment).read_entry(streams.entry)
        return _try_until_better(store, settings, database, entry, replayed, crossed[0] + _SECOND)
    except CreditError as error:
        return replayed._replace(problem=str(error.problems[0]))


def _try_until_better(
    store: Store, settings: Settings, database: Database, entry: LedgerEntry, replayed: ReplayedEntry, first: datetime
) -> ReplayedEntry:
    """Try candidates as a watch does: at the alarm, and again whenever more people came, until one is better."""
    groups = read_watched_groups(store, entry.digest)
    if groups is None or entry.kind == "fallback":
        return replayed
    environment = settings.environment
    question = Question(environment, entry, groups, replayed.alarms, settings.params, settings.judging)
    candidates = list_candidates(Ledger(store, environment), entry, list_withdrawn(), ())
    redecisions = Redecisions(store)
    for moment in iterate_growth(database, environment, entry.number, entry.digest, first, MORE_PEOPLE):
        trials = tuple(try_candidates(store, database, question, candidates, moment, redecisions.load))
        replayed = replayed._replace(trials=trials, at=moment)
        if replayed.target:
            break
    return replayed

"""Replay a whole log: which entries a watch would have raised an alarm for, when, and what it would have done."""

import heapq
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import NamedTuple

from credit.common.errors import CreditError
from credit.decision_log.database import Database
from credit.engine.mapping import check_engine
from credit.registry.holds import Hold, find_hold, iterate_holds
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.store import Store
from release.oncall.redeciding import Redecisions
from release.watching.failing.stretches import FailingStretches
from release.watching.past_gaps import PastGaps
from release.watching.settings import Settings
from release.watching.taking_back.acting import Action, Standing, find_target
from release.watching.taking_back.answering import MORE_PEOPLE, Alarms, Answerer
from release.watching.taking_back.split import BOTH_FAIL, find_reason_not_to_end
from release.watching.taking_back.target import Question
from watch.failures import FailureFinding
from watch.follower import Follower
from watch.groups import WatchedGroups, read_watched_groups
from watch.judging import GroupFinding, find_obstacles, list_findings, list_gaps
from watch.sample import iterate_growth
from watch.state import WatchState
from watch.streams import EntryStreams

_SECOND = timedelta(seconds=1)
"""Moments of alarms are whole seconds; the decision that raised one is within it."""


_BESIDE = timedelta(hours=1)
"""For so long a model that was in alarm is taken to fail still: perhaps nobody came whom it would have decided."""


class ReplayedEntry(NamedTuple):
    """An entry with its decisions. `alarm`: when the first one would have been, None without one.

    `alarms`, `failing`: the groups, and the model, that were in alarm at the last answer; `action`: that answer, `at` a
    moment, None where there is none; `problem`: why it is not known. `split_ended`: when the split would have been
    ended in which these decisions were a challenger's, None where it would not.
    """

    streams: EntryStreams
    alarm: datetime | None = None
    alarms: Sequence[GroupFinding] = ()
    failing: FailureFinding | None = None
    action: Action | None = None
    at: datetime | None = None
    problem: str = ""
    split_ended: datetime | None = None

    @property
    def target(self) -> str | None:
        """The version or rule that it would have been taken back to."""
        return self.action.trials[-1].name if self.action is not None and self.action.is_done else None


class Replay(NamedTuple):
    """A replayed log. `missing`: rows that it does not have."""

    entries: list[ReplayedEntry]
    state: WatchState
    missing: int


class _Look(NamedTuple):
    """A moment at which a watch would have found an entry in alarm; `by_champion`, `by_rule`: the people until then."""

    moment: datetime
    failing: FailureFinding | None
    by_champion: int
    by_rule: int


_Alarms = Sequence[tuple[datetime, GroupFinding]]
"""The groups that came to be in alarm, each with the first moment at which that would have been found."""


def replay_log(store: Store, settings: Settings, databases: Sequence[Database], since: datetime | None) -> Replay:
    """Replay a log from the beginning, or from a moment on, as if the watch might act. Writes nothing."""

    @cache
    def read_groups(digest: str) -> WatchedGroups | None:
        return read_watched_groups(store, digest)

    stretches = FailingStretches(settings.params, settings.judging)
    follower = Follower(settings.environment, settings.judging, read_groups, note=stretches.note)
    if since is not None:
        follower.begin_with(since)
    follower.catch_up(databases)
    state = follower.state
    acting = settings._replace(params=settings.params.model_copy(update={"acts": True}))
    replayer = _Replayer(store, acting, databases, state, stretches, read_groups)
    entries = [replayer.replay(state.streams[key]) for key in sorted(state.streams)]
    return Replay(entries, state, sum(cursor.missing for _, cursor in list_gaps(state, 0)))


class _Replayer:
    """Replays the entries of a log in their order, each with what was done about those before."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        databases: Sequence[Database],
        state: WatchState,
        stretches: FailingStretches,
        read_groups: Callable[[str], WatchedGroups | None],
    ) -> None:
        self._store, self._settings, self._database, self._state = store, settings, databases[-1], state
        self._gaps = PastGaps(databases, state)
        self._stretches, self._ledger = stretches, Ledger(store, settings.environment)
        self._redecisions = Redecisions(store)
        self._taken_back: list[tuple[datetime, LedgerEntry]] = []
        self._answerer = Answerer(
            settings, read_groups, lambda: settings, self._imagine_standing, self._imagine_action, ahead_seconds=0
        )

    @cached_property
    def _holds(self) -> list[Hold]:
        """The holds and their ends, the newest first."""
        return list(iterate_holds(self._store, self._settings.environment))

    def replay(self, streams: EntryStreams) -> ReplayedEntry:
        """Replay an entry."""
        findings = list_findings(streams, self._settings.judging.alpha, self._settings.interval_alpha)
        groups = [(one.crossed + _SECOND, one) for one in findings if one.is_alarm and one.crossed]
        looks = self._iterate_looks(streams, groups)
        first = next(looks, None)
        if first is None:
            return ReplayedEntry(streams)
        check_engine()  # else it would be a problem of each entry
        replayed = ReplayedEntry(streams, first.moment - _SECOND, _list_known(groups, first), first.failing)
        try:
            entry = self._ledger.read_entry(streams.entry)
            looks = heapq.merge([first], looks, self._iterate_ends(streams, groups), key=_get_moment)
            if entry.digest != streams.digest:
                return self._look_until_ended(entry, replayed, groups, looks)
            return self._look_until_done(entry, replayed, groups, looks)
        except CreditError as error:
            return replayed._replace(problem=str(error.problems[0]))

    def _iterate_looks(self, streams: EntryStreams, groups: _Alarms) -> Iterator[_Look]:
        """Iterate over the moments at which there is an alarm, or enough more people came since.

        A model that fails is looked at in each second in which somebody is decided, since it may cease to.
        """
        failing = (
            _Look(one.second + _SECOND, one.finding, one.by_champion, one.by_rule)
            for one in self._stretches.iterate_alarms(streams)
        )
        if not groups:
            return failing
        entry, first = (streams.entry, streams.digest), min(begin for begin, _ in groups)
        growth = iterate_growth(self._database, self._settings.environment, *entry, first, MORE_PEOPLE)
        return heapq.merge((_Look(moment, None, people, 0) for moment, people in growth), failing, key=_get_moment)

    def _iterate_ends(self, streams: EntryStreams, groups: _Alarms) -> Iterator[_Look]:
        """Iterate over the moments at which a hold or pause ended while groups were in alarm, and more people came."""
        pause, entry = timedelta(days=self._settings.params.pause_days), (streams.entry, streams.digest)
        last = datetime.fromtimestamp(self._state.last or 0.0, UTC)
        ends = [one.time for one in self._holds if one.kind == "resume"] if groups else []
        ends += [at + pause for at, _ in self._taken_back if last - at > pause]
        for moment in sorted(one for one in ends if any(begin < one for begin, _ in groups)):
            _, people = next(iterate_growth(self._database, self._settings.environment, *entry, moment, MORE_PEOPLE))
            if people < streams.count("approvals"):
                yield _Look(moment, None, people, 0)

    def _look_until_done(
        self, entry: LedgerEntry, replayed: ReplayedEntry, groups: _Alarms, looks: Iterator[_Look]
    ) -> ReplayedEntry:
        """Answer the alarms as a watch does, look after look, until the entry is taken back."""
        for look in looks:
            obstacles = self._find_obstacles(entry, look.moment)
            known = _list_known(groups, look)
            alarms = Alarms(entry, known, look.failing, look.by_champion, look.by_rule, obstacles)
            action = self._answerer.answer(self._database, alarms, look.moment)
            failing = look.failing or replayed.failing
            replayed = replayed._replace(alarms=known, failing=failing, action=action, at=look.moment)
            if action is not None and action.obstacles:
                return replayed._replace(action=None, problem=action.obstacles[0])
            if replayed.target:
                self._taken_back.append((look.moment, entry))
                break
        return replayed

    def _look_until_ended(
        self, entry: LedgerEntry, replayed: ReplayedEntry, groups: _Alarms, looks: Iterator[_Look]
    ) -> ReplayedEntry:
        """Look at the challenger of a split, whom the entry does not name, until the watch would have ended it."""
        for look in looks:
            obstacles = self._find_obstacles(entry, look.moment)
            failing = look.failing or replayed.failing
            replayed = replayed._replace(alarms=_list_known(groups, look), failing=failing, at=look.moment)
            why_not = find_reason_not_to_end(obstacles, self._settings, find_hold(self._holds, look.moment))
            if not replayed.alarms and self._is_failing(entry, look.moment):
                why_not = BOTH_FAIL
            if not why_not:
                return replayed._replace(action=None, split_ended=look.moment)
            replayed = replayed._replace(action=Action(None, [], why_not))
        return replayed

    def _find_obstacles(self, entry: LedgerEntry, moment: datetime) -> list[str]:
        """Find why a watch would have concluded nothing at a moment."""
        stale_hours = self._settings.params.stale_hours
        return find_obstacles(self._gaps.restore(moment), entry.number, moment, stale_hours)

    def _is_failing(self, entry: LedgerEntry, moment: datetime) -> bool:
        """Tell whether the model of an entry itself was in alarm within the hour before a moment."""
        streams = self._state.streams.get((entry.number, entry.digest))
        alarms = self._stretches.iterate_alarms(streams) if streams else ()
        return any(moment - _BESIDE <= one.second <= moment for one in alarms)

    def _imagine_standing(self, question: Question, moment: datetime) -> Standing:
        """Imagine what would have stood against an action: the hold of that time, and what this watch had done."""
        pause = timedelta(days=question.params.pause_days)
        taken_back = {one.digest: f"would have been taken back with entry {one.number}" for _, one in self._taken_back}
        recent = [one for at, one in self._taken_back if moment - at < pause]
        told = f"entry {recent[-1].number} would have been taken back" if recent else ""
        return Standing(find_hold(self._holds, moment), taken_back, told)

    def _imagine_action(
        self, database: Database, question: Question, failing: FailureFinding | None, _: Callable[[], str]
    ) -> Action:
        quarantined = {before.digest for _, before in self._taken_back}
        return find_target(self._store, database, question, failing, quarantined, self._redecisions.load)


def _list_known(groups: _Alarms, look: _Look) -> list[GroupFinding]:
    """List the groups that are in alarm at a look."""
    return [one for begin, one in groups if begin <= look.moment]


def _get_moment(look: _Look) -> datetime:
    return look.moment

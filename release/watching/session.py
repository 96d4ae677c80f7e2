"""Look at an environment: follow its log, judge the entry that is live, and act where it must be."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import partial
from typing import Literal, NamedTuple

from credit.common.errors import CreditError, Problem
from credit.decision_log.database import Database
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.store import Store
from release.deployment.quarantine import LastAction
from release.oncall.alarms import NewAlarm, record_alarms
from release.watching.failing.wording import SUBJECT, describe_failing
from release.watching.settings import Settings
from release.watching.taking_back.acting import Action, describe_answer, read_standing, take_back
from release.watching.taking_back.answering import Alarms, Answerer
from release.watching.taking_back.split import SplitWatch
from release.watching.telling import Teller, Told
from release.watching.wording import describe_alarm, is_small
from watch.failures import FailureFinding
from watch.follower import Follower
from watch.groups import WatchedGroups, read_watched_groups
from watch.judging import GroupFinding, find_obstacles, list_findings
from watch.reading import count_unchained
from watch.state import StateFile, WatchState

OpenLog = Callable[[], AbstractContextManager[list[Database]]]
Word = Literal["quiet", "alarm", "inconclusive"]


class Look(NamedTuple):
    """The findings on an environment. `entry`: the live one, None when nothing is live, or none is known.

    `rows`: decisions that are new; `obstacles`: why nothing can be concluded; `action`: None without an alarm;
    `unchained`: decisions from before rows had a writer and a number, which are not judged; `told`: other findings,
    about which nothing is done; `unwritten`: why an alarm is not in the store, where those on call would see it;
    `last_action`: when a watch last took a version back here, None: never;
    `failures`: of the model, None where no model decides.
    """

    entry: LedgerEntry | None
    rows: int
    findings: list[GroupFinding]
    obstacles: list[str]
    action: Action | None
    unchained: int = 0
    told: Told = Told()
    unwritten: str = ""
    last_action: datetime | None = None
    failures: FailureFinding | None = None

    @property
    def alarms(self) -> list[GroupFinding]:
        """The groups that are treated unequally beyond doubt."""
        return [one for one in self.findings if one.is_alarm]

    @property
    def is_failing(self) -> bool:
        """Tell whether the model fails beyond its budget, beyond doubt."""
        return self.failures is not None and self.failures.is_alarm

    @property
    def took_back(self) -> bool:
        """Tell whether a version was taken back."""
        return self.action is not None and self.action.rollout is not None

    def list_shown(self) -> list[GroupFinding]:
        """List the findings on groups that are large enough to be shown, beside a reference group that is."""
        return [one for one in self.findings if not is_small(one)]

    @property
    def word(self) -> Word:
        """The look in a word."""
        return "alarm" if self.alarms or self.is_failing else "inconclusive" if self.obstacles else "quiet"


class Session:
    """Looks at one environment again and again.

    `read_settings`: reads them anew, before each look of many and before a version is taken back; None: they stay.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        open_log: OpenLog,
        file: StateFile | None,
        read_settings: Callable[[], Settings] | None = None,
    ) -> None:
        self._store, self._open_log, self.file = store, open_log, file
        self._ledger = Ledger(store, settings.environment)
        self._last_action = LastAction(self._ledger)
        self.read_settings = read_settings or (lambda: self.settings)
        self._unchained: int | None = None
        self._live: LedgerEntry | None = None
        self.adopt(settings)

    def adopt(self, settings: Settings) -> None:
        """Go on by these settings from what the file has, as a watch that is started anew does."""
        self.settings = settings
        self.follower = Follower(settings.environment, settings.judging, self._read_groups, self.file)
        do = partial(read_standing, self._store), partial(take_back, self._store)
        self._answerer = Answerer(settings, self._read_groups, lambda: self.read_settings(), *do)
        self._splits = SplitWatch(self._store, settings, lambda: self.read_settings())
        self._recorded: set[tuple[str, str, str]] = set()
        self._teller = Teller(self._store, settings.environment, settings.params, self._read_groups, self.file)

    @property
    def state(self) -> WatchState:
        """The state of the follower."""
        return self.follower.state

    def begin_with(self, moment: datetime) -> None:
        """Begin with the decisions of a moment. Raises CreditError where decisions were counted already."""
        if self.state.cursors:
            fix = "leave it out, or name another folder with --state"
            raise CreditError(Problem("--since", "a watch that goes on from where it was", fix=fix))
        self.follower.begin_with(moment)

    def look(self, now: datetime) -> Look:
        """Follow the log to its end, judge, and act; a part out of reach is an obstacle."""
        rows, entry, action, unwritten = 0, None, None, ""
        try:
            with self._open_log() as databases:
                rows = self.follower.catch_up(databases, now=now)
                entry = self._live = self._ledger.read_newest()
                findings = self._judge(entry) if entry else []
                obstacles = self._find_obstacles(entry, now) if entry else ["nothing was deployed yet"]
                failures = self._judge_failures(entry) if entry else None
                if entry and (alarms := self._list_alarms(entry, findings, failures, obstacles)):
                    action = self._answerer.answer(databases[-1], alarms, now)
                    unwritten = self._record(alarms, action)
                split = self._splits.look(entry, self.state.streams, obstacles, now) if entry else []
                obstacles += action.obstacles if action else ()
                told = self._tell(databases[-1], entry, now) if entry else Told()
                told = told._replace(concerns=(*told.concerns, *split))
                unchained = self._count_unchained(databases)
            last = self._last_action.find()
            return Look(entry, rows, findings, obstacles, action, unchained, told, unwritten, last, failures)
        except CreditError as error:
            entry = entry or self._live  # the alarm on it lasts while log or store are away
            findings, why = self._judge(entry) if entry else [], [str(one) for one in error.problems]
            last = self._last_action.find()
            failures = self._judge_failures(entry) if entry else None
            return Look(entry, rows, findings, why, action, unwritten=unwritten, last_action=last, failures=failures)

    def _count_unchained(self, databases: list[Database]) -> int:
        """Count once the decisions without a number: there will be no more of them."""
        if self._unchained is None:
            self._unchained = sum(count_unchained(one, self.settings.environment) for one in databases)
        return self._unchained

    def _list_alarms(
        self, live: LedgerEntry, found: list[GroupFinding], failures: FailureFinding | None, obstacles: list[str]
    ) -> Alarms | None:
        groups, failing = [one for one in found if one.is_alarm], failures if failures and failures.is_alarm else None
        if not groups and failing is None:
            return None
        streams = self.state.streams[live.number, live.digest]
        return Alarms(live, groups, failing, streams.count("approvals"), streams.count("rule"), obstacles)

    def _record(self, alarms: Alarms, action: Action | None) -> str:
        """Write alarms that are new to the store; returns why they are not, and the next look tries again."""
        entry = alarms.live
        new = [
            NewAlarm(one.attribute, one.group, one.crossed or entry.time, describe_alarm(one, self.settings.judging))
            for one in alarms.groups
        ]
        if (failing := alarms.failing) is not None:
            new.append(NewAlarm(*SUBJECT, datetime.fromtimestamp(failing.since, UTC), describe_failing(failing)))
        keys = {(entry.id, *one.subject) for one in new}
        if keys <= self._recorded:
            return ""
        try:
            record_alarms(self._store, self.settings.environment, entry, new, describe_answer(action))
        except CreditError as error:
            return str(error)
        self._recorded |= keys
        return ""

    def _read_groups(self, digest: str) -> WatchedGroups | None:
        return read_watched_groups(self._store, digest)

    def _tell(self, database: Database, entry: LedgerEntry, now: datetime) -> Told:
        return self._teller.tell(database, entry, self.state.streams.get((entry.number, entry.digest)), now)

    def _judge(self, entry: LedgerEntry) -> list[GroupFinding]:
        streams = self.state.streams.get((entry.number, entry.digest))
        alpha = self.settings.judging.alpha
        return list_findings(streams, alpha, self.settings.interval_alpha) if streams else []

    def _judge_failures(self, entry: LedgerEntry) -> FailureFinding | None:
        streams, params = self.state.streams.get((entry.number, entry.digest)), self.settings.params
        if streams is None or entry.kind == "fallback":
            return None
        return streams.failures.judge(params.failing_alpha, params.failing_least)

    def _find_obstacles(self, entry: LedgerEntry, now: datetime) -> list[str]:
        return find_obstacles(self.state, entry.number, now, self.settings.params.stale_hours)

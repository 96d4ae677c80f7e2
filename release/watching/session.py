"""Look at an environment: follow its log, judge the entry that is live, and act where it must be."""

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Literal, NamedTuple

from credit.common.errors import CreditError, Problem
from credit.decision_log.database import Database
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.store import Store
from release.deployment.quarantine import LastAction
from release.oncall.alarms import NewAlarm, record_alarms
from release.watching.acting import Action, describe_answer, find_reason_not_to_act, take_back
from release.watching.failing.wording import SUBJECT, describe_failing
from release.watching.target import LEAST_SHOWN, Question
from release.watching.telling import Teller, Told
from release.watching.wording import describe_alarm
from watch.failures import FailureFinding
from watch.follower import Follower
from watch.groups import WatchedGroups, read_watched_groups
from watch.judging import GroupFinding, find_obstacles, list_findings
from watch.params import WatchParams
from watch.reading import AHEAD_SECONDS, count_unchained
from watch.state import StateFile, WatchState
from watch.streams import Judging

OpenLog = Callable[[], AbstractContextManager[list[Database]]]
MORE_PEOPLE = 1.1
"""Where no target was found, so many times more people come before it is looked for again."""

Word = Literal["quiet", "alarm", "inconclusive"]


class Settings(NamedTuple):
    """How an environment is watched. `interval_alpha`: of the intervals of ratios."""

    environment: str
    params: WatchParams
    judging: Judging
    interval_alpha: float


class Look(NamedTuple):
    """The findings on an environment. `entry`: the live one, None when nothing is live, or it is not known.

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
        return [one for one in self.findings if min(one.people, one.reference_people) >= LEAST_SHOWN]

    @property
    def word(self) -> Word:
        """The look in a word."""
        return "alarm" if self.alarms or self.is_failing else "inconclusive" if self.obstacles else "quiet"


class _Tried(NamedTuple):
    """The last search for a target: of which entry, when so many people were decided, and its answer."""

    entry: int
    people: int
    action: Action


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
        self.adopt(settings)

    def adopt(self, settings: Settings) -> None:
        """Go on by these settings from what the file has, as a watch that is started anew does."""
        self.settings = settings
        self.follower = Follower(settings.environment, settings.judging, self._read_groups, self.file)
        self._tried: dict[bool, _Tried] = {}  # by whether it was for a model that fails
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
                entry = self._ledger.read_newest()
                findings = self._judge(entry) if entry else []
                obstacles = self._find_obstacles(entry, now) if entry else ["nothing was deployed yet"]
                alarms = [one for one in findings if one.is_alarm]
                failures = self._judge_failures(entry) if entry else None
                failing = failures if failures and failures.is_alarm else None
                if entry:
                    action = self._act(databases[-1], entry, alarms, failing, obstacles, now)
                obstacles += action.obstacles if action else ()
                unwritten = self._record(entry, alarms, failing, action) if entry else ""
                told = self._tell(databases[-1], entry, now) if entry else Told()
                unchained = self._count_unchained(databases)
            last = self._last_action.find()
            return Look(entry, rows, findings, obstacles, action, unchained, told, unwritten, last, failures)
        except CreditError as error:
            findings, why = self._judge(entry) if entry else [], [str(one) for one in error.problems]
            last = self._last_action.find()
            failures = self._judge_failures(entry) if entry else None
            return Look(entry, rows, findings, why, action, unwritten=unwritten, last_action=last, failures=failures)

    def _count_unchained(self, databases: list[Database]) -> int:
        """Count once the decisions without a number: there will be no more of them."""
        if self._unchained is None:
            self._unchained = sum(count_unchained(one, self.settings.environment) for one in databases)
        return self._unchained

    def _record(
        self, entry: LedgerEntry, found: list[GroupFinding], failing: FailureFinding | None, action: Action | None
    ) -> str:
        """Write alarms that are new to the store; returns why they are not, and the next look tries again."""
        new = [
            NewAlarm(one.attribute, one.group, one.crossed or entry.time, describe_alarm(one, self.settings.judging))
            for one in found
        ]
        if failing is not None:
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

    def _act(
        self,
        database: Database,
        live: LedgerEntry,
        alarms: list[GroupFinding],
        failing: FailureFinding | None,
        obstacles: list[str],
        now: datetime,
    ) -> Action | None:
        """Answer the alarms; where a version that fails, too, stays in spite of those of groups, its failing."""
        action = self._answer(database, live, alarms, None, obstacles, now) if alarms else None
        if failing is None or (action is not None and (action.rollout is not None or action.obstacles)):
            return action
        return self._answer(database, live, alarms, failing, obstacles, now)

    def _answer(
        self,
        database: Database,
        live: LedgerEntry,
        alarms: list[GroupFinding],
        failing: FailureFinding | None,
        obstacles: list[str],
        now: datetime,
    ) -> Action:
        """Act on alarms; what is damaged or out of reach is why not, so that the alarm is recorded all the same."""
        try:
            question = self._ask(live, alarms, now)
            find_reason = partial(self._find_reason_not_to_act, question, obstacles, now)
            why_not = find_reason()
            if why_not:
                return Action(None, [], why_not)
            return self._look_for_target(database, question, find_reason, failing)
        except CreditError as error:
            why = tuple(map(str, error.problems))
            return Action(None, [], "; ".join(why), why)

    def _find_reason_not_to_act(self, question: Question, obstacles: list[str], now: datetime) -> str:
        """Find why nothing may be taken back, by what store and parameters say now; empty when nothing prevents it.

        While the settings are not valid those of before stay, as everywhere; that is told.
        """
        params = question.params
        with suppress(CreditError):
            params = self.read_settings().params
        return find_reason_not_to_act(self._store, question._replace(params=params), obstacles, now)

    def _ask(self, live: LedgerEntry, alarms: list[GroupFinding], now: datetime) -> Question:
        """Ask who might decide in place of an entry. Raises CreditError where its groups are not known."""
        groups, settings = self._read_groups(live.digest), self.settings
        if groups is None:
            raise CreditError(Problem("the store", f"it has no bundle of {live.version}"))
        until = now + timedelta(seconds=AHEAD_SECONDS)
        return Question(settings.environment, live, groups, alarms, settings.params, settings.judging, until)

    def _look_for_target(
        self,
        database: Database,
        question: Question,
        find_reason: Callable[[], str],
        failing: FailureFinding | None,
    ) -> Action:
        """Take the entry back; where no target was found, look again when a tenth more people were decided.

        Where one was found and something prevented the entry, the next look tries again once that has ended.
        """
        live = question.live
        counts, is_for_failing = self.state.streams[live.number, live.digest].counts, failing is not None
        people = sum(sum(counts[kind].values()) for kind in (("approvals", "rule") if failing else ("approvals",)))
        last = self._tried.get(is_for_failing)
        if last is not None and last.entry == live.number and people < MORE_PEOPLE * last.people:
            return last.action
        action = take_back(self._store, database, question, find_reason, failing)
        if action.has_target:
            self._tried.pop(is_for_failing, None)
        else:
            self._tried[is_for_failing] = _Tried(live.number, people, action)
        return action

"""Answer alarms: whether something may be done, and to whom the people go; looked for again when more people came."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from credit.common.errors import CreditError, Problem
from credit.decision_log.database import Database
from credit.registry.ledger import LedgerEntry
from credit.registry.store import Store
from release.watching.settings import Settings
from release.watching.taking_back.acting import Action, find_reason_not_to_act, read_standing, take_back
from release.watching.taking_back.target import Question
from watch.failures import FailureFinding
from watch.groups import WatchedGroups
from watch.judging import GroupFinding
from watch.reading import AHEAD_SECONDS

MORE_PEOPLE = 1.1
"""Where no target was found, so many times more people come before it is looked for again."""


class Alarms(NamedTuple):
    """What is beyond doubt about an entry: groups that are treated unequally, and its model's failing; None: it works.

    `counts`: of its decisions, by kind and group. `obstacles`: why nothing can be concluded.
    """

    live: LedgerEntry
    groups: list[GroupFinding]
    failing: FailureFinding | None
    counts: Mapping[str, Mapping[str, int]]
    obstacles: Sequence[str]


class _Tried(NamedTuple):
    """The last search for a target: of which entry, when so many people were decided, and its answer."""

    entry: int
    people: int
    action: Action


class Answerer:
    """Answers the alarms of an environment, at one look after the other.

    `read_settings`: reads the settings anew, right before a version is taken back.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        read_groups: Callable[[str], WatchedGroups | None],
        read_settings: Callable[[], Settings],
    ) -> None:
        self._store, self._settings = store, settings
        self._read_groups, self._read_settings = read_groups, read_settings
        self._tried: dict[bool, _Tried] = {}  # by whether it was for a model that fails

    def answer(self, database: Database, alarms: Alarms, now: datetime) -> Action | None:
        """Answer alarms, None where there are none; those of groups first.

        Where a version stays in spite of these, and fails too, its failing is answered.
        """
        action = self._answer(database, alarms._replace(failing=None), now) if alarms.groups else None
        if alarms.failing is None or (action is not None and (action.rollout is not None or action.obstacles)):
            return action
        return self._answer(database, alarms, now)

    def _answer(self, database: Database, alarms: Alarms, now: datetime) -> Action:
        """Act; what is damaged or out of reach is why not, so that the alarm is recorded all the same."""
        try:
            question = self._ask(alarms, now)
            find_reason = partial(self._find_reason_not_to_act, question, alarms.obstacles, now)
            why_not = find_reason()
            if why_not:
                return Action(None, [], why_not)
            return self._look_for_target(database, question, alarms, find_reason)
        except CreditError as error:
            why = tuple(map(str, error.problems))
            return Action(None, [], "; ".join(why), why)

    def _ask(self, alarms: Alarms, now: datetime) -> Question:
        """Ask who might decide in place of an entry. Raises CreditError where its groups are not known."""
        live, settings = alarms.live, self._settings
        groups = self._read_groups(live.digest)
        if groups is None:
            raise CreditError(Problem("the store", f"it has no bundle of {live.version}"))
        until = now + timedelta(seconds=AHEAD_SECONDS)
        return Question(settings.environment, live, groups, alarms.groups, settings.params, settings.judging, until)

    def _find_reason_not_to_act(self, question: Question, obstacles: Sequence[str], now: datetime) -> str:
        """Find why nothing may be taken back, by what store and parameters say now; empty when nothing prevents it.

        While the settings are not valid those of before stay, as everywhere; that is told.
        """
        params = question.params
        with suppress(CreditError):
            params = self._read_settings().params
        question = question._replace(params=params)
        return find_reason_not_to_act(question, obstacles, partial(read_standing, self._store, question, now))

    def _look_for_target(
        self, database: Database, question: Question, alarms: Alarms, find_reason: Callable[[], str]
    ) -> Action:
        """Take the entry back; where no target was found, look again when a tenth more people were decided.

        Where one was found and something prevented the entry, the next look tries again once that has ended.
        """
        number, is_for_failing = question.live.number, alarms.failing is not None
        people = sum(sum(alarms.counts[kind].values()) for kind in ("approvals", *(["rule"] if is_for_failing else [])))
        last = self._tried.get(is_for_failing)
        if last is not None and last.entry == number and people < MORE_PEOPLE * last.people:
            return last.action
        action = take_back(self._store, database, question, find_reason, alarms.failing)
        if action.has_target:
            self._tried.pop(is_for_failing, None)
        else:
            self._tried[is_for_failing] = _Tried(number, people, action)
        return action

"""Answer alarms: whether something may be done, and to whom the people go; looked for again when more people came."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from credit.common.errors import CreditError, Problem
from credit.decision_log.database import Database
from credit.registry.ledger import LedgerEntry
from release.watching.settings import Settings
from release.watching.taking_back.acting import Action, Standing, find_reason_not_to_act
from release.watching.taking_back.target import Question
from watch.failures import FailureFinding
from watch.groups import WatchedGroups
from watch.judging import GroupFinding
from watch.reading import AHEAD_SECONDS

MORE_PEOPLE = 1.1
"""Where no target was found, so many times more people come before it is looked for again."""


class Alarms(NamedTuple):
    """What is beyond doubt about an entry: groups that are treated unequally, and its model's failing; None: it works.

    `by_champion`, `by_rule`: people whom its champion decided, and the rule in its place. `obstacles`: why nothing can
    be concluded.
    """

    live: LedgerEntry
    groups: list[GroupFinding]
    failing: FailureFinding | None
    by_champion: int
    by_rule: int
    obstacles: Sequence[str]


ReadStanding = Callable[[Question, datetime], Standing]
"""Reads what stands against an action at a moment."""
TakeBack = Callable[[Database, Question, FailureFinding | None, Callable[[], str]], Action]
"""Takes an entry back to whoever is better. The function finds why nothing may be taken back."""


class _Tried(NamedTuple):
    """The last search for a target: of which entry, when so many people were decided, and its answer."""

    entry: int
    people: int
    action: Action


class Answerer:
    """Answers the alarms of an environment, at one look after the other; who replays a log imagines what is done.

    `read_settings`: reads the settings anew, right before a version is taken back. `ahead_seconds`: how much later than
    a look the decisions may be dated that are tried again.
    """

    def __init__(
        self,
        settings: Settings,
        read_groups: Callable[[str], WatchedGroups | None],
        read_settings: Callable[[], Settings],
        read_standing: ReadStanding,
        take_back: TakeBack,
        ahead_seconds: float = AHEAD_SECONDS,
    ) -> None:
        self._settings, self._ahead = settings, timedelta(seconds=ahead_seconds)
        self._read_groups, self._read_settings = read_groups, read_settings
        self._read_standing, self._take_back = read_standing, take_back
        self._tried: dict[bool, _Tried] = {}  # by whether it was for a model that fails

    def answer(self, database: Database, alarms: Alarms, now: datetime) -> Action | None:
        """Answer alarms, None where there are none; those of groups first.

        Where a version stays in spite of these, and fails too, its failing is answered.
        """
        action = self._answer(database, alarms._replace(failing=None), now) if alarms.groups else None
        if alarms.failing is None or (action is not None and (action.is_done or action.obstacles)):
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
        until = now + self._ahead
        return Question(settings.environment, live, groups, alarms.groups, settings.params, settings.judging, until)

    def _find_reason_not_to_act(self, question: Question, obstacles: Sequence[str], now: datetime) -> str:
        """Find why nothing may be taken back, by what store and parameters say now; empty when nothing prevents it.

        While the settings are not valid those of before stay, as everywhere; that is told.
        """
        params = question.params
        with suppress(CreditError):
            params = self._read_settings().params
        question = question._replace(params=params)
        return find_reason_not_to_act(question, obstacles, partial(self._read_standing, question, now))

    def _look_for_target(
        self, database: Database, question: Question, alarms: Alarms, find_reason: Callable[[], str]
    ) -> Action:
        """Take the entry back; where no target was found, look again when a tenth more people were decided.

        Where one was found and something prevented the entry, the next look tries again once that has ended.
        """
        number, is_for_failing = question.live.number, alarms.failing is not None
        people = alarms.by_champion + (alarms.by_rule if is_for_failing else 0)
        last = self._tried.get(is_for_failing)
        if last is not None and last.entry == number and people < MORE_PEOPLE * last.people:
            return last.action
        action = self._take_back(database, question, alarms.failing, find_reason)
        if action.has_target:
            self._tried.pop(is_for_failing, None)
        else:
            self._tried[is_for_failing] = _Tried(number, people, action)
        return action

"""Report what became of the people whom the live version approved, month by month, once a day. It tells, only."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from credit.contract.loading import load_contract
from credit.decision_log.database import Database
from credit.registry.ledger import LedgerEntry
from credit.registry.store import Store
from credit.registry.versions import fetch_temporarily, require_version
from watch.groups import WatchedGroups
from watch.outcomes.judging import OutcomeFinding, Promise, find_unknown_share, judge_vintage
from watch.outcomes.promises import get_label, read_promises
from watch.outcomes.vintages import GroupName, Label, Vintage, list_complete_ages, list_months, read_vintages
from watch.params import WatchParams

MONTHS = 12
"""Months, at most, that are looked at, and that the newest one is compared with."""

REPORTED_WITHIN = timedelta(days=14)
"""How long after it was observed an outcome may be reported and still counts: a month is read once, so much later.

To read it again each day would find more differences by chance than `outcome_alpha` says."""


class OutcomeReport(NamedTuple):
    """What became of people. `findings`: on the newest month that everybody of has reached an age, of each age.

    `vintages`: all months that were read; `unknown`: by age, the share whose outcome is not known, of these months.
    """

    findings: list[OutcomeFinding]
    vintages: list[Vintage]
    unknown: dict[int, float]

    @property
    def told(self) -> list[OutcomeFinding]:
        """The findings that differ by more than chance."""
        return [one for one in self.findings if one.is_different]


class OutcomeWatch:
    """The promises of one bundle, and the months that were read, each again once it is older."""

    def __init__(self, store: Store, environment: str, entry: LedgerEntry, groups: WatchedGroups) -> None:
        self.digest, self._environment, self._groups = entry.digest, environment, groups
        with fetch_temporarily(store, require_version(store, entry.version, entry.digest)) as folder:
            self._label: Label | None = get_label(load_contract(folder / "contract.yaml"))
            self._promises: dict[GroupName, Promise] = read_promises(folder)
        self._read: dict[date, dict[int, Vintage]] = {}

    def report(self, database: Database, params: WatchParams, now: datetime) -> OutcomeReport:
        """Judge the newest month of each age. Raises CreditError when the log is out of reach."""
        if self._label is None:
            return OutcomeReport([], [], {})
        vintages = list(self._iterate_vintages(database, self._label, params, now))
        findings: list[OutcomeFinding] = []
        unknown = {}
        ages = params.outcome_days
        for age in ages:
            if of_age := [one for one in vintages if one.age == age and one.cells]:
                *earlier, newest = of_age
                alpha, is_last = params.outcome_alpha / len(ages), age == ages[-1]
                findings += judge_vintage(newest, earlier, self._promises, is_last, params.least_known, alpha)
                unknown[age] = find_unknown_share(newest)
        return OutcomeReport(findings, vintages, unknown)

    def _iterate_vintages(
        self, database: Database, label: Label, params: WatchParams, now: datetime
    ) -> Iterator[Vintage]:
        """Iterate over months at the ages that they have reached, the oldest first; each is read once."""
        kept = MONTHS + (params.outcome_days[-1] + REPORTED_WITHIN.days) // 28
        for month in list_months(now.date(), kept):
            ages = list_complete_ages(month, params.outcome_days, now - REPORTED_WITHIN)
            read = self._read.setdefault(month, {})
            if missing := [age for age in ages if age not in read]:
                found = read_vintages(database, self._environment, self.digest, month, missing, label, self._groups)
                read.update({one.age: one for one in found})
            yield from (read[age] for age in ages)

"""Find other applicants, other outcomes, old and failing models: people are told, and nothing is done by itself."""

from collections.abc import Callable
from datetime import date, datetime
from typing import NamedTuple

from credit.decision_log.database import Database
from credit.registry.ledger import LedgerEntry
from credit.registry.store import Store
from release.watching.ageing import Concern, find_failing, list_concerns
from release.watching.drift import DriftReport, find_period, report_drift
from release.watching.outcomes import OutcomeReport, OutcomeWatch
from watch.groups import WatchedGroups
from watch.params import WatchParams
from watch.streams import EntryStreams


class Told(NamedTuple):
    """What people are told about an entry. `drift`: of the last whole period; `outcomes`: of the newest months."""

    drift: DriftReport | None = None
    outcomes: OutcomeReport | None = None
    concerns: tuple[Concern, ...] = ()


class Teller:
    """Finds the drift of a period when it is over, outcomes once a day, a model that fails at once."""

    def __init__(
        self,
        store: Store,
        environment: str,
        params: WatchParams,
        read_groups: Callable[[str], WatchedGroups | None],
    ) -> None:
        self._store, self._environment, self._params, self._read_groups = store, environment, params, read_groups
        self._drift: tuple[int, DriftReport] | None = None
        self._watch: OutcomeWatch | None = None
        self._today: tuple[date, int, Told] | None = None

    def tell(self, database: Database, entry: LedgerEntry, streams: EntryStreams | None, now: datetime) -> Told:
        """Find the news about an entry. Raises CreditError when log or store are out of reach."""
        if self._today is None or self._today[:2] != (now.date(), entry.number):
            old = list_concerns(self._store, database, self._environment, entry, self._params, now)
            found = Told(None, self._report_outcomes(database, entry, now), tuple(old))
            self._today = (now.date(), entry.number, found)
        today = self._today[2]
        failing = find_failing(entry, streams)
        return Told(self._find_drift(database, entry, now), today.outcomes, (*failing, *today.concerns))

    def _find_drift(self, database: Database, entry: LedgerEntry, now: datetime) -> DriftReport | None:
        """Report on the last whole period, once: it is over."""
        period = find_period(now, self._params.drift_days)
        if self._drift and self._drift[0] == entry.number and self._drift[1].start == period[0]:
            return self._drift[1]
        groups = self._read_groups(entry.digest)
        if groups is None or entry.kind == "fallback":
            return None
        found = report_drift(self._store, database, self._environment, entry, groups, self._params, period)
        self._drift = (entry.number, found)
        return found

    def _report_outcomes(self, database: Database, entry: LedgerEntry, now: datetime) -> OutcomeReport | None:
        groups = self._read_groups(entry.digest)
        if groups is None:
            return None
        if self._watch is None or self._watch.digest != entry.digest:
            self._watch = OutcomeWatch(self._store, self._environment, entry, groups)
        return self._watch.report(database, self._params, now)

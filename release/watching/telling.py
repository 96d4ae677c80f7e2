"""Find other applicants, other outcomes, old and failing models: people are told, and nothing is done by itself."""

from collections.abc import Callable, Hashable
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

from credit.common.errors import CreditError
from credit.decision_log.database import Database
from credit.registry.ledger import LedgerEntry
from credit.registry.store import Store
from release.watching.ageing import Concern, find_ahead, find_failing, list_concerns
from release.watching.drift import DriftReport, find_period, report_drift
from release.watching.outcomes import OutcomeReport, OutcomeWatch
from release.watching.refusals import RefusalReport, RefusalWatch
from watch.groups import WatchedGroups
from watch.params import WatchParams
from watch.state import StateFile
from watch.streams import EntryStreams

_Found = TypeVar("_Found")


class Told(NamedTuple):
    """What people are told about an entry. `drift`: of the last whole period; `outcomes`: of the newest months;
    `refusals`: of the last whole day, None where no service is asked.
    """

    drift: DriftReport | None = None
    outcomes: OutcomeReport | None = None
    concerns: tuple[Concern, ...] = ()
    refusals: RefusalReport | None = None


class _Kept(Generic[_Found]):
    """What was found for an entry and a day or period, which is not looked for again."""

    def __init__(self) -> None:
        self._kept: tuple[Hashable, _Found] | None = None

    def find(self, key: Hashable, find: Callable[[], _Found | None], untold: list[str]) -> _Found | None:
        """Find it once for each key; where there is none, it is looked for again. `untold` gets the reason."""
        if self._kept is not None and self._kept[0] == key:
            return self._kept[1]
        try:
            found = find()
        except CreditError as error:
            untold += [str(one) for one in error.problems]
            return None
        self._kept = None if found is None else (key, found)
        return found


class Teller:
    """Finds drift when a period is over, refusals when a day is, outcomes once a day, a model that fails at once."""

    def __init__(
        self,
        store: Store,
        environment: str,
        params: WatchParams,
        read_groups: Callable[[str], WatchedGroups | None],
        file: StateFile | None = None,
    ) -> None:
        self._store, self._environment, self._params, self._read_groups = store, environment, params, read_groups
        self._watch: OutcomeWatch | None = None
        self._old, self._outcomes = _Kept[list[Concern]](), _Kept[OutcomeReport]()
        self._drift = _Kept[DriftReport]()
        self._refusals = RefusalWatch(environment, params, file)

    def tell(self, database: Database, entry: LedgerEntry, streams: EntryStreams | None, now: datetime) -> Told:
        """Find the news about an entry. A part that is damaged or out of reach hides no other, and is told of."""
        store, environment, params = self._store, self._environment, self._params
        day, period, untold = (entry.number, now.date()), find_period(now, params.drift_days), list[str]()
        concerns = [*find_failing(entry, streams), *find_ahead(streams, now)]
        concerns += (
            self._old.find(day, lambda: list_concerns(store, database, environment, entry, params, now), untold) or []
        )
        outcomes = self._outcomes.find(day, lambda: self._report_outcomes(database, entry, now), untold)
        drift = self._drift.find((entry.number, period), lambda: self._report_drift(database, entry, period), untold)
        refusals = self._refusals.look(now, untold)
        if untold:
            concerns.append(Concern("untold", f"not everything is known: {'; '.join(dict.fromkeys(untold))}"))
        return Told(drift, outcomes, tuple(concerns), refusals)

    def _report_drift(
        self, database: Database, entry: LedgerEntry, period: tuple[datetime, datetime]
    ) -> DriftReport | None:
        groups = None if entry.kind == "fallback" else self._read_groups(entry.digest)
        if groups is None:
            return None
        return report_drift(self._store, database, self._environment, entry, groups, self._params, period)

    def _report_outcomes(self, database: Database, entry: LedgerEntry, now: datetime) -> OutcomeReport | None:
        groups = self._read_groups(entry.digest)
        if groups is None:
            return None
        if self._watch is None or self._watch.digest != entry.digest:
            self._watch = OutcomeWatch(self._store, self._environment, entry, groups)
        return self._watch.report(database, self._params, now)

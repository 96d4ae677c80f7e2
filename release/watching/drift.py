"""Compare the applicants of the last whole period with those that the live version was made from. It tells, only."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np

from credit.common.errors import CreditError
from credit.decision_log.database import Database
from credit.registry.ledger import LedgerEntry
from credit.registry.store import Store
from credit.registry.versions import fetch_temporarily, require_version
from credit.reports.base import Scalar
from credit.reports.reference import ReferenceReport
from credit.scoring.policy import DECISION_KINDS
from release.oncall.affected import load_decider
from watch.groups import WatchedGroups
from watch.outcomes.drift import LEAST_PEOPLE, BinCounts, DriftFinding, count_distribution, judge_drift
from watch.params import WatchParams
from watch.sample import SampledApplication, count_by_rule, read_sample

_MOMENT = timedelta(microseconds=1)


class DriftReport(NamedTuple):
    """The findings on a period, none where `people` are few. `unread`: applications that the version cannot read."""

    start: datetime
    end: datetime
    people: int
    unread: int
    findings: list[DriftFinding]

    @property
    def drifted(self) -> list[DriftFinding]:
        """The figures that differ, by more than chance and enough to matter."""
        return [one for one in self.findings if one.is_drift]


def find_period(now: datetime, days: int) -> tuple[datetime, datetime]:
    """Find the last whole period; periods begin at fixed days, so that each is judged once."""
    length = timedelta(days=days)
    end = datetime.fromtimestamp(0, UTC) + (now - datetime.fromtimestamp(0, UTC)) // length * length
    return end - length, end


def report_drift(
    store: Store,
    database: Database,
    environment: str,
    entry: LedgerEntry,
    groups: WatchedGroups,
    params: WatchParams,
    period: tuple[datetime, datetime],
) -> DriftReport:
    """Judge the decisions of an entry in a period. Raises CreditError when log or store are out of reach."""
    start, end = period
    sample = read_sample(database, environment, entry.number, entry.digest, params.rescored, end - _MOMENT, start)
    applications = sample.applications
    if len(applications) < LEAST_PEOPLE:
        return DriftReport(start, end, len(applications), 0, [])
    with fetch_temporarily(store, require_version(store, entry.version, entry.digest)) as folder:
        reference = ReferenceReport.read(folder / ReferenceReport.NAME)
    features, unread = _read_features(store, entry, list(reference.features), applications)
    figures = {"score": count_distribution(reference.score, [one.score for one in applications])[""]}
    figures["decisions"] = _count_decisions(reference, applications)
    since = start if sample.is_whole else applications[0].decided_at
    ruled = count_by_rule(database, environment, entry.number, entry.digest, since, end - _MOMENT)
    figures["model or rule"] = _count_by_rule(reference, len(applications), ruled)
    figures |= _count_groups(reference, groups, applications)
    for name, values in features.items():
        for part, counts in count_distribution(reference.features[name], values).items():
            figures[f"{part} {name}".strip()] = counts
    findings = judge_drift(figures, params.drift_alpha, params.drift_moved)
    return DriftReport(start, end, len(applications), unread, findings)


def _read_features(
    store: Store, entry: LedgerEntry, names: Sequence[str], applications: Sequence[SampledApplication]
) -> tuple[dict[str, list[Scalar | None]], int]:
    """Read the features of applications as the version does; those that it cannot read are counted."""
    decider = load_decider(store, entry)
    read: dict[str, list[Scalar | None]] = {name: [] for name in names}
    unread = 0
    for one in applications:
        try:
            row = decider.read_values(one.inputs)
        except CreditError:
            unread += 1
            continue
        for name, values in read.items():
            values.append(row.get(name))
    return read, unread


def _count_decisions(reference: ReferenceReport, applications: Sequence[SampledApplication]) -> BinCounts:
    live, before = Counter(one.decision for one in applications), reference.decisions.model_dump()
    counts = [[of[kind] for kind in DECISION_KINDS] for of in (before, live)]
    return BinCounts(*np.array(counts, float))


def _count_by_rule(reference: ReferenceReport, by_champion: int, by_rule: int) -> BinCounts:
    """Count who decided: the champion all of those whom the version was made from."""
    return BinCounts(np.array([sum(reference.decisions.model_dump().values()), 0.0]), np.array([by_champion, by_rule]))


def _count_groups(
    reference: ReferenceReport, groups: WatchedGroups, applications: Sequence[SampledApplication]
) -> dict[str, BinCounts]:
    codes = groups.assign_all([one.protected for one in applications])
    found = {}
    for place, (attribute, names) in enumerate(groups.names.items()):
        before = np.array([reference.groups.get(attribute, {}).get(name, 0) for name in names], float)
        live = np.bincount(codes[:, place], minlength=len(names)).astype(np.float64)
        found[f"groups of {attribute}"] = BinCounts(before, live)
    return found

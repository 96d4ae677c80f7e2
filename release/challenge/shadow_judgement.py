"""Judge the shadow that is on by the log: what the challenger would have decided about the champion's applicants."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from credit.common.errors import CreditError, Problem
from credit.decision_log.database import Database
from credit.registry.challenges import Challenge
from credit.registry.ledger import LedgerEntry
from credit.registry.store import Store
from release.challenge.forecast import Forecast, estimate_needs
from release.deployment.way_back import read_current_entry
from release.watching.settings import Settings
from release.watching.taking_back.target import LEAST_SHOWN
from watch.challenge.flips import Group
from watch.challenge.judging import Alphas, ChallengeFinding, judge_challenger
from watch.challenge.reading import ShadowedApplications, read_shadowed
from watch.evidence import REFERENCE
from watch.groups import WatchedGroups, read_watched_groups

DIFFERENCE = 0.02
"""The share of applicants for which it is said how many applications it takes."""

_WAIT = timedelta(minutes=1)
"""For so long an application may wait for the challenger before it is called missing."""


class ShadowJudgement(NamedTuple):
    """The verdict on a challenger. `missing`: applications since its first one that it never got.

    `small`: the groups of which, or of whose reference group, there are too few to show figures. `limit`: of the ratio.
    """

    challenge: Challenge
    champion: LedgerEntry
    finding: ChallengeFinding
    missing: int
    small: frozenset[Group]
    limit: float
    obstacles: list[str]
    notes: list[str]
    forecast: Forecast | None

    @property
    def word(self) -> str:
        """The judgement in a word."""
        if self.obstacles:
            return "inconclusive"
        ratios = self.finding.ratios
        if ratios.list_breaches() or ratios.list_worse():
            return "worse"
        return "better" if ratios.list_better() else "no difference beyond doubt"

    def list_verdicts(self) -> list[tuple[str, list[Group]]]:
        """List the verdicts that are beyond doubt, each with its groups."""
        one = self.finding.ratios
        return [("unlawful", one.list_breaches()), ("worse", one.list_worse()), ("better", one.list_better())]


def judge_shadow(store: Store, database: Database, settings: Settings, challenge: Challenge) -> ShadowJudgement:
    """Judge a challenger that decides for nobody. Raises CreditError when log or store are away."""
    live = read_current_entry(store, settings.environment)
    groups = read_watched_groups(store, live.digest)
    if groups is None:
        raise CreditError(Problem(f"the store {store.url}", f"it has no bundle of {live.version}"))
    until = datetime.now(UTC) - _WAIT
    read = read_shadowed(database, settings.environment, challenge.number, live.number, live.digest, until)
    alphas = Alphas(settings.params.better_alpha, settings.judging.alpha)
    finding = judge_challenger(read.applications, groups, settings.judging.limit, alphas)
    forecast = estimate_needs(finding.everybody, finding.groups, groups, DIFFERENCE, alphas.difference, None)
    obstacles = list(_find_obstacles(challenge, live, read, finding, settings.params.least_rescored))
    notes = list(_note_gaps(read, finding))
    small, limit = _list_small(finding, groups), settings.judging.limit
    return ShadowJudgement(challenge, live, finding, read.missing, small, limit, obstacles, notes, forecast)


def _find_obstacles(
    challenge: Challenge, live: LedgerEntry, read: ShadowedApplications, finding: ChallengeFinding, least: float
) -> Iterator[str]:
    """Find why nothing can be concluded: another challenger decides by now, or it decided about too few."""
    if challenge.digest == live.digest:
        yield f"{challenge.version} is live itself, since entry {live.number}"
    elif live.kind == "fallback":
        yield f"the rule decides, by entry {live.number}: there is no champion to compare with"
    elif not read.applications:
        yield f"no application that {live.version}, entry {live.number}, decided has its decision beside it yet"
    of = len(read.applications) + read.missing
    if finding.everybody.people < least * of:
        yield f"it decided {finding.everybody.people:,} of {of:,} applications only, and which ones may be no chance"


def _note_gaps(read: ShadowedApplications, finding: ChallengeFinding) -> Iterator[str]:
    """Note the applications that are not compared."""
    if read.missing:
        yield f"{read.missing:,} applications since its first one have none: dropped, in a spool, or it was away"
    if finding.undecided:
        yield f"{finding.undecided:,} applications are left out, about which it could decide nothing"


def _list_small(finding: ChallengeFinding, groups: WatchedGroups) -> frozenset[Group]:
    """List the groups too few of which, or of the group beside them, were decided by both."""
    people = {name: one.people for name, one in finding.groups.items()}
    return frozenset(
        (attribute, group)
        for attribute, group in people
        if min(people[attribute, group], people[attribute, groups.names[attribute][REFERENCE]]) < LEAST_SHOWN
    )

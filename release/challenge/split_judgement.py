"""Judge the split that is on by the log and by its plan: what both arms decided about people whom chance dealt them."""

from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import NamedTuple

from credit.common.errors import CreditError, Problem
from credit.decision_log.database import Database
from credit.registry.challenges import Challenge, SplitPlan
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.store import Store
from release.challenge.forecast import Forecast, count_daily
from release.challenge.split_forecast import Approvals, estimate_split_needs
from release.deployment.way_back import read_current_entry
from release.watching.taking_back.target import LEAST_SHOWN
from watch.challenge.arms import Arms, Deal
from watch.challenge.arms_judging import ArmsFinding, judge_arms
from watch.challenge.dealing import read_dealt
from watch.challenge.flips import Group
from watch.evidence import REFERENCE
from watch.groups import WatchedGroups, read_watched_groups

_LOST = "something lost or refused one arm's people"


class SplitJudgement(NamedTuple):
    """The verdict on a challenger that decides about a share. `champion`: the entry beside which it does.

    `small`: the groups of which, or of whose reference group, there are too few in an arm to show figures.
    """

    challenge: Challenge
    plan: SplitPlan
    champion: LedgerEntry
    finding: ArmsFinding
    small: frozenset[Group]
    obstacles: list[str]
    notes: list[str]
    forecast: Forecast

    @property
    def word(self) -> str:
        """The judgement in a word: of groups first, of everybody then, whose approvals are the lender's business."""
        found, everybody = self.finding, self.finding.everybody
        if self.obstacles:
            return "inconclusive"
        if found.ratios.list_breaches() or found.ratios.list_worse():
            return "worse"
        if found.ratios.list_better():
            return "better"
        for side, evidence in (("more", everybody.more), ("fewer", everybody.fewer)):
            if evidence >= found.beyond:
                return f"{side} people approved"
        return "other people approved" if found.list_more() or found.list_fewer() else "no difference beyond doubt"

    @property
    def limit(self) -> float:
        """The limit of the ratio."""
        return self.plan.limit

    @property
    def is_small(self) -> bool:
        """Tell whether there are too few people in an arm to show figures of everybody."""
        return is_small(self.finding.everybody)

    def list_verdicts(self) -> list[tuple[str, list[Group]]]:
        """List the verdicts that are beyond doubt, each with its groups."""
        one = self.finding
        moved = [("fewer", one.list_fewer()), ("more", one.list_more())]
        of = one.ratios
        return [("unlawful", of.list_breaches()), ("worse", of.list_worse()), ("better", of.list_better()), *moved]


def judge_split(store: Store, database: Database, challenge: Challenge, end: Challenge | None = None) -> SplitJudgement:
    """Judge a split by its plan, which no parameter of now changes. `end`: the record that ended it, where one did.

    Raises CreditError when log or store are away.
    """
    plan = challenge.plan
    if plan is None:
        raise ValueError(f"a {challenge.kind} is no split")
    ledger = Ledger(store, challenge.environment)
    live, champion = read_current_entry(store, challenge.environment), ledger.read_entry(challenge.entry)
    groups = read_watched_groups(store, champion.digest)
    if groups is None:
        raise CreditError(Problem(f"the store {store.url}", f"it has no bundle of {champion.version}"))
    digests, until = (champion.digest, challenge.digest), min(plan.until, end.time if end else plan.until)
    dealt = read_dealt(database, challenge.environment, champion.number, *digests, challenge.time, until)
    finding = judge_arms(dealt, groups, plan)
    small = frozenset(
        (attribute, group)
        for (attribute, group), one in finding.groups.items()
        if is_small(one) or is_small(finding.groups[attribute, groups.names[attribute][REFERENCE]])
    )
    people = finding.selected.applications
    daily = count_daily(len(people), people[0].decided_at, people[-1].decided_at) if people else None
    return SplitJudgement(
        challenge,
        plan,
        champion,
        finding,
        small,
        list(_find_obstacles(plan, finding, small)),
        [*_list_ends(ledger, challenge, live, end), *_list_notes(finding)],
        _estimate(finding, small, groups, plan, daily),
    )


def is_small(arms: Arms) -> bool:
    """Tell whether an arm has fewer people than figures are shown of."""
    return min(arms.champion.people, arms.challenger.people) < LEAST_SHOWN


def _find_obstacles(plan: SplitPlan, found: ArmsFinding, small: Collection[Group]) -> Iterator[str]:
    """Find why nothing can be concluded: dealing has not begun, or is not as planned."""
    if not found.everybody.people:
        yield f"nobody is there to compare yet: {found.selected.undealt:,} applications by processes that dealt it none"
    if found.deal.evidence >= found.deal_beyond:
        yield f"the deal is not as planned: {_describe_deal(found.deal, plan)}"
    for name in found.list_dealt_otherwise():
        told = f"too few people to show figures; {_LOST}" if name in small else _describe_deal(found.deals[name], plan)
        yield f"the deal of {' '.join(name)} is not as planned: {told}"


def _describe_deal(deal: Deal, plan: SplitPlan) -> str:
    share = f"{deal.challengers / deal.people:.1%} in place of {plan.share:.1%}"
    return f"it has {deal.challengers:,} of {deal.people:,} people, {share}; {_LOST}"


def _list_ends(ledger: Ledger, challenge: Challenge, live: LedgerEntry, end: Challenge | None) -> Iterator[str]:
    """List what ended the dealing: the evidence until then is as valid as at any other moment."""
    plan = challenge.plan
    if end is not None:
        yield f"{end.actor} ended it at {_format(end.time)} UTC: {end.reason}"
    elif plan is not None and datetime.now(UTC) >= plan.until:
        yield f"the plan ended at {_format(plan.until)} UTC, and nobody is dealt since"
    if live.number != challenge.entry:
        since = _find_successor(ledger, challenge.entry, live)
        who = "the rule decides" if since.kind == "fallback" else f"{since.version} is live"
        yield f"{who} since {_format(since.time)} UTC, by entry {since.number}, and nobody is dealt: {since.reason}"


def _format(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


def _find_successor(ledger: Ledger, entry: int, live: LedgerEntry) -> LedgerEntry:
    """Find the first valid entry after one, by which another than its version decided."""
    for number in range(entry + 1, live.number):
        with suppress(CreditError):
            return ledger.read_entry(number)
    return live


def _list_notes(found: ArmsFinding) -> Iterator[str]:
    """Note who is left out, or may be counted twice."""
    people = found.selected
    if people.undealt:
        yield f"{people.undealt:,} applications are left out, up to the first that each process dealt to it"
    if people.later:
        yield f"{people.later:,} applications are left out, of people who had one before: their arm was known"
    if people.unnamed:
        yield f"{people.unnamed:,} people came without a reference: who of them came twice counts twice"


def _estimate(
    finding: ArmsFinding, small: frozenset[Group], groups: WatchedGroups, plan: SplitPlan, daily: float | None
) -> Forecast:
    known = {name: _count_approvals(one) for name, one in finding.groups.items() if name not in small}
    everybody = _count_approvals(finding.everybody)
    return estimate_split_needs(everybody, known, groups, plan.share, plan.difference, plan.alpha, daily)


def _count_approvals(arms: Arms) -> Approvals:
    """Count both arms; of too few there is no share, and no need is computed."""
    champion, challenger = arms.champion.share, arms.challenger.share
    if is_small(arms) or champion is None or challenger is None:
        return Approvals(0, 0.0, 0.0)
    return Approvals(arms.people, champion, challenger)

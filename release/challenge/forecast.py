"""Foretell how many applications a challenge takes: both versions on the newest applicants that are in the log."""

import math
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from credit.decision_log.database import Database
from credit.registry.ledger import LedgerEntry
from credit.registry.store import Store
from credit.registry.versions import VersionRecord
from release.oncall.affected import decide_all, load_decider
from watch.challenge.flips import Flips, Group, count_flip_tests, weigh_flips, weigh_groups
from watch.challenge.needed import count_for_any_look, count_for_one_look
from watch.groups import WatchedGroups, read_watched_groups
from watch.sample import read_sample

MAX_TRIED = 5_000
LEAST_TRIED = 30
"""Fewer applicants, of everybody or of a group, say nothing about how often two versions decide differently."""


class Need(NamedTuple):
    """Applications of everybody until a difference is seen: looking any time, and looking once at a fixed time.

    `approved`, `challenger_approved`: the share of the group's applicants whom each approves. `discordant`: of those
    whom both decide differently, at least the difference; None of the arms of a split, where nobody is decided by both.
    `any_look`: None where the difference is too small to be seen so.
    """

    approved: float
    challenger_approved: float
    discordant: float | None
    any_look: int | None
    one_look: int


class Forecast(NamedTuple):
    """How long a challenge takes. `difference`: the share of applicants that is to be seen.

    `everybody`: None where too few were tried; `daily`: applications a day, None where it is not known.
    """

    difference: float
    tried: int
    everybody: Need | None
    groups: dict[Group, Need]
    daily: float | None


class DecidedByBoth(NamedTuple):
    """The newest applicants of the live version, whom the challenger decided too. `daily`: as in `Forecast`."""

    groups: WatchedGroups
    everybody: Flips
    flips: dict[Group, Flips]
    daily: float | None


def predict_needs(
    store: Store,
    database: Database,
    environment: str,
    live: LedgerEntry,
    record: VersionRecord,
    difference: float,
    alpha: float,
) -> Forecast:
    """Decide the newest applicants by the challenger too. Raises CreditError when log or store are away.

    Raises UnansweredError when the challenger hangs.
    """
    both = decide_by_both(store, database, environment, live, record)
    if both is None:
        return Forecast(difference, 0, None, {}, None)
    return estimate_needs(both.everybody, both.flips, both.groups, difference, alpha, both.daily)


def decide_by_both(
    store: Store, database: Database, environment: str, live: LedgerEntry, record: VersionRecord
) -> DecidedByBoth | None:
    """Decide the newest applicants by the challenger too; None without any. Raises CreditError as `predict_needs`."""
    groups = read_watched_groups(store, live.digest)
    found = read_sample(database, environment, live.number, live.digest, MAX_TRIED).applications
    if groups is None or not found:
        return None
    entry = live.model_copy(update={"version": record.version, "digest": record.digest})
    made = decide_all(load_decider(store, entry), entry, [one.inputs for one in found])
    kinds = [one.decision.decision if one.decision else None for one in made]
    pairs = [(one, kind) for one, kind in zip(found, kinds, strict=True) if kind is not None]
    champion = np.array([one.decision == "approve" for one, _ in pairs], bool)
    challenger = np.array([kind == "approve" for _, kind in pairs], bool)
    codes = groups.assign_all([one.protected for one, _ in pairs])
    flips = weigh_groups(codes, groups, champion, challenger)
    daily = count_daily(len(found), found[0].decided_at, found[-1].decided_at)
    return DecidedByBoth(groups, weigh_flips(champion, challenger), flips, daily)


def estimate_needs(
    everybody: Flips,
    flips: dict[Group, Flips],
    groups: WatchedGroups,
    difference: float,
    alpha: float,
    daily: float | None,
) -> Forecast:
    """Estimate the needs from flips among so many people, by the alpha that each question has."""
    each = alpha / count_flip_tests(groups)
    needs = {name: _compute_need(one, everybody.people, difference, each) for name, one in flips.items()}
    known = {name: need for name, need in needs.items() if need is not None}
    return Forecast(
        difference, everybody.people, _compute_need(everybody, everybody.people, difference, each), known, daily
    )


def _compute_need(flips: Flips, people: int, difference: float, alpha: float) -> Need | None:
    """Compute the need of a group, in applications of everybody; None where too few of it were tried."""
    if flips.people < LEAST_TRIED:
        return None
    discordant, share = max(flips.discordant, difference), flips.people / people
    counts = [count(discordant, difference, alpha) for count in (count_for_any_look, count_for_one_look)]
    any_look, one_look = (math.ceil(one / share) for one in counts)
    approved = (flips.approved / flips.people, flips.challenger_approved / flips.people)
    return Need(*approved, discordant, any_look, one_look)


def count_daily(number: int, first: datetime, last: datetime) -> float | None:
    """Count applications a day between two moments; None where they are of less than an hour."""
    span = last - first
    return number / (span / timedelta(days=1)) if span >= timedelta(hours=1) else None

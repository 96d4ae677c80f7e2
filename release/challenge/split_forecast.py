"""Foretell how many people a split takes, by the share whom the live version approves."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from credit.decision_log.database import Database
from credit.registry.ledger import LedgerEntry
from credit.registry.store import Store
from credit.registry.versions import VersionRecord
from release.challenge.forecast import LEAST_TRIED, Forecast, Need, decide_by_both
from watch.challenge.flips import Flips, Group, count_flip_tests
from watch.challenge.needed import count_arms_for_any_look, count_arms_for_one_look
from watch.groups import WatchedGroups


class Approvals(NamedTuple):
    """So many people, and the share of them whom each version approves."""

    people: int
    approved: float
    challenger_approved: float


def predict_split_needs(
    store: Store,
    database: Database,
    environment: str,
    live: LedgerEntry,
    record: VersionRecord,
    share: float,
    difference: float,
    alpha: float,
) -> Forecast:
    """Foretell by the newest applicants, whom the challenger decides too. Raises CreditError as `predict_needs` does.

    `share`: whom the challenger is to decide about; `alpha`: that of the plan.
    """
    both = decide_by_both(store, database, environment, live, record)
    if both is None:
        return Forecast(difference, 0, None, {}, None)
    known = {name: _count_approvals(one) for name, one in both.flips.items() if one.people}
    everybody = _count_approvals(both.everybody) if both.everybody.people else Approvals(0, 0.0, 0.0)
    return estimate_split_needs(everybody, known, both.groups, share, difference, alpha, both.daily)


def estimate_split_needs(
    everybody: Approvals,
    known: Mapping[Group, Approvals],
    groups: WatchedGroups,
    share: float,
    difference: float,
    alpha: float,
    daily: float | None,
) -> Forecast:
    """Estimate the needs from known approvals, by the alpha that each question has.

    Who applies again counts once, so that it takes more applications where many do.
    """
    each, people = alpha / count_flip_tests(groups), everybody.people
    needs = {name: _compute_need(one, people, share, difference, each) for name, one in known.items()}
    of_groups = {name: need for name, need in needs.items() if need is not None}
    return Forecast(difference, people, _compute_need(everybody, people, share, difference, each), of_groups, daily)


def _compute_need(found: Approvals, people: int, share: float, difference: float, alpha: float) -> Need | None:
    """Compute the need of a group; None where too few of it are known, or its share cannot differ so much."""
    if found.people < LEAST_TRIED or difference > max(found.approved, 1 - found.approved):
        return None
    any_look = count_arms_for_any_look(found.approved, difference, share, alpha)
    one_look = count_arms_for_one_look(found.approved, difference, share, alpha)
    of_all = people / found.people
    return Need(
        found.approved,
        found.challenger_approved,
        None,
        None if any_look is None else math.ceil(any_look * of_all),
        math.ceil(one_look * of_all),
    )


def _count_approvals(flips: Flips) -> Approvals:
    return Approvals(flips.people, flips.approved / flips.people, flips.challenger_approved / flips.people)

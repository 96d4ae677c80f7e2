"""Judge the arms of a split by its plan: who approves more people, and which groups the challenger treats worse.

Each question has an alpha of its own, which its groups share: does the challenger approve more people or fewer,
everybody and group by group, which is the lender's business; is a group's adverse impact ratio lower or higher by it
than by the champion; is it below the limit itself.
"""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from credit.registry.challenges import SplitPlan
from watch.challenge.arms import SIDES, Arms, Deal, weigh_arms, weigh_deal
from watch.challenge.dealing import DealtApplication, DealtPeople, select_people
from watch.challenge.flips import Group, count_flip_tests
from watch.challenge.ratios import RatioFinding, weigh_arms_ratio, weigh_ratios
from watch.groups import WatchedGroups

DEAL_ALPHA = 0.001
"""How likely a deal may be called another one than planned that is as planned, of everybody or of any group."""


class ArmsFinding(NamedTuple):
    """The evidence about both arms. `selected`: whom it is about, and how many are left out.

    `deals`: of each group's people by themselves. `beyond`, `deal_beyond`: what the evidence of approvals, and of each
    deal, must exceed.
    """

    everybody: Arms
    groups: dict[Group, Arms]
    ratios: RatioFinding
    deal: Deal
    deals: dict[Group, Deal]
    selected: DealtPeople
    beyond: float
    deal_beyond: float

    def list_fewer(self) -> list[Group]:
        """List the groups that it approves fewer of, the reference groups too."""
        return [name for name, one in self.groups.items() if one.fewer >= self.beyond]

    def list_more(self) -> list[Group]:
        """List the groups that it approves more of."""
        return [name for name, one in self.groups.items() if one.more >= self.beyond]

    @property
    def is_dealt_otherwise(self) -> bool:
        """Tell whether the arms got other shares of the people, or of a group's, than planned, beyond doubt."""
        return self.deal.evidence >= self.deal_beyond or bool(self.list_dealt_otherwise())

    def list_dealt_otherwise(self) -> list[Group]:
        """List the groups of whose people the arms got other shares than planned, the reference groups too."""
        return [name for name, one in self.deals.items() if one.evidence >= self.deal_beyond]


def judge_arms(applications: Sequence[DealtApplication], groups: WatchedGroups, plan: SplitPlan) -> ArmsFinding:
    """Judge dealt applications, in the order of the log.

    Of each person the first application counts, as `select_people` says; without a reference of theirs people who
    come twice count twice, which makes the evidence too large, as their arm is known.
    """
    selected = select_people(applications)
    people = selected.applications
    challengers = np.array([one.is_challengers for one in people], bool)
    approved = np.array([one.approved for one in people], bool)
    moments = np.array([one.decided_at.timestamp() for one in people], float)
    codes = groups.assign_all([one.protected for one in people])
    members = {
        (attribute, group): codes[:, place] == code
        for place, (attribute, names) in enumerate(groups.names.items())
        for code, group in enumerate(names)
    }
    number = count_flip_tests(groups)
    weigh = partial(weigh_arms_ratio, challengers, approved, plan.limit)
    return ArmsFinding(
        weigh_arms(challengers, approved, plan.share),
        {name: weigh_arms(challengers[own], approved[own], plan.share) for name, own in members.items()},
        weigh_ratios(codes, groups, weigh, plan.alpha, plan.breach_alpha),
        weigh_deal(challengers, moments, plan.share),
        {name: weigh_deal(challengers[own], moments[own], plan.share) for name, own in members.items()},
        selected,
        SIDES * number / plan.alpha,
        number / DEAL_ALPHA,
    )

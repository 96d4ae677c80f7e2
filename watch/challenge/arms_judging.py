"""Judge the arms of a split by its plan: who approves more people, and which groups the challenger treats worse.

Each question has an alpha of its own, which its groups share: does the challenger approve more people or fewer,
everybody and group by group, which is the lender's business; is a group's adverse impact ratio lower or higher by it
than by the champion; is it below the limit itself.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from credit.registry.challenges import SplitPlan
from watch.challenge.arm_ratios import RatioChange, weigh_ratio
from watch.challenge.arms import SIDES, Arm, Arms, Deal, weigh_arms, weigh_deal
from watch.challenge.dealing import DealtApplication, DealtPeople, select_people
from watch.challenge.flips import Group, count_flip_tests
from watch.evidence import REFERENCE
from watch.groups import WatchedGroups

DEAL_ALPHA = 0.001
"""How likely a deal may be called another one than planned that is as planned."""


class GroupArms(NamedTuple):
    """A group. `reference`: the group beside it; `ratio`: beside that one, None of the reference group itself."""

    arms: Arms
    reference: Group
    ratio: RatioChange | None


class ArmsFinding(NamedTuple):
    """The evidence about both arms. `selected`: whom it is about, and how many are left out.

    `beyond`, `ratio_beyond`, `breach_beyond`, `deal_beyond`: what each evidence must exceed.
    """

    everybody: Arms
    groups: dict[Group, GroupArms]
    deal: Deal
    selected: DealtPeople
    beyond: float
    ratio_beyond: float
    breach_beyond: float
    deal_beyond: float

    def list_better(self) -> list[Group]:
        """List the groups whose adverse impact ratio is higher in the challenger's arm."""
        return [name for name, one in self.groups.items() if one.ratio and one.ratio.higher >= self.ratio_beyond]

    def list_worse(self) -> list[Group]:
        """List the groups whose ratio is lower there: fewer approvals that all share are no harm to one."""
        return [name for name, one in self.groups.items() if one.ratio and one.ratio.lower >= self.ratio_beyond]

    def list_breaches(self) -> list[Group]:
        """List the groups whose ratio is below the limit there."""
        return [name for name, one in self.groups.items() if one.ratio and one.ratio.breach >= self.breach_beyond]

    def list_fewer(self) -> list[Group]:
        """List the groups that it approves fewer of, the reference groups too."""
        return [name for name, one in self.groups.items() if one.arms.fewer >= self.beyond]

    def list_more(self) -> list[Group]:
        """List the groups that it approves more of."""
        return [name for name, one in self.groups.items() if one.arms.more >= self.beyond]

    @property
    def is_dealt_otherwise(self) -> bool:
        """Tell whether the arms got other shares of the people than planned, beyond doubt."""
        return self.deal.evidence >= self.deal_beyond

    def compute_ratios(self, name: Group) -> tuple[float | None, float | None]:
        """Compute a group's adverse impact ratio in the champion's arm and in the challenger's.

        Each is its share of approvals by that of the reference group in the same arm, 1 where both fare alike; None
        where one of them has no people there, or nobody of the reference group is approved.
        """
        own, other = self.groups[name].arms, self.groups[self.groups[name].reference].arms
        return _divide(own.champion, other.champion), _divide(own.challenger, other.challenger)


def judge_arms(applications: Sequence[DealtApplication], groups: WatchedGroups, plan: SplitPlan) -> ArmsFinding:
    """Judge dealt applications, in the order of the log.

    Of each person the first application counts, as `select_people` says; without a reference of theirs people who
    come twice count twice, which makes the evidence too large, as their arm is known.
    """
    selected = select_people(applications)
    people = selected.applications
    challengers = np.array([one.is_challengers for one in people], bool)
    approved = np.array([one.approved for one in people], bool)
    assigned = {text: groups.assign(text) for text in {one.protected for one in people}}
    codes = np.array([assigned[one.protected] for one in people], np.int64).reshape(len(people), len(groups.names))
    found: dict[Group, GroupArms] = {}
    for place, (attribute, names) in enumerate(groups.names.items()):
        for code, group in enumerate(names):
            own = codes[:, place] == code
            arms = weigh_arms(challengers[own], approved[own], plan.share)
            ratio = None
            if code != REFERENCE:
                ratio = weigh_ratio(codes[:, place], code, challengers, approved, plan.limit)
            found[attribute, group] = GroupArms(arms, (attribute, names[REFERENCE]), ratio)
    compared = max(groups.number, 1)
    return ArmsFinding(
        weigh_arms(challengers, approved, plan.share),
        found,
        weigh_deal(challengers, np.array([one.decided_at.timestamp() for one in people], float), plan.share),
        selected,
        SIDES * count_flip_tests(groups) / plan.alpha,
        SIDES * compared / plan.alpha,
        compared / plan.breach_alpha,
        1 / DEAL_ALPHA,
    )


def _divide(own: Arm, reference: Arm) -> float | None:
    return own.share / reference.share if own.share is not None and reference.share else None

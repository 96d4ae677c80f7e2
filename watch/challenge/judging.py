"""Judge a challenger on the champion's applicants: who would be approved instead, and how groups would fare.

Each question has an alpha of its own, which its groups share: does it approve other people, everybody and group by
group; does it treat a group less unequally than the champion, or more, which are two words that may be wrong; is it
below the limit itself.
"""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from watch.challenge.flips import Flips, Group, count_flip_tests, weigh_flips, weigh_groups
from watch.challenge.ratios import RatioFinding, weigh_ratios, weigh_shadow_ratio
from watch.challenge.reading import ShadowedApplication
from watch.groups import WatchedGroups


class Alphas(NamedTuple):
    """How likely a difference may be seen that is none, and a challenger be called unlawful that is lawful."""

    difference: float
    breach: float


class ChallengeFinding(NamedTuple):
    """What is known about a challenger. `undecided`: applications about which it could decide nothing.

    `flips_beyond`: what the evidence of flips must exceed.
    """

    everybody: Flips
    groups: dict[Group, Flips]
    ratios: RatioFinding
    undecided: int
    flips_beyond: float


def judge_challenger(
    applications: Sequence[ShadowedApplication], groups: WatchedGroups, limit: float, alphas: Alphas
) -> ChallengeFinding:
    """Judge what the challenger would have decided. `limit`: of the adverse impact ratio."""
    decided = [one for one in applications if one.challenger is not None]
    champion = np.array([one.champion == "approve" for one in decided], bool)
    challenger = np.array([one.challenger == "approve" for one in decided], bool)
    codes = groups.assign_all([one.protected for one in decided])
    weigh = partial(weigh_shadow_ratio, champion, challenger, limit)
    return ChallengeFinding(
        weigh_flips(champion, challenger),
        weigh_groups(codes, groups, champion, challenger),
        weigh_ratios(codes, groups, weigh, alphas.difference, alphas.breach),
        len(applications) - len(decided),
        count_flip_tests(groups) / alphas.difference,
    )

"""Judge a challenger on the champion's applicants: who would be approved instead, and how groups would fare.

Each question has an alpha of its own, which its groups share: does it approve other people, everybody and group by
group; does it treat a group less unequally than the champion, or more, which are two words that may be wrong; is it
below the limit itself.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from watch.challenge.arm_ratios import compute_gains
from watch.challenge.arms import find_peak
from watch.challenge.flips import Flips, Group, count_flip_tests, weigh_flips, weigh_groups
from watch.challenge.reading import ShadowedApplication
from watch.evidence import REFERENCE
from watch.groups import WatchedGroups
from watch.paired import PairedFinding, Starts, compare_paired

_WORDS = 2
"""Less unequally, and more: evidence of its own each, of which the alpha has its half."""


class Alphas(NamedTuple):
    """How likely a difference may be seen that is none, and a challenger be called unlawful that is lawful."""

    difference: float
    breach: float


class GroupComparison(NamedTuple):
    """A group. `paired`: beside its reference group, None of that itself; `worse`: of the challenger in its place."""

    flips: Flips
    paired: PairedFinding | None
    worse: float


class ChallengeFinding(NamedTuple):
    """What is known about a challenger. `undecided`: applications about which it could decide nothing.

    `flips_beyond`, `paired_beyond`, `breach_beyond`: what each evidence must exceed.
    """

    everybody: Flips
    groups: dict[Group, GroupComparison]
    undecided: int
    flips_beyond: float
    paired_beyond: float
    breach_beyond: float

    def list_better(self) -> list[Group]:
        """List the groups that it treats less unequally than the champion, beyond doubt."""
        return [name for name, one in self.groups.items() if one.paired and one.paired.better >= self.paired_beyond]

    def list_worse(self) -> list[Group]:
        """List the groups that it treats more unequally."""
        return [name for name, one in self.groups.items() if one.worse >= self.paired_beyond]

    def list_breaches(self) -> list[Group]:
        """List the groups whose ratio by it is below the limit."""
        return [name for name, one in self.groups.items() if one.paired and one.paired.breach >= self.breach_beyond]


def judge_challenger(
    applications: Sequence[ShadowedApplication], groups: WatchedGroups, limit: float, alphas: Alphas
) -> ChallengeFinding:
    """Judge what the challenger would have decided. `limit`: of the adverse impact ratio."""
    decided = [one for one in applications if one.challenger is not None]
    champion = np.array([one.champion == "approve" for one in decided], bool)
    challenger = np.array([one.challenger == "approve" for one in decided], bool)
    width = len(groups.names)
    assigned = {text: groups.assign(text) for text in {one.protected for one in decided}}
    codes = np.array([assigned[one.protected] for one in decided], np.int64).reshape(len(decided), width)
    flips = weigh_groups(codes, groups, champion, challenger)
    found = {
        (attribute, group): GroupComparison(
            flips[attribute, group], *_compare(codes[:, place], code, champion, challenger, limit)
        )
        for place, (attribute, names) in enumerate(groups.names.items())
        for code, group in enumerate(names)
    }
    compared = max(groups.number, 1)
    return ChallengeFinding(
        weigh_flips(champion, challenger),
        found,
        len(applications) - len(decided),
        count_flip_tests(groups) / alphas.difference,
        _WORDS * compared / alphas.difference,
        compared / alphas.breach,
    )


def _compare(
    codes: NDArray[np.int64],
    group: int,
    champion: NDArray[np.bool_],
    challenger: NDArray[np.bool_],
    limit: float,
) -> tuple[PairedFinding | None, float]:
    """Compare a group beside its reference group, and the evidence that the challenger treats it more unequally.

    That is a lower ratio: approvals that rise or fall for all alike treat nobody worse. All stakes are there from the
    first applicant on: a challenge has a begin.
    """
    if group == REFERENCE or not len(codes):
        return None, 0.0
    starts = [Starts(np.zeros(len(codes), np.int64), skipped=0, stake=1.0)]
    paired = compare_paired(codes, group, champion, challenger, starts, limit)
    places = [np.flatnonzero(codes == code) for code in (group, group, REFERENCE, REFERENCE)]
    gains = compute_gains(places, [challenger, champion, challenger, champion])
    return paired._replace(better=find_peak(gains)), find_peak(-gains)

"""Weigh the people whom a challenger would decide otherwise: evidence about pairs, valid at any time.

Of each applicant the gain is 1 where only the challenger approves, -1 where only the champion does, else 0. Where both
approve as many the gain is 0 on average given the past, so that a stake that is multiplied by 1 + bet * gain does not
grow on average, nor one that bets on -gain; that their mean ever exceeds 1/alpha has a chance of at most alpha (Ville).
It is the test of McNemar (1947), which looks at these flips only, for who looks as often as they like.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from watch.evidence import BETS, Evidence
from watch.groups import WatchedGroups

Group = tuple[str, str]
"""An attribute and a group of it."""

_SIDES = 2
STAKE_SHARE = 1 / (_SIDES * len(BETS))
"""The share of the evidence that is on one bet of one side."""


class Flips(NamedTuple):
    """People by who approves them: `gained` by the challenger alone, `lost` by the champion alone.

    `peak`: the highest that the evidence ever was that the challenger approves more people, or fewer.
    """

    people: int
    approved: int
    gained: int
    lost: int
    peak: float

    @property
    def challenger_approved(self) -> int:
        """How many the challenger approves."""
        return self.approved + self.gained - self.lost

    @property
    def discordant(self) -> float:
        """The share of people whom the two decide differently; 0 without people."""
        return (self.gained + self.lost) / self.people if self.people else 0.0


def weigh_flips(champion: NDArray[np.bool_], challenger: NDArray[np.bool_]) -> Flips:
    """Weigh who was approved against who would be, in the order of the log. Shape (n,) each."""
    gained, lost = challenger & ~champion, champion & ~challenger
    gains = (gained.astype(float) - lost)[gained | lost]  # where both decide alike no stake changes
    day = np.zeros(len(gains), np.int64)
    paths = [Evidence(1.0, daily=1 / _SIDES).bet(one, day) for one in (gains, -gains)]
    peak = float(np.sum(paths, axis=0).max()) if len(gains) else 1.0
    return Flips(len(champion), int(champion.sum()), int(gained.sum()), int(lost.sum()), max(peak, 1.0))


def weigh_groups(
    codes: NDArray[np.int64], groups: WatchedGroups, champion: NDArray[np.bool_], challenger: NDArray[np.bool_]
) -> dict[Group, Flips]:
    """Weigh each group of each attribute by itself. `codes`: of people's groups, shape (n, attributes)."""
    return {
        (attribute, group): weigh_flips(champion[codes[:, place] == code], challenger[codes[:, place] == code])
        for place, (attribute, names) in enumerate(groups.names.items())
        for code, group in enumerate(names)
    }


def count_flip_tests(groups: WatchedGroups) -> int:
    """Count the questions about flips: everybody, and each group of each attribute, the reference groups too."""
    return 1 + sum(map(len, groups.names.values()))

"""Weigh whether a group's adverse impact ratio is another one by the challenger than by the champion.

People are taken in blocks, each as short as it has somebody of the group and of its reference group in both arms, or in
the shadow, where both decide about everybody, of both groups. Of a block the gain is (group's approvals by it) *
(reference's by the champion) - (group's by the champion) * (reference's by it), shares each. Where both ratios are the
same the gain is 0 on average given the past, whether the challenger approves more people or fewer, so that a bet on it
does not grow on average (Ville; `watch.evidence`).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from watch.challenge.arms import SIDES, find_peak
from watch.challenge.flips import Group
from watch.evidence import REFERENCE, DecidedRows, Evidence, Floats, Pairing
from watch.groups import WatchedGroups


class RatioChange(NamedTuple):
    """A group's adverse impact ratio by the champion and by the challenger, and the evidence about it.

    A ratio is the group's share of approvals by that of its reference group, 1 where both fare alike; None where one of
    them has no people, or nobody of the reference group is approved. `lower`, `higher`: the highest evidence ever that
    it is lower, or higher, by the challenger; `breach`: that it is below the limit by it.
    """

    champion: float | None
    challenger: float | None
    lower: float
    higher: float
    breach: float


class RatioFinding(NamedTuple):
    """The ratios of all groups but the reference groups. `beyond`, `breach_beyond`: what each evidence must exceed."""

    changes: dict[Group, RatioChange]
    beyond: float
    breach_beyond: float

    def list_better(self) -> list[Group]:
        """List the groups whose ratio is higher by the challenger, beyond doubt."""
        return [name for name, one in self.changes.items() if one.higher >= self.beyond]

    def list_worse(self) -> list[Group]:
        """List the groups whose ratio is lower: fewer approvals that all share are no harm to one."""
        return [name for name, one in self.changes.items() if one.lower >= self.beyond]

    def list_breaches(self) -> list[Group]:
        """List the groups whose ratio by the challenger is below the limit."""
        return [name for name, one in self.changes.items() if one.breach >= self.breach_beyond]


def weigh_ratios(
    codes: NDArray[np.int64],
    groups: WatchedGroups,
    weigh: Callable[[NDArray[np.int64], int], RatioChange],
    alpha: float,
    breach_alpha: float,
) -> RatioFinding:
    """Weigh the ratio of each group by a function of the codes of its attribute and its own code.

    `codes`: of people's groups, shape (n, attributes). Lower and higher share `alpha`, as all groups do.
    """
    changes = {
        (attribute, group): weigh(codes[:, place], code)
        for place, (attribute, names) in enumerate(groups.names.items())
        for code, group in enumerate(names)
        if code != REFERENCE
    }
    compared = max(groups.number, 1)
    return RatioFinding(changes, SIDES * compared / alpha, compared / breach_alpha)


def weigh_arms_ratio(
    is_challengers: NDArray[np.bool_], approved: NDArray[np.bool_], limit: float, codes: NDArray[np.int64], group: int
) -> RatioChange:
    """Weigh the ratio of a group in both arms of a split, people in the order of the log. Shape (n,) each."""
    cells = [(code, arm) for code in (group, REFERENCE) for arm in (is_challengers, ~is_challengers)]
    places = [np.flatnonzero((codes == code) & arm) for code, arm in cells]
    breach = _weigh_breach(codes[is_challengers], group, approved[is_challengers], limit)
    return _weigh(places, [approved] * len(places), breach)


def weigh_shadow_ratio(
    champion: NDArray[np.bool_], challenger: NDArray[np.bool_], limit: float, codes: NDArray[np.int64], group: int
) -> RatioChange:
    """Weigh the ratio of a group whom both decide, by whom each approves, in the order of the log. Shape (n,) each."""
    places = [np.flatnonzero(codes == code) for code in (group, group, REFERENCE, REFERENCE)]
    breach = _weigh_breach(codes, group, challenger, limit)
    return _weigh(places, [challenger, champion, challenger, champion], breach)


def _weigh(places: list[NDArray[np.int64]], approved: list[NDArray[np.bool_]], breach: float) -> RatioChange:
    """Weigh four cells: the group by the challenger and by the champion, then the reference group by both.

    `places`: of a cell's people among all; `approved`: of all people, by who decides in that cell.
    """
    of_cells = [decided[place] for place, decided in zip(places, approved, strict=True)]
    gains = _compute_gains(places, of_cells)
    own, own_before, other, other_before = (float(one.mean()) if len(one) else None for one in of_cells)
    ratios = _divide(own_before, other_before), _divide(own, other)
    return RatioChange(*ratios, find_peak(-gains), find_peak(gains), breach)


def _divide(own: float | None, other: float | None) -> float | None:
    return own / other if own is not None and other else None


def _compute_gains(places: list[NDArray[np.int64]], approved: list[NDArray[np.bool_]]) -> Floats:
    """Compute the gain of each block that has somebody in all four cells. `approved`: of each cell's people."""
    cuts = _cut_blocks(places)
    own, own_before, other, other_before = (
        np.diff(np.cumsum(one)[cut - 1], prepend=0) / np.diff(cut, prepend=0)
        for one, cut in zip(approved, cuts.T, strict=True)
    )
    gains: Floats = own * other_before - own_before * other
    return gains


def _cut_blocks(places: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Cut blocks; shape (blocks, cells), of each cell the number of its people by the end of each block.

    `places`: of a cell's people among all.
    """
    taken = [0] * len(places)
    cuts = []
    while all(number < len(place) for number, place in zip(taken, places, strict=True)):
        end = max(int(place[number]) for number, place in zip(taken, places, strict=True))
        taken = [int(np.searchsorted(place, end, side="right")) for place in places]
        cuts.append(taken)
    return np.array(cuts, np.int64).reshape(len(cuts), len(places))


def _weigh_breach(codes: NDArray[np.int64], group: int, approved: NDArray[np.bool_], limit: float) -> float:
    """Weigh whether the ratio is below the limit; the whole stake is there from the first person on."""
    days = np.zeros(len(codes), np.int64)
    compared = Pairing().pair(DecidedRows(codes, approved, days), group)
    evidence = Evidence(limit, daily=1.0)
    evidence.add(compared, days[compared.places])
    return max(evidence.peak, 1.0)

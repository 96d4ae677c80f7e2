"""Weigh whether a group's adverse impact ratio is another one by the challenger than by the champion.

People are taken in blocks, each as short as it has somebody of the group and of its reference group in both arms, or in
the shadow, where both decide about everybody, of both groups. Of a block the gain is (group's approvals by it) *
(reference's by the champion) - (group's by the champion) * (reference's by it), shares each. Where both ratios are the
same the gain is 0 on average given the past, whether the challenger approves more people or fewer, so that a bet on it
does not grow on average (Ville; `watch.evidence`).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from watch.challenge.arms import find_peak
from watch.evidence import REFERENCE, DecidedRows, Evidence, Floats, Pairing


class RatioChange(NamedTuple):
    """The highest evidence ever that a group's ratio is lower in the challenger's arm, and that it is higher.

    `breach`: that it is below the limit there.
    """

    lower: float
    higher: float
    breach: float


def weigh_ratio(
    codes: NDArray[np.int64],
    group: int,
    is_challengers: NDArray[np.bool_],
    approved: NDArray[np.bool_],
    limit: float,
) -> RatioChange:
    """Weigh the ratio of a group of an attribute, people in the order of the log. Shape (n,) each."""
    gains = _compute_gains(codes, group, is_challengers, approved)
    breach = _weigh_breach(codes[is_challengers], group, approved[is_challengers], limit)
    return RatioChange(find_peak(-gains), find_peak(gains), breach)


def _compute_gains(
    codes: NDArray[np.int64], group: int, is_challengers: NDArray[np.bool_], approved: NDArray[np.bool_]
) -> Floats:
    """Compute the gain of each block."""
    cells = [(code, arm) for code in (group, REFERENCE) for arm in (is_challengers, ~is_challengers)]
    places = [np.flatnonzero((codes == code) & arm) for code, arm in cells]
    return compute_gains(places, [approved] * len(places))


def compute_gains(places: list[NDArray[np.int64]], approved: list[NDArray[np.bool_]]) -> Floats:
    """Compute the gain of each block that has somebody in all of four cells.

    The cells: the group by the challenger and by the champion, then the reference group by both. `places`: of a cell's
    people among all; `approved`: of all people, by who decides in that cell.
    """
    cuts = _cut_blocks(places)
    own, own_before, other, other_before = (
        np.diff(np.cumsum(decided[place])[cut - 1], prepend=0) / np.diff(cut, prepend=0)
        for place, decided, cut in zip(places, approved, cuts.T, strict=True)
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

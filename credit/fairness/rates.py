"""Fairness figures of every cell at once, each with an interval, from the count tables alone.

Names are fairlearn's. A comparison is always with the reference cell, the first, never with the best group. Every
figure here has a closed-form interval, so nothing is resampled and the same counts give the same bytes. Where
fairlearn answers 0 or 1 for 0/0, the answer here is that there is none.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from credit.intervals import Array, Bounds, mover_r, newcombe, rate, wilson

Table = NDArray[np.int64]
Mask = NDArray[np.int64]

_EVERYBODY = np.ones((2, 3), dtype=np.int64)
_FAVOURABLE = np.array([[0, 0, 0], [1, 1, 1]])
_APPROVED = np.array([[1, 0, 0], [1, 0, 0]])
_REFERRED = np.array([[0, 1, 0], [0, 1, 0]])


class Rate(NamedTuple):
    """The share of the people in `among` who are in `event`, both masks of label by decision. 0 nobody, 1 all."""

    event: Mask
    among: Mask

    def of(self, people: Table) -> tuple[Table, Table]:
        """Numerators and denominators; people: shape (cells, 2, 3)."""
        among = people * self.among
        return (among * self.event).sum((-1, -2)), among.sum((-1, -2))


RATES = {
    "base_rate": Rate(_FAVOURABLE, _EVERYBODY),
    "selection_rate": Rate(_APPROVED, _EVERYBODY),
    "referral_rate": Rate(_REFERRED, _EVERYBODY),
    "true_positive_rate": Rate(_APPROVED, _FAVOURABLE),
    "false_positive_rate": Rate(_APPROVED, 1 - _FAVOURABLE),
    "precision": Rate(_FAVOURABLE, _APPROVED),
    "bad_rate": Rate(1 - _FAVOURABLE, _APPROVED),
}
"""Of one group. A referred person is not approved. `bad_rate`: among the approved, 1 less precision."""


class Figure(NamedTuple):
    """One figure of every cell: value and interval, NaN where there is none; `n`: how many people it is about.

    Shape (cells,) each.
    """

    value: Array
    low: Array
    high: Array
    n: Table


def rate_of(name: str, people: Table, scores: Array, level: float) -> Figure:
    """One of RATES, from 0 nobody to 1 all, with Wilson's interval."""
    count, n = RATES[name].of(people)
    return Figure(rate(count, n), *wilson(count, n, level), n)


def adverse_impact_ratio(people: Table, scores: Array, level: float) -> Figure:
    """Selection rate over the reference's: 1 parity, 0 nobody of the group is approved; no upper bound.

    MOVER-R on Wilson limits. Undefined where nobody of the reference is approved. The four-fifths screen of
    29 CFR 1607.4(D) compares selection rates in this way.
    """
    count, n = RATES["selection_rate"].of(people)
    share = rate(count, n)
    value = np.divide(share, share[0], out=np.full(len(share), np.nan), where=share[0] > 0)
    return compared(value, mover_r(count, n, count[0], n[0], level), n)


def rate_difference(name: str, people: Table, scores: Array, level: float) -> Figure:
    """A rate less the reference's, from -1 to 1: 0 parity, negative where the group's is lower. Newcombe's interval.

    Of the true positive rate this is equal opportunity; of it and the false positive rate, equalized odds (Hardt,
    Price and Srebro 2016); of the selection rate, demographic parity.
    """
    count, n = RATES[name].of(people)
    share = rate(count, n)
    return compared(share - share[0], newcombe(count, n, count[0], n[0], level), n)


def equalized_odds_difference(people: Table, scores: Array, level: float) -> Figure:
    """The larger of the two distances from the reference in true and in false positive rate: 0 parity, 1 the worst.

    The interval joins Newcombe's intervals of both at Bonferroni's level, so it covers at least as often as it says;
    a bootstrap of a maximum would not, it sits above 0 at perfect parity.
    """
    both = [
        rate_difference(name, people, scores, (1 + level) / 2) for name in ("true_positive_rate", "false_positive_rate")
    ]
    lows = [np.where((f.low <= 0) & (f.high >= 0), 0.0, np.minimum(abs(f.low), abs(f.high))) for f in both]
    highs = [np.maximum(abs(f.low), abs(f.high)) for f in both]
    value = np.maximum(abs(both[0].value), abs(both[1].value))
    return compared(value, (np.maximum(*lows), np.maximum(*highs)), np.minimum(both[0].n, both[1].n))


def compared(value: Array, bounds: Bounds, n: Table) -> Figure:
    """A comparison with the first cell, which is not compared with itself. No value, no interval."""
    none = np.isnan(value) | (np.arange(len(n)) == 0)
    value, low, high = (np.where(none, np.nan, given) for given in (value, *bounds))
    return Figure(value, low, high, n)

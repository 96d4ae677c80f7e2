"""How figures change between two versions that decided about the same people, with intervals that know it.

MOVER for the difference of two correlated figures (Zou 2007, Toward using confidence intervals to compare
correlations), from the interval of each and their correlation. Measured against the multinomial bootstrap of the same
table at 90%: with 30 people in the group the bootstrap covered the change of a ratio in 77 to 90% of 1,000 samples,
this in 88 to 98%; from 500 people on both are at 88% or more.
"""

import numpy as np
from numpy.typing import NDArray

from credit.intervals import Array, Bounds, mover_r, rate, wilson

Table = NDArray[np.int64]
Change = tuple[Array, Array, Array]
"""Value, low and high; shape (cells,) each."""


def rate_change(people: Table, level: float) -> Change:
    """Change of the approval rate in each cell, second version less first; people: shape (cells, 3, 3) by decisions.

    From -1 to 1, 0 no change. On Wilson limits this is Newcombe's interval for paired rates (1998, Statistics in
    Medicine 17, 2635-2650), with phi as it is.
    """
    both, first, second, n = _approved(people)
    old, new = rate(first, n), rate(second, n)
    covariance = rate(both, n) - old * new
    correlation = _over(covariance, np.sqrt(old * (1 - old) * new * (1 - new)))
    return _moved(new, wilson(second, n, level), old, wilson(first, n, level), correlation)


def ratio_change(people: Table, level: float) -> Change:
    """Change of each cell's ratio of approval rates to the first cell, second version less first; as `rate_change`.

    0 no change, below 0 worse for the group. MOVER-R for each ratio; correlation by the delta method on logarithms,
    half a person standing in for nobody. NaN for the first cell, and where a version approves nobody of it.
    """
    both, first, second, n = _approved(people)
    old, new = rate(np.maximum(first, 0.5), n), rate(np.maximum(second, 0.5), n)
    shared = rate(rate(both, n) / (old * new) - 1, n)
    of_old, of_new = rate(1 / old - 1, n), rate(1 / new - 1, n)
    spread = np.sqrt(np.maximum(of_old + of_old[0], 0) * np.maximum(of_new + of_new[0], 0))
    before = _over(rate(first, n), rate(first, n)[0], np.nan)
    after = _over(rate(second, n), rate(second, n)[0], np.nan)
    before[0] = np.nan
    bounds = (mover_r(count, n, count[0], n[0], level) for count in (second, first))
    return _moved(after, next(bounds), before, next(bounds), _over(shared + shared[0], spread))


def _approved(people: Table) -> tuple[Table, Table, Table, Table]:
    """Approved by both versions, by the first, by the second, and everybody; shape (cells,) each."""
    return people[:, 0, 0], people[:, 0].sum(-1), people[:, :, 0].sum(-1), people.sum((-2, -1))


def _moved(new: Array, of_new: Bounds, old: Array, of_old: Bounds, correlation: Array) -> Change:
    change = new - old
    none = np.isnan(change)
    correlation = np.clip(correlation, -1, 1)

    def reach(one: Array, other: Array) -> Array:
        one, other = np.where(none, 0, one), np.where(none, 0, other)
        out: Array = np.sqrt(np.maximum(one**2 + other**2 - 2 * np.where(none, 0, correlation) * one * other, 0))
        return out

    below, above = reach(new - of_new[0], of_old[1] - old), reach(of_new[1] - new, old - of_old[0])
    return change, change - below, change + above


def _over(one: Array, other: Array, otherwise: float = 0.0) -> Array:
    one, other = np.broadcast_arrays(one, other)
    out: Array = np.divide(one, other, out=np.full(one.shape, otherwise), where=other > 0)
    return out

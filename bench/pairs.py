"""Pairs of loads, with something and without it, in turn: what it costs, and how surely that is known."""

from collections.abc import Callable, Iterator, Sequence
from statistics import median
from typing import NamedTuple, TypeVar

from scipy.stats import binom

_Load = TypeVar("_Load")
_UNSURE = 0.05
"""How likely the interval of a median may leave out the true one."""


class PairedRatio(NamedTuple):
    """The median of ratios within pairs, and its interval."""

    median: float
    low: float
    high: float

    @property
    def words(self) -> str:
        """The ratio for a table."""
        return f"{self.median:.3f} times ({self.low:.3f} to {self.high:.3f})"


def measure_pairs(
    rounds: int, without: Callable[[], _Load], beside: Callable[[], _Load]
) -> Iterator[tuple[_Load, _Load]]:
    """Measure pairs of loads, each second pair the other way round; yields those without and with it."""
    for number in range(rounds):
        if number % 2:
            other = beside()
            yield without(), other
        else:
            yield without(), beside()


def compare_pairs(pairs: Sequence[tuple[float, float]]) -> PairedRatio:
    """Compare figures of loads without something and with it. Raises ValueError for fewer than six pairs.

    The interval goes by ranks: half of all pairs are below the true median, whatever the ratios are like.
    """
    ratios = sorted(beside / without for without, beside in pairs)
    rank = int(binom.ppf(_UNSURE / 2, len(ratios), 0.5))
    if rank < 1:
        raise ValueError(f"{len(ratios)} pairs say nothing")
    return PairedRatio(median(ratios), ratios[rank - 1], ratios[-rank])
